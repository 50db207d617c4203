"""What a long run logs while it runs."""

from __future__ import annotations

from datetime import UTC, datetime

from codespaces_registry_secrets.report.log import MAX_LINES, Progress


class Clock:
    """A clock that a test sets, and the lines that are logged."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.paused_until: datetime | None = None
        self.lines: list[str] = []

    def progress(
        self, targets: int, requests: int, per_minute: int = 60, verb: str = "done"
    ) -> Progress:
        """The progress of a run that starts now."""
        return Progress(
            verb,
            per_minute,
            targets,
            requests,
            log=self.lines.append,
            paused_until=lambda: self.paused_until,
            clock=lambda: self.now,
        )

    def advance(self, progress: Progress, seconds: int) -> None:
        """Let seconds pass, with a tick in each."""
        for _ in range(seconds):
            self.now += 1
            progress.tick()


def test_few_targets_have_a_line_each() -> None:
    """It is logged when the target is done."""
    clock = Clock()
    progress = clock.progress(MAX_LINES, 3 * MAX_LINES)
    for number in range(MAX_LINES):
        progress.target_done(f"target {number}", 3, failed=False)
    assert clock.lines == [f"target {number}" for number in range(MAX_LINES)]


def test_of_many_targets_only_failures_have_a_line() -> None:
    """Their number is limited; the count continues."""
    clock = Clock()
    progress = clock.progress(1000, 3000)
    for number in range(999):
        progress.target_done(f"target {number}", 3, failed=number % 2 == 0)
    assert len(clock.lines) == MAX_LINES
    assert clock.lines[:2] == ["target 0", "target 2"]
    clock.advance(progress, 10)
    assert clock.lines[MAX_LINES:] == ["999 of 1000 targets done, 500 failed; about 10 s left"]


def test_a_count_is_logged_every_ten_seconds() -> None:
    """A thousand targets at 20 a minute have one line for each ten seconds."""
    clock = Clock()
    progress = clock.progress(1000, 3000)
    for _ in range(1000):
        clock.advance(progress, 3)
        progress.target_done("", 3, failed=False)
    clock.advance(progress, 60)
    assert len(clock.lines) == 300
    assert clock.lines[0] == "3 of 1000 targets done; about 55 min left"
    assert clock.lines[150].endswith("targets done; about 25 min left")
    assert clock.lines[-1] == "999 of 1000 targets done; about 10 s left"


def test_reading_has_its_own_verb() -> None:
    """So that it is not taken for writing."""
    clock = Clock()
    progress = clock.progress(2000, 2000, per_minute=900, verb="read")
    for _ in range(900):
        progress.target_done("", 1, failed=False)
    clock.advance(progress, 10)
    assert clock.lines == ["900 of 2000 targets read; about 1 min left"]


def test_an_estimate_respects_the_rate_limit() -> None:
    """The burst at the start is faster than the rest can be."""
    clock = Clock()
    progress = clock.progress(5000, 15_000)
    for _ in range(6):
        progress.target_done("", 3, failed=False)
    clock.advance(progress, 10)
    assert clock.lines == ["6 of 5000 targets done; about 4 h 10 min left"]


def test_an_estimate_uses_the_measured_rate() -> None:
    """GitHub can be slower than the rate limit allows."""
    clock = Clock()
    progress = clock.progress(100, 300, per_minute=6000)
    clock.advance(progress, 9)
    progress.target_done("", 30, failed=False)
    clock.advance(progress, 1)
    assert clock.lines == ["1 of 100 targets done; about 2 min left"]


def test_a_wait_for_the_rate_limit_shows_its_end() -> None:
    """It replaces the estimate."""
    clock = Clock()
    progress = clock.progress(100, 300)
    clock.paused_until = datetime(2026, 11, 23, 14, 5, 33, tzinfo=UTC)
    clock.advance(progress, 10)
    assert clock.lines == [
        "0 of 100 targets done; waiting for GitHub's rate limit until 14:05:33 UTC"
    ]
