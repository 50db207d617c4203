"""The spec for what GitHub stores, where a spec cannot express it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from codespaces_registry_secrets.model.observed import (
    ObservedSecret,
    ObservedTarget,
    SelectedRepositories,
)
from codespaces_registry_secrets.model.repositories import RepositoryInfo
from codespaces_registry_secrets.model.targets import Organization, Repository, Target, Visibility
from codespaces_registry_secrets.model.triplet import Part, secret_name
from codespaces_registry_secrets.spec.imported import render_import, stored_triplets
from codespaces_registry_secrets.spec.load import load_desired
from codespaces_registry_secrets.spec.yaml_document import parse

NOW = datetime(2026, 1, 31, tzinfo=UTC)
API = RepositoryInfo("octo-org/api", 1)
OTHER = RepositoryInfo("other-org/api", 2)
ORGANIZATION = Organization("octo-org")
SERVERS = {"ACR": "mycompany.azurecr.io"}


def state(
    *lists: SelectedRepositories | None, visibility: Visibility | None = "selected"
) -> ObservedTarget:
    """A triplet whose members have these lists, in the order of writing."""
    names = [secret_name("ACR", part) for part in Part]
    secrets = {
        name: ObservedSecret(name, NOW, visibility, selected)
        for name, selected in zip(names, lists, strict=False)
    }
    return ObservedTarget(secrets, NOW)


def spec_of(observed: dict[Target, ObservedTarget]) -> str:
    return render_import(stored_triplets(observed), SERVERS)


def listed(*repositories: RepositoryInfo, complete: bool = True) -> SelectedRepositories:
    return SelectedRepositories(repositories, complete)


def test_a_list_that_the_token_sees_in_part_is_left_out() -> None:
    """Applying it would remove the others."""
    partial = listed(API, complete=False)
    text = spec_of({ORGANIZATION: state(partial, partial, partial)})
    assert "# repositories: the token cannot see all of them, so the list is not managed" in text
    (triplet,) = load_desired(parse(text, "spec.yml"), lambda *_: None)
    assert (triplet.visibility, triplet.selection) == ("selected", None)


def test_lists_that_differ_are_left_out_with_their_sizes() -> None:
    text = spec_of({ORGANIZATION: state(listed(API), listed(), listed(API))})
    expected = "# repositories: the lists of the secrets differ: PASSWORD 1, USER 0, SERVER 1"
    assert expected in text


def test_a_repository_of_another_owner_cannot_be_listed_for_an_organization() -> None:
    text = spec_of({ORGANIZATION: state(*[listed(API, OTHER)] * 3)})
    assert "# repositories: some belong to another owner" in text


def test_an_incomplete_triplet_is_a_comment() -> None:
    """With the names that are missing."""
    other = Organization("other-org")
    text = spec_of({ORGANIZATION: state(*[listed(API)] * 2), other: state(*[listed(OTHER)] * 3)})
    assert "      # incomplete: without ACR_CONTAINER_REGISTRY_SERVER\n" in text
    assert "      # - organization: octo-org\n" in text
    (triplet,) = load_desired(parse(text, "spec.yml"), lambda *_: None)
    assert triplet.target == other


def test_a_target_has_the_name_that_github_resolves_it_to() -> None:
    """Two names of one repository are one target."""
    renamed = replace(state(*[None] * 3, visibility=None), resolved=Repository("octo-org/new"))
    text = spec_of({Repository("octo-org/old"): renamed, Repository("octo-org/new"): renamed})
    assert text.count("repository: octo-org/new") == 1
    assert "octo-org/old" not in text
