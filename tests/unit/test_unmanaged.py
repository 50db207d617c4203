"""Triplets at the targets of a spec that it does not name: what is listed, deleted and blocked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from codespaces_registry_secrets.errors import Location
from codespaces_registry_secrets.model.desired import Credential, Desired
from codespaces_registry_secrets.model.fields import RotationPolicy, Source
from codespaces_registry_secrets.model.observed import Observed, ObservedSecret, ObservedTarget
from codespaces_registry_secrets.model.plan import Change, Note, Plan, Step
from codespaces_registry_secrets.model.targets import Organization, Repository, Target
from codespaces_registry_secrets.model.triplet import Part, secret_name
from codespaces_registry_secrets.planning.planner import compute_plan

NOW = datetime(2026, 3, 1, 3, tzinfo=UTC)
WHERE = Location("spec.yml", 7)
APP, FORMER = Repository("octo-org/app"), Repository("octo-org/former")
ORGANIZATION = Organization("octo-org")


def desired(target: Target, registry: str = "ACR") -> Desired:
    """A triplet whose values stay."""
    return Desired(
        target=target,
        registry=registry,
        credential=Credential(registry, "mycompany.azurecr.io", "me", Source(env="P")),
        rotate=RotationPolicy(when="missing"),
        visibility=None,
        selection=None,
        where=WHERE,
    )


def stored(*registries: str) -> dict[str, ObservedSecret]:
    """The triplets of these ids: PASSWORD the oldest, a day between two members."""
    names = [
        (secret_name(registry, part), n) for registry in registries for n, part in enumerate(Part)
    ]
    return {name: ObservedSecret(name, NOW - timedelta(days=9 - n)) for name, n in names}


def planned(
    *triplets: Desired,
    secrets: Mapping[Any, Mapping[str, ObservedSecret]],
    unmanaged: Literal["listed", "pruned"],
    errors: Mapping[Any, str] | None = None,
    resolved: Mapping[Any, Target] | None = None,
    others: Mapping[Desired, Any] | None = None,
) -> Plan:
    """The plan for targets with these secrets; `others` are triplets of other shards."""
    targets = {
        triplet.target: ObservedTarget(
            secrets.get(triplet.target, {}),
            NOW,
            error=(errors or {}).get(triplet.target),
            resolved=(resolved or {}).get(triplet.target),
        )
        for triplet in triplets
    }
    observed = Observed(
        targets, {}, {}, {}, other_shards={t.target: to for t, to in (others or {}).items()}
    )
    return compute_plan(triplets, observed, 1.0, unmanaged, tuple(others or ()))


def notices(plan: Plan) -> list[str]:
    """The notices about unmanaged triplets."""
    return [note.message for note in plan.notes if "not in the spec" in note.message]


def deletions(plan: Plan) -> list[Change]:
    """What happens to the triplets other than ACR."""
    return [change for change in plan.changes if change.registry != "ACR"]


def test_unmanaged_triplets_are_one_notice_for_a_target() -> None:
    """At the place of the target in the spec; other secrets are none of ours."""
    secrets = {APP: {**stored("ACR", "HUB"), "TOKEN": ObservedSecret("TOKEN", NOW)}}

    plan = planned(desired(APP), secrets=secrets, unmanaged="listed")

    message = "repository:octo-org/app: 1 triplet is not in the spec: HUB"
    assert plan.notes == (Note("notice", message, WHERE, APP),)
    many = planned(desired(APP), secrets={APP: stored("OLD", "HUB")}, unmanaged="listed")
    assert notices(many) == ["repository:octo-org/app: 2 triplets are not in the spec: HUB, OLD"]


def test_every_target_is_looked_at() -> None:
    """Also after one without unmanaged triplets, or one that could not be read."""
    zoo, bad = Repository("octo-org/zoo"), Organization("bad-org")
    secrets = {APP: stored("ACR"), zoo: stored("HUB")}

    plan = planned(
        *map(desired, (APP, zoo, bad)),
        secrets=secrets,
        errors={bad: "HTTP 500"},
        unmanaged="listed",
    )

    assert notices(plan) == ["repository:octo-org/zoo: 1 triplet is not in the spec: HUB"]
    partly = planned(
        desired(bad), secrets={bad: stored("HUB")}, errors={bad: "HTTP 500"}, unmanaged="listed"
    )
    assert notices(partly) == []


def test_a_deletion_starts_with_the_server() -> None:
    """Codespaces ignores a triplet without it. Only members that exist are deleted."""
    renamed = {FORMER: APP}
    secrets = stored("ACR", "HUB")
    del secrets["HUB_CONTAINER_REGISTRY_USER"]

    plan = planned(desired(FORMER), secrets={FORMER: secrets}, resolved=renamed, unmanaged="pruned")

    (change,) = deletions(plan)
    assert change == Change(
        target=APP,
        registry="HUB",
        action="delete",
        reason="the spec does not name it",
        where=WHERE,
        declared=FORMER,
        steps=tuple(Step(p, value=False, delete=True) for p in (Part.SERVER, Part.PASSWORD)),
        stored_at=NOW - timedelta(days=9),
    )


def test_a_triplet_that_another_shard_has_is_kept() -> None:
    """By the name that GitHub resolves its target to."""
    for others in ({desired(APP, "HUB"): APP}, {desired(FORMER, "HUB"): APP}):
        plan = planned(
            desired(APP), secrets={APP: stored("HUB")}, others=others, unmanaged="pruned"
        )
        assert deletions(plan) == []


def test_a_name_that_could_not_be_resolved_can_be_a_former_one() -> None:
    """So its triplet is not deleted at any repository, and not listed."""
    secrets = {APP: stored("ACR", "HUB")}
    former = desired(FORMER, "HUB")
    unknown = {former: None}

    plan = planned(desired(APP), secrets=secrets, others=unknown, unmanaged="pruned")

    (change,) = deletions(plan)
    assert change.action == "blocked"
    assert change.reason == (
        "HUB is also declared for repository:octo-org/former, which could not be looked up and can "
        "be a former name of this repository; fix that target first"
    )
    assert notices(planned(desired(APP), secrets=secrets, others=unknown, unmanaged="listed")) == []
    unread = planned(
        desired(APP), former, secrets=secrets, errors={FORMER: "HTTP 500"}, unmanaged="listed"
    )
    assert notices(unread) == []


def test_a_glob_of_repositories_that_could_not_be_looked_up_holds_their_triplets() -> None:
    """It can match every repository. One whose matches were found names them itself."""
    glob = desired(Repository("octo-org/svc-*"), "HUB")
    secrets = {APP: stored("HUB")}

    plan = planned(desired(APP), secrets=secrets, others={glob: None}, unmanaged="pruned")

    (change,) = deletions(plan)
    assert change.reason.startswith(
        "HUB is also declared for repository:octo-org/svc-*, which could not be looked up"
    )
    observed = Observed({APP: ObservedTarget(secrets[APP], NOW)}, {}, {}, {})
    replaced = compute_plan([desired(APP)], observed, 1.0, "pruned", [glob])
    assert [change.action for change in deletions(replaced)] == ["delete"]


def test_only_a_repository_can_have_a_former_name() -> None:
    """The name of an organization that could not be read is no other organization."""
    secrets = {ORGANIZATION: stored("HUB"), APP: stored("HUB")}
    other = Organization("other-org")

    plan = planned(
        desired(ORGANIZATION),
        desired(APP),
        desired(other, "HUB"),
        secrets=secrets,
        errors={other: "HTTP 500"},
        unmanaged="listed",
    )

    assert [message[:12] for message in notices(plan)] == ["organization", "repository:o"]


def test_a_glob_of_organizations_can_match_one_that_github_did_not_list() -> None:
    """The triplets of the glob are kept there, in any letter case, and nowhere else."""
    hub = Organization("Hub-Org")
    secrets = {ORGANIZATION: stored("HUB"), hub: stored("HUB"), APP: stored("HUB")}
    glob = desired(Organization("OCTO-*"), "HUB")

    plan = planned(
        *map(desired, (ORGANIZATION, hub, APP)),
        secrets=secrets,
        others={glob: None},
        unmanaged="pruned",
    )

    found = {change.target: change for change in deletions(plan)}
    assert [found[target].action for target in (hub, APP)] == ["delete", "delete"]
    assert found[ORGANIZATION].reason == (
        "HUB is also declared for organization:OCTO-*, which matches this organization, but GitHub "
        "did not list it; fix that target first"
    )
    listed = planned(
        desired(ORGANIZATION),
        replace(glob, target=Organization("octo-*")),
        secrets={ORGANIZATION: stored("HUB")},
        errors={Organization("octo-*"): "HTTP 500"},
        unmanaged="listed",
    )
    assert notices(listed) == []


def test_more_deletions_than_the_limit_are_blocked() -> None:
    """The share of all triplets of the target; each of them says it."""
    ids = [f"OLD{number}" for number in range(4)]
    observed = Observed({APP: ObservedTarget(stored("ACR", *ids), NOW)}, {}, {}, {})

    allowed = compute_plan([desired(APP)], observed, 0.8, "pruned")
    blocked = compute_plan([desired(APP)], observed, 0.79, "pruned")

    assert [change.action for change in deletions(allowed)] == ["delete"] * 4
    assert [change.reason[:48] for change in deletions(blocked)] == [
        "would delete 4 of 5 triplets of this target, mor"
    ] * 4
