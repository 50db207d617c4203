"""The header `Date` of a response, of GitHub or of an issuer."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from codespaces_registry_secrets.generate.http import IssuerResponse
from codespaces_registry_secrets.github.rate_limiter import response_time

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Sun, 01 Mar 2026 12:00:00 GMT", NOON),
        ("Sun, 01 Mar 2026 14:00:00 +0200", NOON),
        ("Sun, 01 Mar 2026 12:00:00 -0000", NOON),
        ("", None),
        ("yesterday", None),
        ("Fri, 31 Dec 9999 23:59:59 GMT", None),
        ("Fri, 31 Dec 9999 23:59:59 -1400", None),
        ("Thu, 31 Dec 99999 23:59:59 GMT", None),
    ],
)
def test_both_read_it_in_the_same_way(text: str, expected: datetime | None) -> None:
    """Without a date that a response can have, the time is unknown."""
    headers = {"date": text, "Date": text}
    issuer = IssuerResponse("iam.example.com", 200, "", headers, b"")
    assert (response_time(headers), issuer.date) == (expected, expected)
