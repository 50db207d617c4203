"""Warnings and notices about triplets that work, but probably not as intended."""

from __future__ import annotations

from dataclasses import replace

from codespaces_registry_secrets.errors import Location
from codespaces_registry_secrets.model.desired import Credential, Desired
from codespaces_registry_secrets.model.fields import RotationPolicy, Source
from codespaces_registry_secrets.model.plan import Note
from codespaces_registry_secrets.model.targets import Organization, Repository, Target, User
from codespaces_registry_secrets.planning.lint import lint_triplets

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
