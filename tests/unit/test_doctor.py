"""The diagnosis of a repository: which secrets a codespace gets, and what prevents the login."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from codespaces_registry_secrets.diagnosis.doctor import diagnose, scopes_of
from codespaces_registry_secrets.diagnosis.result import Diagnosis, RegistryDiagnosis
from codespaces_registry_secrets.model.desired import DeclaredRegistry
from codespaces_registry_secrets.model.observed import (
    ObservedSecret,
    ObservedTarget,
    SelectedRepositories,
)
from codespaces_registry_secrets.model.repositories import RepositoryDetails, RepositoryInfo
from codespaces_registry_secrets.model.targets import (
    Organization,
    Repository,
    Target,
    User,
    Visibility,
)
from codespaces_registry_secrets.model.triplet import Part, secret_name
from codespaces_registry_secrets.spec.declared import declared_registries
from codespaces_registry_secrets.spec.yaml_document import parse

NOW = datetime(2026, 1, 31, tzinfo=UTC)
API = RepositoryDetails("octo-org/api", 1, private=True, archived=False, organization="octo-org")
HERE, ORGANIZATION, USER = Repository("octo-org/api"), Organization("octo-org"), User("octocat")
INCLUDED = SelectedRepositories((RepositoryInfo("octo-org/api", 1),), complete=True)
LEFT_OUT = SelectedRepositories((RepositoryInfo("octo-org/web", 2),), complete=True)
UNSEEN = replace(LEFT_OUT, complete=False)


def triplet(
    *parts: Part,
    visibility: Visibility | None = None,
    selected: SelectedRepositories | None = None,
    registry: str = "ACR",
) -> dict[str, ObservedSecret]:
    """Stored members; all three if none is named."""
    names = [secret_name(registry, part) for part in parts or Part]
    return {name: ObservedSecret(name, NOW, visibility, selected) for name in names}


def observed(*stored: Mapping[str, ObservedSecret] | str) -> dict[Target, ObservedTarget]:
    """The repository, the organization and the user: their secrets, or why they are unknown."""
    states = [
        ObservedTarget({}, NOW, item) if isinstance(item, str) else ObservedTarget(item, NOW)
        for item in (*stored, {}, {}, {})
    ]
    return dict(zip((HERE, ORGANIZATION, USER), states, strict=False))


def diagnosed(
    *stored: Mapping[str, ObservedSecret] | str,
    repository: RepositoryDetails = API,
    declared: Mapping[str, Sequence[DeclaredRegistry]] | None = None,
) -> Diagnosis:
    return diagnose(repository, observed(*stored), declared or {}, NOW)


def acr(diagnosis: Diagnosis) -> RegistryDiagnosis:
    (registry,) = diagnosis.registries
    return registry


def messages(diagnosis: Diagnosis) -> list[str]:
    return [f"{p.level}: {p.message}" for p in acr(diagnosis).problems]


def test_a_complete_triplet_of_the_repository_is_a_login() -> None:
    diagnosis = diagnosed(triplet())
    assert diagnosis.can_log_in is True
    assert messages(diagnosis) == []
    assert set(acr(diagnosis).used.values()) == {HERE}


@pytest.mark.parametrize(
    ("visibility", "selected", "private", "reason"),
    [
        ("all", None, False, None),
        ("private", None, True, None),
        ("private", None, False, "its visibility is `private`, and the repository is public"),
        ("selected", INCLUDED, False, None),
        ("selected", LEFT_OUT, True, "octo-org/api is not one of its selected repositories"),
    ],
)
def test_visibility_and_list_decide_about_the_organizations_secrets(
    visibility: Visibility,
    selected: SelectedRepositories | None,
    private: bool,
    reason: str | None,
) -> None:
    """Each member that does not reach the repository is an error with the reason."""
    stored = triplet(visibility=visibility, selected=selected)
    diagnosis = diagnosed({}, stored, repository=replace(API, private=private))
    assert diagnosis.can_log_in is (reason is None)
    expected = [f"error: {name} of {ORGANIZATION}: {reason}" for name in stored] if reason else []
    assert messages(diagnosis) == expected


def test_a_list_that_the_token_sees_in_part_is_no_answer() -> None:
    diagnosis = diagnosed({}, triplet(visibility="selected", selected=UNSEEN))
    assert diagnosis.can_log_in is None
    assert all("the token cannot see all" in text for text in messages(diagnosis))
    assert all(text.startswith("warning: ") for text in messages(diagnosis))


@pytest.mark.parametrize("part", Part)
def test_without_one_member_there_is_no_login(part: Part) -> None:
    diagnosis = diagnosed(triplet(*(other for other in Part if other != part)))
    assert diagnosis.can_log_in is False
    assert messages(diagnosis) == [f"error: {secret_name('ACR', part)} does not exist"]


def test_each_member_is_that_of_the_first_scope_that_has_it() -> None:
    """A part of a triplet at the repository replaces that part of the organization's."""
    diagnosis = diagnosed(triplet(Part.PASSWORD), triplet(visibility="all"))
    assert diagnosis.can_log_in is True
    assert acr(diagnosis).used == {
        Part.PASSWORD: HERE,
        Part.USER: ORGANIZATION,
        Part.SERVER: ORGANIZATION,
    }
    assert any("put together from several scopes" in text for text in messages(diagnosis))


def test_a_triplet_that_another_takes_precedence_over_is_a_warning() -> None:
    """For the user's, GitHub does not document it."""
    complete = triplet(visibility="all")
    diagnosis = diagnosed(triplet(), complete, triplet(selected=INCLUDED))
    assert messages(diagnosis) == [
        (
            "warning: the secrets of repository:octo-org/api take precedence over those of "
            "organization:octo-org"
        ),
        (
            "warning: the secrets of repository:octo-org/api take precedence over those of "
            "user:octocat; GitHub does not document this order, so keep one of them"
        ),
    ]
    assert set(acr(diagnosis).used.values()) == {HERE}


def test_a_users_triplet_is_not_for_prebuilds() -> None:
    diagnosis = diagnosed({}, {}, triplet(selected=INCLUDED))
    assert diagnosis.can_log_in is True
    assert "prebuilds cannot use a user's secrets" in messages(diagnosis)[0]


def test_members_that_disagree_are_a_warning() -> None:
    """In visibility, and in their lists."""
    stored = {
        **triplet(Part.PASSWORD, visibility="all"),
        **triplet(Part.USER, visibility="selected", selected=INCLUDED),
        **triplet(
            Part.SERVER,
            visibility="selected",
            selected=replace(
                INCLUDED,
                repositories=(
                    *INCLUDED.repositories,
                    *LEFT_OUT.repositories,
                ),
            ),
        ),
    }
    diagnosis = diagnosed({}, stored)
    assert diagnosis.can_log_in is True
    assert messages(diagnosis) == [
        (
            "warning: the secrets of organization:octo-org differ in visibility: PASSWORD `all`, "
            "USER `selected`, SERVER `selected`"
        ),
        (
            "warning: the secrets of organization:octo-org differ in their selected repositories: "
            "USER 1, SERVER 2"
        ),
    ]


def test_the_server_of_the_spec_must_be_one_that_codespaces_matches() -> None:
    document = parse("registries: [{id: acr, server: 'https://a.azurecr.io/'}]", "spec.yml")
    diagnosis = diagnosed(triplet(), declared=declared_registries(document))
    assert diagnosis.can_log_in is False
    assert (
        "Codespaces would not match this spelling; write `a.azurecr.io`" in messages(diagnosis)[0]
    )


@pytest.mark.parametrize(
    ("days", "level"), [(-1, "error: the credential expired"), (13, "warning: "), (15, None)]
)
def test_an_expiry_in_the_spec_counts(days: int, level: str | None) -> None:
    declared = {"ACR": [DeclaredRegistry(expires=NOW + timedelta(days=days))]}
    diagnosis = diagnosed(triplet(), declared=declared)
    assert diagnosis.can_log_in is (days > 0)
    assert [text.startswith(level or "") for text in messages(diagnosis)] == [True] * bool(level)


def test_two_registries_with_one_server_are_a_warning() -> None:
    """Only if both reach the repository."""
    declared = {name: [DeclaredRegistry("ghcr.io")] for name in ("ACR", "GHCR")}
    both = {**triplet(), **triplet(registry="GHCR")}
    for registry in diagnosed(both, declared=declared).registries:
        assert registry.can_log_in is True
        assert "also has the server ghcr.io" in registry.problems[-1].message
    one = {**triplet(), **triplet(Part.USER, registry="GHCR")}
    first, _ = diagnosed(one, declared=declared).registries
    assert first.problems == ()


def test_a_repository_without_secrets_has_no_login() -> None:
    """Unless a scope could not be read, where they can be."""
    nothing = diagnosed()
    assert nothing.can_log_in is False
    assert [p.message for p in nothing.problems] == [
        "no registry secrets are stored for this repository"
    ]
    unreadable = diagnosed({}, "no permission")
    assert unreadable.can_log_in is None
    assert "the secrets of organization:octo-org are unknown: no permission" in [
        p.message for p in unreadable.problems
    ]
    part = diagnosed(triplet(Part.USER), "no permission")
    assert part.can_log_in is None


def test_an_archived_repository_is_a_warning() -> None:
    diagnosis = diagnosed(triplet(), repository=replace(API, archived=True))
    assert diagnosis.can_log_in is True
    assert "archived" in diagnosis.problems[0].message


def test_only_the_registries_asked_for_are_diagnosed() -> None:
    """One without secrets has no login."""
    scopes = observed({**triplet(), **triplet(Part.USER, registry="GHCR")})
    assert diagnose(API, scopes, {}, NOW, only=frozenset({"ACR"})).can_log_in is True
    assert diagnose(API, scopes, {}, NOW, only=frozenset({"NONE"})).can_log_in is False


def test_the_scopes_of_a_users_repository_have_no_organization() -> None:
    own = replace(API, full_name="octocat/dotfiles", organization=None)
    assert scopes_of(own, USER) == (Repository("octocat/dotfiles"), USER)
    assert scopes_of(API, USER) == (HERE, ORGANIZATION, USER)


def test_a_spec_with_errors_still_tells_servers() -> None:
    """`defaults` count, and what is no spec at all says nothing."""
    text = (
        "defaults: {registry: acr, expires: 2027-01-31}\n"
        "registries: [{id: a, name: mycompany}, {id: b}, {id: c, expires: soon}, 1]\n"
    )
    declared = declared_registries(parse(text, "spec.yml"))
    expires = datetime(2027, 1, 31, tzinfo=UTC)
    assert declared == {
        "A": [DeclaredRegistry("mycompany.azurecr.io", None, expires)],
        "B": [DeclaredRegistry(None, None, expires)],
        "C": [DeclaredRegistry()],
    }
    assert declared_registries(parse("[]", "spec.yml")) == {}
