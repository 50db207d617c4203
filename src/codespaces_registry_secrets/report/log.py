"""Plan and outcomes as lines for the log, in terraform's manner."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from threading import Lock

from codespaces_registry_secrets.model.plan import Action, Change, Outcome, Plan
from codespaces_registry_secrets.model.targets import Organization
from codespaces_registry_secrets.text.control_characters import one_line

SIGNS: Mapping[Action, str] = {
    "create": "+",
    "repair": "±",
    "rotate": "~",
    "access": "~",
    "delete": "-",
    "none": " ",
    "blocked": "!",
}
WORDS: Mapping[Action, str] = {
    "create": "to create",
    "repair": "to repair",
    "rotate": "to rotate",
    "access": "with other access",
    "delete": "to delete",
    "none": "unchanged",
    "blocked": "blocked",
}
MOST_NAMES = 12


def plan_lines(plan: Plan) -> str:
    """What is to happen, a paragraph for each change."""
    return "\n".join(line for change in plan.changes for line in _change(change))


def count_changes(plan: Plan) -> str:
    """`1 to create, 2 to rotate (1 not counted as drift)`, or `no changes`."""
    words = {**WORDS, "rotate": f"{WORDS['rotate']}{_precautions(plan)}"}
    parts = [
        f"{plan.counts[action]} {word}" for action, word in words.items() if plan.counts[action]
    ]
    idle = all(change.action == "none" for change in plan.changes)
    return f"no changes, {', '.join(parts)}" if idle and parts else ", ".join(parts) or "no changes"


def outcome_lines(outcomes: Sequence[Outcome]) -> str:
    """A line for each change that was done or that failed."""
    return "\n".join(_outcome(o) for o in outcomes if o.status in {"applied", "failed"})


def count_outcomes(outcomes: Sequence[Outcome]) -> str:
    """How much was done and how much was not; nothing where there was nothing to do."""
    if all(outcome.change.action == "none" for outcome in outcomes):
        return ""
    statuses = Counter(outcome.status for outcome in outcomes if outcome.change.steps)
    blocked = sum(outcome.change.action == "blocked" for outcome in outcomes)
    left = f", {statuses['skipped']} not begun" if statuses["skipped"] else ""
    done = f"{statuses['applied']} done, {statuses['failed']} failed, {blocked} blocked"
    return f"Applied: {done}{left}."


def reason_line(change: Change) -> str:
    """The reason, on one line. Of a blocked change what is in the way; its error has it in full."""
    reason = one_line(change.reason)
    if _is_precaution(change):
        return f"{reason}; does not count as drift"
    return reason.partition("; ")[0] if change.action == "blocked" else reason


def _is_precaution(change: Change) -> bool:
    """Whether only an unknown age speaks for a rotation: `check` can be green all the same."""
    return change.action == "rotate" and not change.drift


def _precautions(plan: Plan) -> str:
    number = sum(map(_is_precaution, plan.changes))
    return f" ({number} not counted as drift)" if number else ""


def _change(change: Change) -> Iterator[str]:
    what = f"{SIGNS[change.action]} {change.action:<8} {change.registry} at {change.target}"
    yield f"  {what}: {reason_line(change)}{_origin(change)}"
    if change.visibility:
        before, after = change.visibility
        yield f"               visibility: {f'{before} → ' if before else ''}{after}"
    for reason, added in _by_reason(change).items():
        yield f"               + {_repositories(change, added)}{reason}"
    if change.removed:
        yield f"               - {_repositories(change, change.removed)}"


def _origin(change: Change) -> str:
    """What the triplet holds, and from where: ` (ghcr.io, password from secret:GHCR_TOKEN)`."""
    if change.credential is None:
        return ""
    labels = change.credential.labels.items()
    sources = [f"{member} from {label}" for member, label in labels if label]
    return f" ({', '.join((change.credential.server, *sources))})"


def _by_reason(change: Change) -> dict[str, list[str]]:
    """The repositories that are added, by what picked them; a name needs no telling."""
    why = dict(change.selected_by)
    groups: dict[str, list[str]] = {}
    for name in change.added:
        reason = why.get(name, "name")
        groups.setdefault("" if reason == "name" else f" (by {reason})", []).append(name)
    return groups


def _repositories(change: Change, repositories: Sequence[str]) -> str:
    """How many, and their names; without the owner where it is the target anyway."""
    word = "repository" if len(repositories) == 1 else "repositories"
    owner = f"{change.target.name}/" if isinstance(change.target, Organization) else ""
    shown = [name.removeprefix(owner) for name in repositories[:MOST_NAMES]]
    more = len(repositories) - len(shown)
    tail = f" and {more} more" if more else ""
    return f"{len(repositories)} {word}: {', '.join(shown)}{tail}"


def _outcome(outcome: Outcome) -> str:
    change = outcome.change
    what = f"{change.action} {change.registry} at {change.target}"
    return (
        f"  ✓ {what}"
        if outcome.status == "applied"
        else f"  ✗ {what}: {one_line(outcome.error or '')}"
    )


MOST_LINES = 50
EVERY_SECONDS = 9.5  # the log shows a count at least every 10 s


class Progress:
    """A line for each target while they are few, and a count now and then.

    `verb` says what happens to a target, `pace` how many requests a minute may be made for it,
    `tell` gets the lines, and `paused` gives the end of a wait that GitHub asked for. There are
    `total` targets, with `work` requests in all.
    """

    def __init__(
        self,
        verb: str,
        pace: int,
        total: int,
        work: int,
        *,
        tell: Callable[[str], None],
        paused: Callable[[], datetime | None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._verb, self._pace, self._tell, self._paused = verb, pace, tell, paused
        self._total, self._work, self._clock = total, work, clock
        self._lock = Lock()
        self._targets = self._failed = self._worked = self._lines = 0
        self._began = self._told = clock()

    def done(self, text: str, work: int, *, failed: bool) -> None:
        """A target is done, after `work` requests; `text` says how it went, where that is news."""
        with self._lock:
            self._targets += 1
            self._failed += failed
            self._worked += work
            told = self._lines < MOST_LINES and (failed or self._total <= MOST_LINES)
            self._lines += told
        if told and text:
            self._tell(text)

    def target_read(self) -> None:
        """Count a target that was read."""
        self.done("", 1, failed=False)

    def target_written(self, outcomes: Sequence[Outcome]) -> None:
        """Count a target whose changes have these outcomes, and log them while there are few."""
        requests = sum(outcome.change.writes for outcome in outcomes)
        failed = any(outcome.status == "failed" for outcome in outcomes)
        self.done(outcome_lines(outcomes), requests, failed=failed)

    def tick(self) -> None:
        """Tell the count, where it was not told for a while and something is left to do."""
        now = self._clock()
        if now - self._told >= EVERY_SECONDS and self._targets < self._total:
            self._told = now
            self._tell(self._count(now))

    def _count(self, now: float) -> str:
        failed = f", {self._failed} failed" if self._failed else ""
        return (
            f"{self._targets} of {self._total} targets {self._verb}{failed}; {self._outlook(now)}"
        )

    def _outlook(self, now: float) -> str:
        until = self._paused()
        if until:
            return f"GitHub lets us go on at {until:%H:%M:%S} UTC"
        left = self._work - self._worked
        so_far = (now - self._began) / self._worked if self._worked else 0.0
        return f"about {_span(left * max(so_far, 60 / self._pace))} left"


def _span(seconds: float) -> str:
    """`40 s`, `7 min` or `2 h 05 min`: as exact as an estimate may look."""
    minutes = round(seconds / 60)
    if seconds < 60:  # noqa: PLR2004 - a minute
        return f"{max(10, round(seconds, -1)):.0f} s"
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02} min"  # noqa: PLR2004
