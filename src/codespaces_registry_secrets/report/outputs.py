"""Plan and outcomes as outputs for later steps."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from codespaces_registry_secrets.model.plan import Outcome, Plan
from codespaces_registry_secrets.model.targets import Shard
from codespaces_registry_secrets.report.plan_json import short_plan, whole_plan


def outputs(
    mode: str, plan: Plan, outcomes: Sequence[Outcome], shards: Sequence[Shard] = ()
) -> Mapping[str, str]:
    """Every output but `plan-file`, by name. Counts are of changes, by what was done or planned."""
    done = Counter(o.change.action for o in outcomes if o.status in {"applied", "planned"})
    statuses = Counter(outcome.status for outcome in outcomes)
    return {
        "changed": json.dumps(any(outcome.wrote for outcome in outcomes)),
        "drift": json.dumps(plan.drift),
        "created": str(done["create"]),
        "repaired": str(done["repair"]),
        "rotated": str(done["rotate"]),
        "access-changed": str(done["access"]),
        "deleted": str(done["delete"]),
        "unchanged": str(plan.counts["none"]),
        "blocked": str(plan.counts["blocked"]),
        "failed": str(statuses["failed"]),
        "next-expiry": _iso(plan.expiry),
        # Empty and not an empty list, of which GitHub makes an error.
        "matrix": json.dumps({"shard": [str(shard) for shard in shards]}) if shards else "",
        "plan": short_plan(mode, outcomes),
    }


def write_plan_file(folder: Path, mode: str, outcomes: Sequence[Outcome]) -> str:
    """Write the whole plan into the runner's temporary folder, and return the file's name there.

    The name alone: the folder has another path in a container than for the steps outside of it.
    """
    name = f"codespaces-registry-plan-{uuid4().hex[:12]}.json"
    (folder / name).write_text(whole_plan(mode, outcomes) + "\n", encoding="utf-8")
    return name


def _iso(moment: datetime | None) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if moment else ""
