"""Requests with one authentication, their answers in the shapes that are expected."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from functools import partial
from http import HTTPStatus
from itertools import chain
from typing import Any, TypeVar

import requests
from github import Github
from pydantic import SecretBytes

from codespaces_registry_secrets.errors import GitHubError, MovedError, RateLimitError
from codespaces_registry_secrets.github.errors import translate_errors
from codespaces_registry_secrets.github.pagination import (
    Page,
    check_page_count,
    check_pages_complete,
    item_keys,
    later_urls,
    next_url,
)
from codespaces_registry_secrets.github.rate_limiter import (
    READS_AT_ONCE,
    RateLimiter,
    response_time,
)
from codespaces_registry_secrets.github.schemas import Schema, parse_response
from codespaces_registry_secrets.github.transport import Transport
from codespaces_registry_secrets.model.targets import Target
from codespaces_registry_secrets.runtime.concurrency import run_concurrently

T = TypeVar("T")

RETRIES = 3
PER_PAGE = 100


class GitHubClient:
    """Requests with one authentication. Safe to use from several threads.

    `make` makes a client for them, `tokens` tells what they may carry, and `refresh` sees to it
    that this is good for one more request. `now` is the time of GitHub's last answer, by its clock.
    `expires` is when the token ends, where GitHub says so.
    """

    def __init__(
        self,
        make: Callable[[], Github],
        pace: RateLimiter,
        tokens: Callable[[], Iterable[str]],
        refresh: Callable[[], None] = lambda: None,
    ) -> None:
        self._make = make
        self._pace = pace
        self._tokens = tokens
        self._refresh = refresh
        self._idle: deque[Transport] = deque()
        self.server_time = datetime.now(UTC)
        self.token_expires: datetime | None = None

    def get(self, target: Target, url: str, shape: Schema[T]) -> T:
        """The answer to one GET, in its shape; of a repository that moved, where it is now."""
        try:
            answer = self._request("GET", target, url, {})
        except MovedError as moved:
            answer = self._request("GET", target, f"{moved.repository}{moved.tail}", {})
        return parse_response(shape, answer[1])

    def pages(self, target: Target, url: str, shape: Schema[T]) -> Iterator[T]:
        """Every page of a list in its shape, one after the other, as far as they are asked for.

        Raises:
            MovedError: the list is a repository's, which was renamed or transferred.
            GitHubError: also where a page came twice, or GitHub leaves something out.
        """
        return check_pages_complete(self._walk(target, shape, url))

    def all_pages(self, target: Target, url: str, shape: Schema[T]) -> Iterator[T]:
        """The same, with the pages after the first beside each other."""
        first = self._page(target, shape, url, {"per_page": PER_PAGE})
        others = run_concurrently(
            partial(self._page, target, shape), later_urls(first.headers), READS_AT_ONCE
        )
        known = [first, *others]
        # Where the first page does not say how many there are, or there are more by now.
        return check_pages_complete(
            chain(known, self._walk(target, shape, next_url(known[-1].headers)))
        )

    def _walk(self, target: Target, shape: Schema[T], url: str | None) -> Iterator[Page[T]]:
        parameters: Mapping[str, Any] = {"per_page": PER_PAGE}
        read_already: set[str] = set()
        while url:
            if url in read_already:
                raise GitHubError("GitHub's list leads back to a page that was read; run again")
            read_already.add(url)
            check_page_count(len(read_already))
            page = self._page(target, shape, url, parameters)
            yield page
            url, parameters = next_url(page.headers), {}

    def _page(
        self,
        target: Target,
        shape: Schema[T],
        url: str,
        parameters: Mapping[str, Any] | None = None,
    ) -> Page[T]:
        headers, body = self._request("GET", target, url, parameters or {})
        content = parse_response(shape, body)
        return Page(headers, item_keys(body), content)

    def put(
        self,
        target: Target,
        url: str,
        body: Mapping[str, Any] | None = None,
        secrets: Iterable[SecretBytes] = (),
    ) -> None:
        """One PUT. GitHub takes a repeated one for the same thing, so a retry is safe.

        No error repeats one of the `secrets`, whatever the answer.
        """
        self._request("PUT", target, url, {}, body, secrets=secrets)

    def delete(self, target: Target, url: str) -> None:
        """One DELETE. What is gone already is gone: a retry, or another run, was first."""
        try:
            self._request("DELETE", target, url, {})
        except GitHubError as error:
            if error.status != HTTPStatus.NOT_FOUND:
                raise

    def _request(
        self,
        verb: str,
        target: Target,
        url: str,
        parameters: Mapping[str, Any],
        body: Mapping[str, Any] | None = None,
        *,
        secrets: Iterable[SecretBytes] = (),
    ) -> tuple[Mapping[str, str], object]:
        landed = False

        def send() -> tuple[Mapping[str, str], object]:
            nonlocal landed
            with self._line() as line:
                try:
                    return line.request(verb, url, parameters, body)
                except requests.exceptions.ChunkedEncodingError:
                    landed = True
                    raise
                finally:
                    landed = landed or line.repeated

        self._refresh()
        try:
            with translate_errors(target, partial(self._carried, secrets)):
                headers, answer = send_with_retry(self._pace, verb, send)
        except GitHubError as error:
            error.maybe_applied = landed or _unanswered(error)
            raise
        self.server_time = response_time(headers) or self.server_time
        self.token_expires = token_expiry(headers) or self.token_expires
        return headers, answer

    def _carried(self, secrets: Iterable[SecretBytes]) -> Iterator[bytes]:
        """What a request carries and no message may repeat."""
        yield from (token.encode(errors="surrogateescape") for token in self._tokens())
        yield from (secret.get_secret_value() for secret in secrets)

    @contextmanager
    def _line(self) -> Iterator[Transport]:
        """A line that no other thread uses."""
        try:
            line = self._idle.pop()
        except IndexError:
            line = Transport(self._make().requester)
        try:
            yield line
        finally:
            self._idle.append(line)


def _unanswered(error: GitHubError) -> bool:
    """Whether GitHub did not refuse the request, which may have been carried out."""
    if isinstance(error, RateLimitError):
        return False
    refusals = range(HTTPStatus.MULTIPLE_CHOICES, HTTPStatus.INTERNAL_SERVER_ERROR)
    return error.status not in refusals


def send_with_retry(pace: RateLimiter, verb: str, send: Callable[[], T]) -> T:
    """urllib3 repeats what gets no answer, and not what breaks off in the middle of one."""
    for _ in range(RETRIES):
        with suppress(requests.exceptions.ChunkedEncodingError):
            return pace.send(verb, send)
    return pace.send(verb, send)


def token_expiry(headers: Mapping[str, str]) -> datetime | None:
    """When the token of a request ends; None where it does not, or GitHub does not tell.

    The header comes as `2026-10-07 19:07:53 UTC` and as `2026-11-05 17:53:02 +0900`.
    """
    text = headers.get("github-authentication-token-expiration", "").replace("UTC", "+0000")
    try:
        return datetime.strptime(text, "%Y-%m-%d %H:%M:%S %z").astimezone(UTC)
    except (ValueError, OverflowError):
        return None
