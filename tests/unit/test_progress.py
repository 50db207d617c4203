"""What a long run tells while it runs."""

from __future__ import annotations

from datetime import UTC, datetime

from codespaces_registry_secrets.report.log import MOST_LINES, Progress


class Clock:
    """A time that a test turns."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.paused: datetime | None = None
        self.said: list[str] = []

    def progress(self, total: int, work: int, pace: int = 60, verb: str = "done") -> Progress:
        """Something that began just now."""
        return Progress(
            verb,
            pace,
            total,
            work,
            tell=self.said.append,
            paused=lambda: self.paused,
            clock=lambda: self.now,
        )

    def pass_by(self, progress: Progress, seconds: int) -> None:
        """So many seconds, with a tick in each."""
        for _ in range(seconds):
            self.now += 1
            progress.tick()


def test_a_few_targets_have_a_line_each() -> None:
    """When they are done."""
    clock = Clock()
    progress = clock.progress(MOST_LINES, 3 * MOST_LINES)
    for number in range(MOST_LINES):
        progress.done(f"target {number}", 3, failed=False)
    assert clock.said == [f"target {number}" for number in range(MOST_LINES)]


def test_of_many_targets_only_failures_have_one() -> None:
    """And so many of these at most; the count goes on."""
    clock = Clock()
    progress = clock.progress(1000, 3000)
    for number in range(999):
        progress.done(f"target {number}", 3, failed=number % 2 == 0)
    assert len(clock.said) == MOST_LINES
    assert clock.said[:2] == ["target 0", "target 2"]
    clock.pass_by(progress, 10)
    assert clock.said[MOST_LINES:] == ["999 of 1000 targets done, 500 failed; about 10 s left"]


def test_a_count_comes_at_least_every_ten_seconds() -> None:
    """A thousand targets at 20 a minute: a line for each ten seconds, no more."""
    clock = Clock()
    progress = clock.progress(1000, 3000)
    for _ in range(1000):
        clock.pass_by(progress, 3)
        progress.done("", 3, failed=False)
    clock.pass_by(progress, 60)
    assert len(clock.said) == 300
    assert clock.said[0] == "3 of 1000 targets done; about 55 min left"
    assert clock.said[150].endswith("targets done; about 25 min left")
    assert clock.said[-1] == "999 of 1000 targets done; about 10 s left"


def test_looking_is_told_of_as_such() -> None:
    """Nobody should take it for writing."""
    clock = Clock()
    progress = clock.progress(2000, 2000, pace=900, verb="looked at")
    for _ in range(900):
        progress.done("", 1, failed=False)
    clock.pass_by(progress, 10)
    assert clock.said == ["900 of 2000 targets looked at; about 1 min left"]


def test_an_estimate_knows_the_pace() -> None:
    """The burst at the start promises too much."""
    clock = Clock()
    progress = clock.progress(5000, 15_000)
    for _ in range(6):
        progress.done("", 3, failed=False)
    clock.pass_by(progress, 10)
    assert clock.said == ["6 of 5000 targets done; about 4 h 10 min left"]


def test_an_estimate_learns_from_what_it_took() -> None:
    """Where GitHub is slower than the pace allows."""
    clock = Clock()
    progress = clock.progress(100, 300, pace=6000)
    clock.pass_by(progress, 9)
    progress.done("", 30, failed=False)
    clock.pass_by(progress, 1)
    assert clock.said == ["1 of 100 targets done; about 2 min left"]


def test_while_github_makes_us_wait_the_end_of_that_is_told() -> None:
    """No estimate would be worth anything."""
    clock = Clock()
    progress = clock.progress(100, 300)
    clock.paused = datetime(2026, 11, 23, 14, 5, 33, tzinfo=UTC)
    clock.pass_by(progress, 10)
    assert clock.said == ["0 of 100 targets done; GitHub lets us go on at 14:05:33 UTC"]
