"""What an answer says of GitHub's limits. Pure.

Source: "Rate limits for the REST API" and "Best practices for using the REST API", docs.github.com.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus

from github import GithubException

# GitHub allows about 80 requests a minute that create content, and 500 an hour. It does not say
# whether secrets are content: the Action keeps to the first, and obeys the second where it is met.
CONTENT = "its limit on creating content, of about 500 requests an hour"


LATEST = datetime(9000, 1, 1, tzinfo=UTC).timestamp()


@dataclass(frozen=True)
class Limit:
    """GitHub wants no request for `seconds`; None where it does not say for how long.

    `told` names what says so.
    """

    seconds: float | None
    told: str


def limit(error: GithubException) -> Limit | None:
    """The limit that a refused request ran into; None for any other refusal."""
    said = _said(error.data)
    found = _told(error, said)
    if found and "content creation" in said:
        return replace(found, told=CONTENT)
    return found


def _told(error: GithubException, said: str) -> Limit | None:
    headers: Mapping[str, str] = error.headers or {}
    used_up = headers.get("x-ratelimit-remaining") == "0"
    if error.status not in {HTTPStatus.FORBIDDEN, HTTPStatus.TOO_MANY_REQUESTS}:
        return None
    if _number(headers.get("retry-after")) is not None:
        return Limit(_number(headers.get("retry-after")), "`retry-after`")
    reset = _number(headers.get("x-ratelimit-reset"))
    if used_up and reset is not None:
        # A second more: the reset is told in whole ones.
        now = told_at(headers) or datetime.now(UTC)
        return Limit(reset - now.timestamp() + 1, "`x-ratelimit-reset`")
    words = ("rate limit", "content creation", "abuse detection")
    if error.status == HTTPStatus.TOO_MANY_REQUESTS or used_up or any(w in said for w in words):
        return Limit(None, "its documentation")
    return None


def _said(data: object) -> str:
    return str(data.get("message", "")).lower() if isinstance(data, dict) else ""


def _number(text: str | None) -> float | None:
    """A number of seconds or a time; not beyond what a date can hold."""
    digits = text is not None and text.isascii() and text.isdigit()
    return min(float(text or 0), LATEST) if digits else None


def told_at(headers: Mapping[str, str]) -> datetime | None:
    """GitHub's time of an answer, since a runner's clock may be wrong; None where it tells none."""
    try:
        moment = parsedate_to_datetime(headers["date"])
    except (LookupError, ValueError, OverflowError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
