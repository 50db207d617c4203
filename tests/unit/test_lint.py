"""Warnings and notices about triplets that work, but probably not as intended."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from codespaces_registry_secrets.errors import Location
from codespaces_registry_secrets.model.desired import Credential, Desired
from codespaces_registry_secrets.model.dev_containers import DevContainers, RegistryImages
from codespaces_registry_secrets.model.fields import RotationPolicy, Source
from codespaces_registry_secrets.model.observed import ObservedSecret, ObservedTarget
from codespaces_registry_secrets.model.plan import Note
from codespaces_registry_secrets.model.repositories import (
    RepositoryInfo,
    Selection,
    SelectionResult,
)
from codespaces_registry_secrets.model.state import MemberRecord, State
from codespaces_registry_secrets.model.targets import Organization, Repository, Target, User
from codespaces_registry_secrets.model.triplet import Part, secret_name
from codespaces_registry_secrets.planning.lint import (
    MAX_GROUPS,
    lint_dev_containers,
    lint_outside_changes,
    lint_triplets,
)

REPOSITORY = Repository("octo-org/app")


def desired(target: Target, registry: str = "ACR", server: str = "mycompany.azurecr.io") -> Desired:
    """A triplet at a target."""
    return Desired(
        target=target,
        registry=registry,
        credential=Credential(registry, server, "me", Source(env="P")),
        rotate=RotationPolicy(),
        visibility=None,
        selection=None,
        where=Location("spec.yml", 7),
    )


def test_a_triplet_of_a_user_is_a_warning() -> None:
    """The note is at the place of the target in the spec."""
    target = User("octocat")

    message = (
        "ACR at user:octocat: prebuilds cannot use a user's secrets; use an organization or "
        "repository target for prebuilds"
    )
    assert list(lint_triplets([desired(target)])) == [
        Note("warning", message, Location("spec.yml", 7), target)
    ]


def test_a_triplet_of_the_repository_and_of_its_organization_is_a_warning() -> None:
    """The ids are equal, and the owner is the same in another letter case."""
    organization = desired(Organization("Octo-Org"))
    repository = desired(REPOSITORY)

    (note,) = lint_triplets([organization, repository])

    assert (note.level, note.target) == ("warning", REPOSITORY)
    assert note.message == (
        "ACR at repository:octo-org/app: the organization also has this triplet; in this "
        "repository, the repository's triplet takes precedence"
    )
    assert not list(lint_triplets([organization, replace(repository, registry="HUB")]))
    assert not list(lint_triplets([desired(Organization("other-org")), repository]))


def test_two_ids_with_one_server_at_a_target_are_a_warning_each() -> None:
    """At different targets, they are not."""
    notes = list(lint_triplets([desired(REPOSITORY, "A"), desired(REPOSITORY, "B")]))

    message = (
        "at repository:octo-org/app: another id at this target also has the server "
        "mycompany.azurecr.io, and Codespaces uses only one of them; remove one"
    )
    assert [note.message for note in notes] == [f"A {message}", f"B {message}"]
    assert {note.level for note in notes} == {"warning"}
    elsewhere = desired(Repository("octo-org/web"), "B")
    assert not list(lint_triplets([desired(REPOSITORY, "A"), elsewhere]))
    assert not list(
        lint_triplets([desired(REPOSITORY, "A"), desired(REPOSITORY, "B", "ghcr.test")])
    )


def test_a_triplet_for_ghcr_at_a_repository_is_a_notice() -> None:
    """At an organization, it can be for images that a repository cannot read."""
    (note,) = lint_triplets([desired(REPOSITORY, "GHCR", "ghcr.io")])

    assert note.level == "notice"
    assert note.message == (
        "GHCR at repository:octo-org/app: not needed for ghcr.io images that the repository can "
        "already read"
    )
    assert not list(lint_triplets([desired(Organization("octo-org"), "GHCR", "ghcr.io")]))


def test_dev_containers_with_equal_problems_share_a_note() -> None:
    """Ten groups have one each; the rest is one, with the problems of its first repository."""
    images = RegistryImages("acr.io")
    triplet = replace(
        desired(Organization("octo-org")),
        selection=Selection("octo-org", "exact", ("octo-org/*",), images=images),
    )
    repositories = [RepositoryInfo(f"octo-org/r{number:02}", number) for number in range(14)]
    index = {repo.id: DevContainers((), (f"problem {max(repo.id, 1)}",)) for repo in repositories}
    result = SelectionResult(tuple(repositories), {}, (), (), (), (), ())

    notes = list(lint_dev_containers(triplet, result, index))

    prefix = "ACR at organization:octo-org: the dev containers of "
    assert len(notes) == MAX_GROUPS + 1 == 11
    assert {note.level for note in notes} == {"notice"}
    assert notes[0].message == (
        f"{prefix}octo-org/r00, octo-org/r01 can pull more images: problem 1"
    )
    assert notes[-1].message == (
        f"{prefix}octo-org/r11, octo-org/r12, octo-org/r13 can pull more images: such as problem 11"
    )


def test_a_secret_that_was_changed_by_hand_and_is_kept_is_a_warning() -> None:
    """The policy `missing` writes no stored secret; `access-only` has nothing to compare."""
    triplet = replace(desired(REPOSITORY), rotate=RotationPolicy(when="missing"))
    password, now = secret_name("ACR", Part.PASSWORD), datetime(2026, 11, 1, tzinfo=UTC)
    target = ObservedTarget({password: ObservedSecret(password, now)}, now)
    record = MemberRecord(b"same", now - timedelta(days=1))
    credential = triplet.credential
    assert credential
    state = State(
        "STATE",
        {(REPOSITORY, "ACR"): {Part.PASSWORD: record}},
        {credential: {Part.PASSWORD: b"same"}},
    )

    (note,) = lint_outside_changes(triplet, (), target, state)

    assert note.level == "warning"
    assert note.message == (
        "ACR at repository:octo-org/app: PASSWORD changed outside of this Action at 2026-11-01 "
        "00:00 UTC; `rotate: missing` keeps it as it is"
    )
    unchanged = replace(state, records={})
    assert not list(lint_outside_changes(triplet, (), target, unchanged))
    assert not list(lint_outside_changes(triplet, (), target, None))
    assert not list(lint_outside_changes(replace(triplet, credential=None), (), target, state))
