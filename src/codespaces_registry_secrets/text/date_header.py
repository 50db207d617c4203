"""The header `Date` of a response. Source: RFC 9110, section 6.6.1."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

# Of a response. Dates are computed from its time, and no date is after the year 9999.
POSSIBLE_YEARS = range(1970, 4000)


def parse_date_header(text: str | None) -> datetime | None:
    """The time in UTC; None if the text is absent or cannot be the time of a response."""
    try:
        moment = parsedate_to_datetime(text or "")
    except (ValueError, OverflowError):
        return None
    if moment.year not in POSSIBLE_YEARS:
        return None
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
