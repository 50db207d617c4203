"""Times in responses and journals, as pydantic reads them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime


def _to_utc(time: datetime) -> datetime:
    try:
        return time.astimezone(UTC)
    except OverflowError:
        raise ValueError from None


# A time with a zone, in UTC. `9999-12-31T23:59:59-01:00` is invalid: it has no equivalent there.
UtcTime = Annotated[AwareDatetime, AfterValidator(_to_utc)]

_NEVER_YEAR = 9999


def unless_never(expiry: datetime | None) -> datetime | None:
    """The time at which a credential expires; None if it is in the year 9999.

    Google writes it for a key that does not expire. No duration can be added to such a time.
    """
    return None if expiry is None or expiry.year == _NEVER_YEAR else expiry


Expiry = Annotated[UtcTime | None, AfterValidator(unless_never)]
