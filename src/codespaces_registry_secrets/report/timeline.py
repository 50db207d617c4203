"""Render the ages and expiries of the stored credentials as a Mermaid Gantt chart. Pure.

Mermaid has no escapes that all of its parsers read, so a label consists of letters, digits and
`._/-` only, and begins with a word of our own: `title` and `section` are keywords at the start of a
line. Source: "Gantt diagrams", mermaid.js.org, and its grammar gantt.jison.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from math import ceil

from codespaces_registry_secrets.model.generation import CredentialLife
from codespaces_registry_secrets.report.reported_change import ReportedChange
from codespaces_registry_secrets.report.wording import relative_day

MAX_BARS = 20  # more are not readable
MAX_LABEL = 40
MAX_TICKS = 9
WIDTH = 1000
CHARACTER_WIDTH = 9
MIN_PADDING = 75
# A credential that expires within this is drawn in the colour of critical tasks.
SOON = timedelta(days=14)


@dataclass(frozen=True)
class Bar:
    """Triplets of one registry that were stored and expire on the same days, at `targets`."""

    registry: str
    stored: date | None
    expires: date | None
    targets: tuple[str, ...]

    @property
    def urgency(self) -> tuple[date, date]:
        """Sorts the first expiry first, and then the oldest."""
        return (self.expires or date.max, self.stored or date.max)


def render_timeline(
    changes: Iterable[ReportedChange], at: datetime, lives: Sequence[CredentialLife] = ()
) -> str:
    """The chart as a code block, and how many bars are left out; empty without a known date.

    `at` is the time of the run. Changes that this run applied count as stored at that time. `lives`
    are the generated credentials, which have a section each.
    """
    bars = sorted(_bars(changes, at), key=lambda bar: (*bar.urgency, bar.registry))
    shown = sorted(bars[:MAX_BARS], key=lambda bar: bar.registry)
    if not shown and not lives:
        return ""
    chart = "\n".join(_chart(shown, lives[:MAX_BARS], at.astimezone(UTC).date()))
    hidden = len(bars) - len(shown)
    rest = f"\nThe {MAX_BARS} that expire first or are oldest; {hidden} more are not drawn.\n"
    return f"```mermaid\n{chart}\n```\n{rest if hidden else ''}"


def _bars(changes: Iterable[ReportedChange], at: datetime) -> Iterator[Bar]:
    targets: defaultdict[tuple[str, date | None, date | None], list[str]] = defaultdict(list)
    for change in changes:
        stored = at if change.stored_now else change.stored_at
        if (stored or change.expires) and not change.deleted:
            targets[change.registry, _day(stored), _day(change.expires)].append(change.target)
    for (registry, stored_day, expiry_day), names in targets.items():
        yield Bar(registry, stored_day, expiry_day, tuple(names))


def _day(time: datetime | None) -> date | None:
    return time.astimezone(UTC).date() if time else None


def _chart(bars: Sequence[Bar], lives: Sequence[CredentialLife], today: date) -> Iterator[str]:
    days = [today, *(day for bar in bars for day in (bar.stored, bar.expires) if day)]
    days += [day for one in lives for day in (_day(one.created), _day(one.ends)) if day]
    names = [*(bar.registry for bar in bars), *(f"{one.registry} issuer" for one in lives)]
    padding = max(MIN_PADDING, max(len(_label(name)) for name in names) * CHARACTER_WIDTH)
    # A width of its own, because labels do not become smaller in a narrow window.
    yield f'%%{{init: {{"gantt": {{"useWidth": {WIDTH}, "leftPadding": {padding}}}}}}}%%'
    yield "gantt"
    yield "    title Stored credentials, and when they expire"
    yield "    dateFormat YYYY-MM-DD"
    yield from _axis((max(days) - min(days)).days)
    yield "    todayMarker off"  # the chart shows the time of the run, not that of its reader
    for registry, group in groupby(bars, key=lambda bar: bar.registry):
        yield f"    section {_label(registry)}"
        for bar in group:
            yield from _tasks(bar, today)
    for registry, own in groupby(lives, key=lambda one: one.registry):
        yield f"    section {_label(f'{registry} issuer')}"
        for one in own:
            yield from _life(one, today)


def _life(one: CredentialLife, today: date) -> Iterator[str]:
    """A bar from the creation of a credential to today, and one to its end."""
    created, ends = min(_day(one.created) or today, today), _day(one.ends)
    name = f"credential {_label(one.id)}"
    yield f"    {name} created {relative_day(created, today)} :done, {_span(created, today)}"
    if ends and one.end:
        soon = "crit, " if one.end == "expires" and ends - today <= SOON else ""
        span = _span(*sorted((today, ends)))
        yield f"    {name} {one.end} {relative_day(ends, today)} :{soon}{span}"


def _axis(days: int) -> Iterator[str]:
    """The distance of the ticks in a chart of so many days; about ten ticks have space."""
    if days <= MAX_TICKS * 7:
        yield "    axisFormat %d %b"
        yield "    tickInterval 1week"
    else:
        yield "    axisFormat %b %Y"
        yield f"    tickInterval {ceil(days / 30 / MAX_TICKS)}month"


def _tasks(bar: Bar, today: date) -> Iterator[str]:
    """A bar from the day of storing to today, and one from today to the expiry."""
    where = _describe_targets(bar.targets)
    if bar.stored:
        stored = min(bar.stored, today)
        yield f"    {where} stored {relative_day(stored, today)} :done, {_span(stored, today)}"
    if bar.expires:
        verb = "expires" if bar.expires >= today else "expired"
        soon = "crit, " if bar.expires - today <= SOON else ""
        span = _span(*sorted((today, bar.expires)))
        yield f"    {where} {verb} {relative_day(bar.expires, today)} :{soon}{span}"


def _span(start: date, end: date) -> str:
    """At least one day, because a shorter bar would not be visible."""
    return f"{start}, {max(end, start + timedelta(days=1))}"


def _describe_targets(targets: Sequence[str]) -> str:
    if len(targets) > 1:
        return f"{len(targets)} targets"
    scope, _, name = targets[0].partition(":")
    known = scope if scope in {"organization", "repository", "user"} else "target"
    return f"{known} {_label(name or scope)}"


def _label(text: str) -> str:
    label = re.sub(r"[^A-Za-z0-9._/-]+", "_", text) or "_"
    return label if len(label) <= MAX_LABEL else f"{label[: MAX_LABEL - 2]}.."
