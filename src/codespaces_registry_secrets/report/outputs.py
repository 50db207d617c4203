"""The step's outputs, the plan as JSON, and the plan file."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

from codespaces_registry_secrets.model.plan import Action, Outcome, Plan
from codespaces_registry_secrets.model.targets import Shard
from codespaces_registry_secrets.planning.sharding import shard_digests
from codespaces_registry_secrets.report.credentials import credential_json
from codespaces_registry_secrets.text.control_characters import one_line

# GitHub limits the outputs of a job to 1 MB, and environment variables of a step are more limited.
MAX_PLAN_BYTES = 512 * 1024
_MIN_CHANGE_BYTES = 200  # the keys of a change alone take more
_ENVELOPE_BYTES = 1024  # for the keys around the changes, and the number of omitted changes
_SEPARATOR = ", "
_NO_SOURCES = {"username": None, "password": None}
# The outputs that count changes.
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
    """Every output except `plan-file`, by name. The counts are of applied or planned changes."""
    counts = Counter(o.change.action for o in outcomes if o.status in {"applied", "planned"})
    statuses = Counter(outcome.status for outcome in outcomes)
    return {
        "changed": json.dumps(_is_changed(plan, outcomes)),
        "drift": json.dumps(plan.drift),
        **{name: str(counts[action]) for action, name in COUNTED.items()},
        "unchanged": str(plan.counts["none"]),
        "blocked": str(plan.counts["blocked"]),
        "failed": str(statuses["failed"]),
        "next-expiry": _iso_time(plan.expiry),
        "matrix": _matrix(plan, shards),
        "plan": short_plan(mode, plan, outcomes),
        "plan-digest": plan.digest,
    }


def _is_changed(plan: Plan, outcomes: Sequence[Outcome]) -> bool:
    at_issuers = any(credential.status == "applied" for credential in plan.credentials)
    return at_issuers or any(outcome.wrote for outcome in outcomes)


def _matrix(plan: Plan, shards: Sequence[Shard]) -> str:
    """A job for each shard, with the digest of its plan. GitHub merges `include` by `shard`.

    Source: "Workflow syntax for GitHub Actions", `jobs.<job_id>.strategy.matrix.include`,
    docs.github.com.
    """
    if not shards:
        return ""  # GitHub fails a job whose matrix is an empty list
    digests = shard_digests(plan.whole or plan, shards)
    jobs = [{"shard": str(shard), "digest": digest} for shard, digest in digests.items()]
    return json.dumps({"shard": [str(shard) for shard in shards], "include": jobs})


def write_plan_file(folder: Path, plan: str) -> str:
    """Write a plan as JSON into RUNNER_TEMP, and return the name of the file.

    It returns no path, because the folder has another path outside of the container, where other
    steps of the job run.
    """
    name = f"codespaces-registry-plan-{uuid4().hex[:12]}.json"
    (folder / name).write_text(plan + "\n", encoding="utf-8")
    return name


def short_plan(mode: str, plan: Plan, outcomes: Sequence[Outcome]) -> str:
    """The plan as JSON in less than `MAX_PLAN_BYTES` of UTF-8.

    If the whole plan is larger, it has counts of repositories instead of their names. If that is
    still larger, it has only the first changes, and `omitted` is the number of the others.
    Credentials get at most half of the space.
    """
    if len(outcomes) < MAX_PLAN_BYTES // _MIN_CHANGE_BYTES:
        whole = whole_plan(mode, plan, outcomes)
        if len(whole.encode()) < MAX_PLAN_BYTES:
            return whole
    limit = MAX_PLAN_BYTES - _ENVELOPE_BYTES
    kept_credentials, size = _fitting(_credentials(plan), limit // 2)
    kept, _ = _fitting((_change_json(o, lists=False) for o in outcomes), limit - size)
    omitted = len(outcomes) - len(kept) + len(plan.credentials) - len(kept_credentials)
    return _document(mode, plan, kept, kept_credentials, omitted)


def _fitting(items: Iterable[str], max_bytes: int) -> tuple[Sequence[str], int]:
    """The first items that fit, and their size with separators; reads one item more at most."""
    kept: list[str] = []
    size = 0
    for item in items:
        size_with_item = size + len(item.encode()) + len(_SEPARATOR)
        if size_with_item >= max_bytes:
            break
        kept.append(item)
        size = size_with_item
    return kept, size


def whole_plan(mode: str, plan: Plan, outcomes: Sequence[Outcome]) -> str:
    """The plan as JSON on one line, with every change."""
    changes = [_change_json(outcome, lists=True) for outcome in outcomes]
    return _document(mode, plan, changes, _credentials(plan))


def _credentials(plan: Plan) -> Sequence[str]:
    return [_to_json(credential_json(change)) for change in plan.credentials]


def _document(
    mode: str, plan: Plan, changes: Sequence[str], credentials: Sequence[str], omitted: int = 0
) -> str:
    """Join what is already JSON, so that each change is encoded only once."""
    parts = [
        _to_json({"version": 1, "mode": mode, "digest": plan.digest})[1:-1],
        f'"changes": [{_SEPARATOR.join(changes)}]',
    ]
    if credentials:
        parts.append(f'"credentials": [{_SEPARATOR.join(credentials)}]')
    if omitted:
        parts.append(f'"omitted": {omitted}')
    return f"{{{_SEPARATOR.join(parts)}}}"


def _change_json(outcome: Outcome, *, lists: bool) -> str:
    """A change and its outcome, with names of repositories if `lists`, else with their counts.

    `private` are the numbers of repositories whose names are hidden, if there are any.
    """
    change = outcome.change
    credential = change.credential
    before, after = change.visibility or (None, None)
    lists_of_names = {"add": change.added, "remove": change.removed}
    private = {"add": change.private_added, "remove": change.private_removed}
    repositories = {
        **{k: list(v) if lists else len(v) for k, v in lists_of_names.items()},
        **({"private": private} if any(private.values()) else {}),
    }
    return _to_json(
        {
            "target": str(change.target),
            "registry": change.registry,
            "server": credential.server if credential else None,
            "sources": credential.labels if credential else _NO_SOURCES,
            "action": change.action,
            "reason": change.reason,
            "visibility": {"from": before, "to": after} if change.visibility else None,
            "repositories": repositories,
            "stored": _iso_time(change.stored_at) or None,
            "expires": _iso_time(change.expires) or None,
            "outcome": outcome.status,
            "error": outcome.error,
        }
    )


def _to_json(data: dict[str, Any]) -> str:
    return json.dumps(_clean(data), ensure_ascii=False)


def _clean(data: Any) -> Any:  # noqa: ANN401 - JSON
    """Put each text on one line: JSON escapes a carriage return, and a reader would restore it."""
    if isinstance(data, str):
        return one_line(data)
    if isinstance(data, list):
        return [_clean(item) for item in data]
    return {k: _clean(v) for k, v in data.items()} if isinstance(data, Mapping) else data


def _iso_time(time: datetime | None) -> str:
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if time else ""
