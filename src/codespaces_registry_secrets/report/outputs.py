"""Plan and outcomes as outputs for later steps."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from itertools import accumulate, takewhile
from pathlib import Path
from typing import Any
from uuid import uuid4

from codespaces_registry_secrets.model.plan import Action, Outcome, Plan
from codespaces_registry_secrets.model.targets import Shard
from codespaces_registry_secrets.text.control_characters import one_line

# The outputs that count changes which were done or planned.
COUNTED: Mapping[Action, str] = {
    "create": "created",
    "repair": "repaired",
    "rotate": "rotated",
    "access": "access-changed",
    "delete": "deleted",
}


def build_outputs(
    mode: str, plan: Plan, outcomes: Sequence[Outcome], shards: Sequence[Shard] = ()
) -> Mapping[str, str]:
    """Every output but `plan-file`, by name. Counts are of changes, by what was done or planned."""
    done = Counter(o.change.action for o in outcomes if o.status in {"applied", "planned"})
    statuses = Counter(outcome.status for outcome in outcomes)
    return {
        "changed": json.dumps(any(outcome.wrote for outcome in outcomes)),
        "drift": json.dumps(plan.drift),
        **{name: str(done[action]) for action, name in COUNTED.items()},
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


# A job's outputs may have 1 MB in all, and a variable of a later step far less.
MOST_PLAN_BYTES = 512 * 1024
# For the envelope with its number of changes that are left out.
_ENVELOPE_BYTES = 1024
_SEPARATOR = ", "
_NO_SOURCES = {"username": None, "password": None}


def whole_plan(mode: str, outcomes: Sequence[Outcome]) -> str:
    """Every change, in one line."""
    return _document(mode, [_change(outcome, lists=True) for outcome in outcomes])


def short_plan(mode: str, outcomes: Sequence[Outcome]) -> str:
    """The plan in less than `MOST_PLAN_BYTES` of UTF-8.

    Where it has more, numbers of repositories stand for their names. Where it still has more, only
    the first changes are there, and `omitted` is the number of the others.
    """
    whole = whole_plan(mode, outcomes)
    if len(whole.encode()) < MOST_PLAN_BYTES:
        return whole
    changes = [_change(outcome, lists=False) for outcome in outcomes]
    ends = accumulate(len(change.encode()) + len(_SEPARATOR) for change in changes)
    room = MOST_PLAN_BYTES - _ENVELOPE_BYTES
    kept = sum(1 for _ in takewhile(lambda end: end < room, ends))
    return _document(mode, changes[:kept], omitted=len(changes) - kept)


def _document(mode: str, changes: Sequence[str], omitted: int = 0) -> str:
    """The document around changes that are JSON already: each is written once, however many."""
    head = _dumped({"version": 1, "mode": mode})[:-1]
    tail = f'{_SEPARATOR}"omitted": {omitted}' if omitted else ""
    return f'{head}{_SEPARATOR}"changes": [{_SEPARATOR.join(changes)}]{tail}}}'


def _change(outcome: Outcome, *, lists: bool) -> str:
    change = outcome.change
    credential = change.credential
    before, after = change.visibility or (None, None)
    repositories = {"add": change.added, "remove": change.removed}
    return _dumped(
        {
            "target": str(change.target),
            "registry": change.registry,
            "server": credential.server if credential else None,
            "sources": credential.labels if credential else _NO_SOURCES,
            "action": change.action,
            "reason": change.reason,
            "visibility": {"from": before, "to": after} if change.visibility else None,
            "repositories": {k: list(v) if lists else len(v) for k, v in repositories.items()},
            "outcome": outcome.status,
            "error": outcome.error,
        }
    )


def _dumped(data: dict[str, Any]) -> str:
    return json.dumps(_cleaned(data), ensure_ascii=False)


def _cleaned(data: Any) -> Any:  # noqa: ANN401 - JSON
    """Data whose texts are one line each: JSON would hand on a carriage return as an escape."""
    if isinstance(data, str):
        return one_line(data)
    if isinstance(data, list):
        return [_cleaned(item) for item in data]
    return {k: _cleaned(v) for k, v in data.items()} if isinstance(data, Mapping) else data
