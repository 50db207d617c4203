"""Registries that dev containers pull from, and that no triplet of the spec covers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from codespaces_registry_secrets.errors import Location
from codespaces_registry_secrets.model.desired import Credential, Desired
from codespaces_registry_secrets.model.dev_containers import DevContainers, RegistryImages
from codespaces_registry_secrets.model.fields import RotationPolicy, Source
from codespaces_registry_secrets.model.images import parse_image
from codespaces_registry_secrets.model.observed import (
    LookupErrors,
    Observed,
    ObservedSecret,
    ObservedTarget,
    SelectedRepositories,
)
from codespaces_registry_secrets.model.repositories import RepositoryInfo, Selection
from codespaces_registry_secrets.model.targets import Organization, Repository, Target, User
from codespaces_registry_secrets.model.triplet import Part, secret_name
from codespaces_registry_secrets.planning.coverage import MAX_SERVERS
from codespaces_registry_secrets.planning.planner import compute_plan

NOW = datetime(2026, 11, 1, tzinfo=UTC)
API, WEB = RepositoryInfo("octo-org/api", 1), RepositoryInfo("octo-org/web", 2, private=False)
ORGANIZATION = Organization("octo-org")
ALL = Selection(
    "octo-org", "exact", ("octo-org/api", "octo-org/web"), images=RegistryImages("acr.io")
)


def credential(server: str) -> Credential:
    return Credential("ID", server, "me", Source(env="P"))


def triplet(target: Target, server: str, registry: str = "OTHER", **fields: object) -> Desired:
    desired = Desired(
        target,
        registry,
        credential(server),
        RotationPolicy(when="missing"),
        None,
        None,
        Location("spec.yml", 7),
    )
    return replace(desired, **fields)  # type: ignore[arg-type] # fields of Desired


NARROWED = triplet(ORGANIZATION, "acr.io", "ACR", selection=ALL)


def containers(*images: str) -> DevContainers:
    return DevContainers(tuple(filter(None, map(parse_image, images))))


def notices(
    triplets: Sequence[Desired],
    pulled: Mapping[RepositoryInfo, Sequence[str]],
    stored: Mapping[Target, Mapping[str, ObservedSecret]] | None = None,
    **options: object,
) -> list[str]:
    """The coverage notices of a plan for the whole spec."""
    targets = {t.target: ObservedTarget((stored or {}).get(t.target, {}), NOW) for t in triplets}
    observed = Observed(
        targets,
        {repo.full_name: repo for repo in (API, WEB)},
        {},
        {},
        dev_containers={repo.id: containers(*images) for repo, images in pulled.items()},
    )
    settings: dict[str, object] = {"unmanaged": "listed", **options}
    plan = compute_plan(triplets, observed, 1.0, **settings)  # type: ignore[arg-type]
    return [note.message for note in plan.notes if "without a triplet of this spec" in note.message]


PULLED = {API: ["acr.io/app", "quay.io/tools"], WEB: ["acr.io/web", "quay.io/octo/web"]}


def test_a_server_without_a_triplet_is_one_notice() -> None:
    """With the repositories that pull from it."""
    (message,) = notices([NARROWED], PULLED)
    assert message == (
        "2 repositories pull from quay.io without a triplet of this spec for it: octo-org/api, "
        "octo-org/web; add them to a registry with this server if the images are private"
    )


def test_many_repositories_are_counted() -> None:
    many = [RepositoryInfo(f"octo-org/r{number}", number + 10) for number in range(9)]
    index = {repo.full_name: repo for repo in (API, *many)}
    observed = Observed(
        {ORGANIZATION: ObservedTarget({}, NOW)},
        index,
        {},
        {},
        dev_containers={repo.id: containers("quay.io/a") for repo in index.values()}
        | {API.id: containers("acr.io/a")},
    )
    selection = replace(ALL, include=tuple(index))
    plan = compute_plan([replace(NARROWED, selection=selection)], observed, 1.0, "listed")
    (message,) = (n.message for n in plan.notes if "quay.io" in n.message)
    assert message.startswith("9 repositories pull from quay.io ")
    assert "octo-org/r0, octo-org/r1, octo-org/r2, octo-org/r3, octo-org/r4 and 4 more; " in message


@pytest.mark.parametrize(
    ("other", "uncovered"),
    [
        (triplet(ORGANIZATION, "quay.io", visibility="all"), []),
        (triplet(ORGANIZATION, "quay.io", visibility="private"), ["octo-org/web"]),
        (triplet(ORGANIZATION, "quay.io"), ["octo-org/api, octo-org/web"]),
        (
            triplet(ORGANIZATION, "quay.io", selection=replace(ALL, include=("octo-org/web",))),
            ["octo-org/api"],
        ),
        (triplet(Repository("octo-org/API"), "quay.io"), ["octo-org/web"]),
        (
            triplet(Organization("hub-org"), "quay.io", visibility="all"),
            ["octo-org/api, octo-org/web"],
        ),
        (
            triplet(
                User("octocat"),
                "quay.io",
                selection=Selection("octocat", "exact", ("octo-org/api",)),
            ),
            ["octo-org/web"],
        ),
        (triplet(ORGANIZATION, "QUAY.io", visibility="all"), ["octo-org/api, octo-org/web"]),
    ],
)
def test_a_triplet_covers_the_repositories_that_can_use_it(
    other: Desired, uncovered: list[str]
) -> None:
    """Its access counts as the plan leaves it."""
    if other.selection and other.selection.images:
        other = replace(other, selection=replace(other.selection, images=None))
    assert [
        m.partition("for it: ")[2].partition(";")[0] for m in notices([NARROWED, other], PULLED)
    ] == uncovered


def test_a_blocked_triplet_covers_those_that_have_it() -> None:
    """Nothing of it changes, so its stored access counts."""
    missing = replace(ALL, include=("octo-org/gone",), images=None)
    blocked = triplet(ORGANIZATION, "quay.io", selection=missing)
    listed = SelectedRepositories((API,), complete=True)
    names = [secret_name("OTHER", part) for part in Part]
    stored = {name: ObservedSecret(name, NOW, "selected", listed) for name in names}
    (message,) = notices([NARROWED, blocked], PULLED, {ORGANIZATION: stored})
    assert (
        "1 repository pulls from quay.io without a triplet of this spec for it: octo-org/web;"
        in message
    )
    del stored[names[0]]
    (message,) = notices([NARROWED, blocked], PULLED, {ORGANIZATION: stored})
    assert "octo-org/api, octo-org/web" in message


def test_public_images_need_no_triplet() -> None:
    images = ["acr.io/a", "ubuntu", "mcr.microsoft.com/base", "ghcr.io/devcontainers/features/go"]
    assert notices([NARROWED], {API: images}) == []


def test_a_part_of_a_spec_has_no_notices() -> None:
    """The triplets that it leaves out can cover the server."""
    assert notices([NARROWED], PULLED, unmanaged="ignored") == []
    elsewhere = triplet(Organization("octo-org"), "quay.io", "OTHER")
    assert notices([NARROWED], PULLED, other_triplets=[elsewhere]) == []
    glob = triplet(Organization("octo-*"), "quay.io", "OTHER")
    assert len(notices([NARROWED], PULLED, other_triplets=[glob])) == 1


def test_a_target_that_cannot_be_read_possibly_covers_its_server() -> None:
    """The run fails anyway, and its message says why; the spec does cover the server."""
    target = Repository("octo-org/api")
    observed = Observed(
        {
            ORGANIZATION: ObservedTarget({}, NOW),
            target: ObservedTarget({}, NOW, error="GitHub 502"),
        },
        {repo.full_name: repo for repo in (API, WEB)},
        {},
        {},
        dev_containers={API.id: containers("acr.io/app", "quay.io/tools"), WEB.id: containers()},
    )
    plan = compute_plan([NARROWED, triplet(target, "quay.io")], observed, 1.0, "listed")
    assert not [note for note in plan.notes if "without a triplet of this spec" in note.message]


@pytest.mark.parametrize(
    ("more", "others"), [(0, None), (1, "1 other server"), (2, "2 other servers")]
)
def test_the_servers_that_most_repositories_pull_from_have_a_notice_each(
    more: int, others: str | None
) -> None:
    """In the order of their names; the rest is one notice."""
    servers = [f"s{number:02}.example" for number in range(MAX_SERVERS + more)]
    most = servers[-1]
    pulled = {API: ["acr.io/app", *(f"{s}/a" for s in servers)], WEB: ["acr.io/web", f"{most}/b"]}

    messages = notices([NARROWED], pulled)

    shown = [m.partition(" from ")[2].split()[0] for m in messages[:MAX_SERVERS]]
    assert shown == sorted([most, *servers[: MAX_SERVERS - 1]])
    assert [m.partition(" without")[0] for m in messages[MAX_SERVERS:]] == (
        [f"repositories pull from {others}"] if others else []
    )


def test_a_blocked_triplet_of_a_repository_covers_it_if_it_is_complete() -> None:
    """As it is stored."""
    missing = replace(ALL, include=("octo-org/gone",), images=None)
    blocked = triplet(Repository("octo-org/api"), "quay.io", selection=missing)
    names = [secret_name("OTHER", part) for part in Part]
    stored = {name: ObservedSecret(name, NOW) for name in names}
    pulled = {API: ["acr.io/app", "quay.io/tools"]}
    assert notices([NARROWED, blocked], pulled, {blocked.target: stored}) == []
    assert len(notices([NARROWED, blocked], pulled)) == 1


def test_a_missing_member_gets_the_access_of_the_others() -> None:
    """So an incomplete triplet covers what it does after its repair."""
    other = triplet(ORGANIZATION, "quay.io")
    names = [secret_name("OTHER", part) for part in Part]
    stored = {name: ObservedSecret(name, NOW, "all") for name in names[1:]}
    assert notices([NARROWED, other], PULLED, {ORGANIZATION: stored}) == []


def test_an_organization_that_cannot_be_read_possibly_covers_its_server() -> None:
    """For each of its repositories."""
    target = Organization("octo-org")
    error: LookupErrors = {(target, "OTHER"): "GitHub 502"}
    observed = Observed(
        {ORGANIZATION: ObservedTarget({}, NOW)},
        {repo.full_name: repo for repo in (API, WEB)},
        error,
        {},
        dev_containers={repo.id: containers(*images) for repo, images in PULLED.items()},
    )
    plan = compute_plan([NARROWED, triplet(target, "quay.io")], observed, 1.0, "listed")
    assert not [note for note in plan.notes if "without a triplet of this spec" in note.message]
