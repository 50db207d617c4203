"""The plan, the outcomes and the progress of a run as lines for the log, in terraform's style."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from threading import Lock

from codespaces_registry_secrets.model.plan import Outcome, Plan
from codespaces_registry_secrets.model.private_names import count_private
from codespaces_registry_secrets.report.reported_change import (
    ReportedChange,
    report_changes,
    report_plan,
)
from codespaces_registry_secrets.report.wording import SIGNS, describe_reason, describe_status
from codespaces_registry_secrets.text.lists import list_some

MAX_NAMES = 12  # of repositories in one line
MAX_LINES = 50  # of targets while a run writes; beyond that only failures and counts
COUNT_SECONDS = 9.5  # so that the log shows a count at least every 10 s


def plan_lines(plan: Plan) -> str:
    """Every change: one line, and indented lines for its visibility and repositories."""
    return "\n".join(line for change in report_plan(plan) for line in _change_lines(change))


def outcome_lines(outcomes: Sequence[Outcome]) -> str:
    """A line for each change that was applied or that failed. The cause is an error of its own."""
    changes = report_changes(o for o in outcomes if o.status in {"applied", "failed"})
    return "\n".join(map(_outcome_line, changes))


def _change_lines(change: ReportedChange) -> Iterator[str]:
    title = f"{SIGNS[change.action]} {change.action:<8} {change.registry} at {change.target}"
    yield f"  {title}: {describe_reason(change)}{_credential_suffix(change)}"
    if change.visibility:
        before, after = change.visibility
        yield f"               visibility: {f'{before} → ' if before else ''}{after}"
    for suffix, added in _group_by_selector(change).items():
        yield f"               + {_list_repositories(change, added)}{suffix}"
    if change.private_added:
        yield f"               + {count_private(change.private_added)}"
    if change.removed:
        yield f"               - {_list_repositories(change, change.removed)}"
    if change.private_removed:
        yield f"               - {count_private(change.private_removed)}"


def _credential_suffix(change: ReportedChange) -> str:
    """Server and source names: ` (ghcr.io, password from secret:GHCR_TOKEN)`."""
    if not change.server:
        return ""
    sources = [f"{member} from {label}" for member, label in change.sources]
    return f" ({', '.join((change.server, *sources))})"


def _group_by_selector(change: ReportedChange) -> dict[str, list[str]]:
    """The added repositories by what picked them: ` (by topic x)`, or empty for a plain name."""
    selected_by = dict(change.selected_by)
    groups: dict[str, list[str]] = {}
    for name in change.added:
        selector = selected_by.get(name, "name")
        suffix = "" if selector == "name" else f" (by {selector})"
        groups.setdefault(suffix, []).append(name)
    return groups


def _list_repositories(change: ReportedChange, repositories: Sequence[str]) -> str:
    """`2 repositories: api, web`; a name is without its owner if the owner is the target."""
    word = "repository" if len(repositories) == 1 else "repositories"
    owner = change.owner_prefix
    names = [name.removeprefix(owner) for name in repositories]
    return f"{len(repositories)} {word}: {list_some(names, MAX_NAMES)}"


def _outcome_line(change: ReportedChange) -> str:
    sign = "✓" if change.status == "applied" else "✗"
    return f"  {sign} {describe_status(change)}: {change.registry} at {change.target}"


class Progress:
    """Log a line for each target while they are few, and a count every few seconds.

    `verb` is what happens to a target, such as `read`. `requests_per_minute` is how many requests
    the run may send for it. There are `targets` targets, with `requests` requests in all. `log`
    writes a line, and `paused_until` returns the end of a wait for GitHub's rate limit.
    """

    def __init__(
        self,
        verb: str,
        requests_per_minute: int,
        targets: int,
        requests: int,
        *,
        log: Callable[[str], None],
        paused_until: Callable[[], datetime | None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._verb, self._requests_per_minute = verb, requests_per_minute
        self._targets, self._requests = targets, requests
        self._log, self._paused_until, self._clock = log, paused_until, clock
        self._lock = Lock()
        self._done_targets = self._failed_targets = self._done_requests = self._lines = 0
        self._started = self._counted = clock()

    def target_read(self) -> None:
        """Count a target that was read."""
        self.target_done("", 1, failed=False)

    def target_written(self, outcomes: Sequence[Outcome]) -> None:
        """Count a target whose changes have these outcomes, and log them."""
        requests = sum(outcome.change.writes for outcome in outcomes)
        failed = any(outcome.status == "failed" for outcome in outcomes)
        self.target_done(outcome_lines(outcomes), requests, failed=failed)

    def target_done(self, text: str, requests: int, *, failed: bool) -> None:
        """Count a target and its requests; log `text` unless it is empty or there are too many."""
        with self._lock:
            self._done_targets += 1
            self._failed_targets += failed
            self._done_requests += requests
            has_line = self._lines < MAX_LINES and (failed or self._targets <= MAX_LINES)
            self._lines += has_line
        if has_line and text:
            self._log(text)

    def tick(self) -> None:
        """Log the count if the last one is some seconds old and targets are left."""
        now = self._clock()
        if now - self._counted >= COUNT_SECONDS and self._done_targets < self._targets:
            self._counted = now
            self._log(self._count_line(now))

    def _count_line(self, now: float) -> str:
        """`3 of 40 targets read, 1 failed; about 2 min left`."""
        failed = f", {self._failed_targets} failed" if self._failed_targets else ""
        count = f"{self._done_targets} of {self._targets} targets {self._verb}{failed}"
        return f"{count}; {self._remaining(now)}"

    def _remaining(self, now: float) -> str:
        paused_until = self._paused_until()
        if paused_until:
            return f"waiting for GitHub's rate limit until {paused_until:%H:%M:%S} UTC"
        elapsed = (now - self._started) / self._done_requests if self._done_requests else 0.0
        # The first requests are a burst, which is faster than the rest can be.
        seconds_per_request = max(elapsed, 60 / self._requests_per_minute)
        remaining = self._requests - self._done_requests
        return f"about {_format_estimate(remaining * seconds_per_request)} left"


def _format_estimate(seconds: float) -> str:
    """`40 s`, `7 min` or `2 h 05 min`, rounded because it is an estimate."""
    minutes = round(seconds / 60)
    if seconds < 60:  # noqa: PLR2004 - a minute
        return f"{max(10, round(seconds, -1)):.0f} s"
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02} min"  # noqa: PLR2004
