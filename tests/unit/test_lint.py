"""Warnings and notices about triplets that work, but probably not as intended."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest

from codespaces_registry_secrets.errors import Location, input_location
from codespaces_registry_secrets.model.desired import Credential, Desired
from codespaces_registry_secrets.model.dev_containers import DevContainers, RegistryImages
from codespaces_registry_secrets.model.fields import RotationPolicy, Source
from codespaces_registry_secrets.model.plan import Action, Change, Note, Plan, Step
from codespaces_registry_secrets.model.repositories import (
    RepositoryInfo,
    Selection,
    SelectionResult,
)
from codespaces_registry_secrets.model.targets import Organization, Repository, Target, User
from codespaces_registry_secrets.model.triplet import Part
from codespaces_registry_secrets.planning.lint import (
    MAX_GROUPS,
    lint_dev_containers,
    lint_triplets,
    lint_without_state,
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


LITERALS = replace(desired(REPOSITORY), rotate=RotationPolicy(when="changed"))
WITH_SOURCE = replace(
    LITERALS, credential=Credential("ACR", "acr.io", Source(env="U"), Source(env="P"))
)
SERVER, USER = Step(Part.SERVER, True), Step(Part.USER, True)


@pytest.mark.parametrize(
    ("triplet", "action", "steps", "noted"),
    [
        (LITERALS, "none", (), True),
        (LITERALS, "access", (Step(Part.SERVER, False), Step(Part.USER, False)), True),
        (LITERALS, "rotate", (SERVER,), True),
        (LITERALS, "repair", (USER,), True),
        (LITERALS, "repair", (SERVER, USER), False),
        (LITERALS, "create", (), False),
        (LITERALS, "blocked", (), False),
        (WITH_SOURCE, "rotate", (SERVER,), False),
        (WITH_SOURCE, "rotate", (USER,), True),
        (replace(LITERALS, credential=None), "none", (), False),
        (replace(LITERALS, rotate=RotationPolicy(when="missing")), "none", (), False),
    ],
)
def test_literals_that_are_kept_without_a_state_are_a_notice(
    triplet: Desired, action: Action, steps: tuple[Step, ...], *, noted: bool
) -> None:
    """An edit of them has no age, so it can be missed."""
    change = Change(REPOSITORY, "ACR", action, "", steps=steps)

    notes = list(lint_without_state([triplet], Plan((change,))))

    assert [(note.level, note.where) for note in notes] == [
        ("notice", input_location("state"))
    ] * noted
    assert all("literal `username` of 1 triplet was edited after" in n.message for n in notes)


def test_literals_of_several_triplets_are_one_notice() -> None:
    """By the targets that the spec names, not those that GitHub resolves them to."""
    other = replace(LITERALS, target=Repository("octo-org/old"))
    changes = (
        Change(REPOSITORY, "ACR", "none", ""),
        Change(Repository("octo-org/new"), "ACR", "none", "", declared=other.target),
    )

    (note,) = lint_without_state([LITERALS, other], Plan(changes))

    assert "literal `username` of 2 triplets was edited" in note.message


def repositories(*names: str) -> tuple[RepositoryInfo, ...]:
    """Repositories with numbers as ids."""
    return tuple(RepositoryInfo(f"octo-org/{name}", n) for n, name in enumerate(names))


def dev_container_notes(
    known: tuple[RepositoryInfo, ...],
    undetermined: tuple[RepositoryInfo, ...],
    problems: Mapping[int, Sequence[str]],
) -> list[tuple[str, str]]:
    """Level and message of each note about dev containers with these problems, by repository."""
    selection = Selection("octo-org", "exact", (), images=RegistryImages("acr.io"))
    triplet = replace(desired(Organization("octo-org")), selection=selection)
    selected = SelectionResult(known, {}, (), (), (), (), (), undetermined)
    index = {id_: DevContainers((), tuple(texts)) for id_, texts in problems.items()}
    assert not list(lint_dev_containers(triplet, None, index))
    assert not list(lint_dev_containers(replace(triplet, selection=None), selected, index))
    notes = list(lint_dev_containers(triplet, selected, index))
    assert all((note.where, note.target) == (triplet.where, triplet.target) for note in notes)
    prefix = "ACR at organization:octo-org: "
    return [(note.level, note.message.removeprefix(prefix)) for note in notes]


KEPT = ". Those with access keep it; no other one gets it"


def test_dev_containers_with_problems_are_grouped_by_them() -> None:
    """The largest group first; a repository whose files are not known has no problem to show."""
    a, b, c, d = repositories("a", "b", "c", "d")
    problems = {a.id: ["one"], b.id: ["x", "y", "z", "more"], c.id: ["x", "y", "z", "more"]}

    assert dev_container_notes((), (a, b, c, d), problems) == [
        (
            "warning",
            f"cannot tell whether the dev containers of {names} pull from acr.io: {reason}{KEPT}",
        )
        for names, reason in (
            ("octo-org/b, octo-org/c", "x; y; z and 1 more"),
            ("octo-org/a", "one"),
            ("octo-org/d", ""),
        )
    ]


def test_dev_containers_that_are_partly_known_are_a_notice() -> None:
    """Those without a problem are not mentioned."""
    a, b = repositories("a", "b")
    assert dev_container_notes((a, b), (), {a.id: (), b.id: ["no such file"]}) == [
        ("notice", "the dev containers of octo-org/b can pull more images: no such file")
    ]


@pytest.mark.parametrize(
    ("groups", "last"),
    [
        (MAX_GROUPS, None),
        (MAX_GROUPS + 1, "of octo-org/r10 can pull more images: such as p10"),
        (MAX_GROUPS + 2, "of octo-org/r10, octo-org/r11 can pull more images: such as p10"),
    ],
)
def test_many_groups_of_dev_containers_are_one(groups: int, last: str | None) -> None:
    """Beyond some, with the problem of the first."""
    repos = repositories(*(f"r{number}" for number in range(groups)))
    notes = dev_container_notes(repos, (), {repo.id: [f"p{repo.id}"] for repo in repos})

    assert len(notes) == min(groups, MAX_GROUPS + 1)
    assert notes[0][1].endswith("of octo-org/r0 can pull more images: p0")
    assert notes[MAX_GROUPS:] == ([("notice", f"the dev containers {last}")] if last else [])
