"""Plan and outcomes as outputs for later steps."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

from codespaces_registry_secrets.change import Plan
from codespaces_registry_secrets.outcome import Outcome
from codespaces_registry_secrets.shards import Shard
from codespaces_registry_secrets.text.control_characters import one_line

# A job's outputs may have 1 MB in all, and a variable of a later step far less.
MOST_PLAN_BYTES = 512 * 1024


def outputs(
    mode: str, plan: Plan, outcomes: Sequence[Outcome], shards: Sequence[Shard] = ()
) -> Mapping[str, str]:
    """Every output but `plan-file`, by name. Counts are of changes, by what was done or planned."""
    done = Counter(o.change.action for o in outcomes if o.status in {"applied", "planned"})
    statuses = Counter(outcome.status for outcome in outcomes)
    whole = _json(mode, outcomes, lists=True)
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
        "plan": whole
        if len(whole.encode()) < MOST_PLAN_BYTES
        else _json(mode, outcomes, lists=False),
    }


def write_plan_file(folder: Path, mode: str, outcomes: Sequence[Outcome]) -> str:
    """Write the whole plan into the runner's temporary folder, and return the file's name there.

    The name alone: the folder has another path in a container than for the steps outside of it.
    """
    name = f"codespaces-registry-plan-{uuid4().hex[:12]}.json"
    (folder / name).write_text(_json(mode, outcomes, lists=True) + "\n", encoding="utf-8")
    return name


def _iso(moment: datetime | None) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if moment else ""


def _json(mode: str, outcomes: Sequence[Outcome], *, lists: bool) -> str:
    changes = [_cleaned(_change(outcome, lists=lists)) for outcome in outcomes]
    return json.dumps({"version": 1, "mode": mode, "changes": changes}, ensure_ascii=False)


def _cleaned(data: Any) -> Any:  # noqa: ANN401 - JSON
    """Data whose texts are one line each: JSON would hand on a carriage return as an escape."""
    if isinstance(data, str):
        return one_line(data)
    if isinstance(data, list):
        return [_cleaned(item) for item in data]
    return {k: _cleaned(v) for k, v in data.items()} if isinstance(data, dict) else data


def _change(outcome: Outcome, *, lists: bool) -> dict[str, Any]:
    change = outcome.change
    before, after = change.visibility or (None, None)
    return {
        "target": str(change.target),
        "registry": change.registry,
        "action": change.action,
        "reason": change.reason,
        "visibility": {"from": before, "to": after} if change.visibility else None,
        "repositories": {
            "add": list(change.added) if lists else len(change.added),
            "remove": list(change.removed) if lists else len(change.removed),
        },
        "outcome": outcome.status,
        "error": outcome.error,
    }
