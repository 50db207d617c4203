"""Send GitHub API requests with one token, and return parsed responses."""

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
from codespaces_registry_secrets.github.graphql import (
    QueryResponse,
    parse_query_response,
    raise_query_limit,
)
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
from codespaces_registry_secrets.text.redaction import Redactor

T = TypeVar("T")

RETRIES = 3
PER_PAGE = 100


class GitHubClient:
    """Sends requests with one authentication. Safe to use from several threads.

    `new_github` makes a PyGithub client, `tokens` returns the tokens that its requests can carry,
    and `refresh` renews the token if it expires soon. `repeat_posts` says whether a POST is sent
    again if its response breaks off. Set `app` if it authenticates as an App itself. `server_time`
    is the time of the last response by GitHub's clock. `token_expires` is when the token expires,
    None if GitHub does not say.
    """

    def __init__(
        self,
        new_github: Callable[[], Github],
        limiter: RateLimiter,
        tokens: Callable[[], Iterable[str]],
        refresh: Callable[[], None] = lambda: None,
        *,
        repeat_posts: bool = True,
        app: bool = False,
    ) -> None:
        self._new_github = new_github
        self._limiter = limiter
        self._tokens = tokens
        self._refresh = refresh
        self._repeat_posts = repeat_posts
        self._app = app
        self._idle: Mapping[bool, deque[Transport]] = {True: deque(), False: deque()}
        self.server_time = datetime.now(UTC)
        self.token_expires: datetime | None = None

    def get(self, target: Target, url: str, schema: Schema[T]) -> T:
        """Send a GET and parse the response; follow the redirect of a repository that moved."""
        return parse_response(schema, self._follow("GET", target, url))

    def pages(self, target: Target, url: str, schema: Schema[T]) -> Iterator[T]:
        """Read the pages of a list one after the other, each when the caller asks for it.

        Raises:
            MovedError: the list belongs to a repository that was renamed or transferred.
            GitHubError: also if GitHub returns a page twice, or only a part of the list.
        """
        return check_pages_complete(self._read_from(target, schema, url))

    def all_pages(self, target: Target, url: str, schema: Schema[T]) -> Iterator[T]:
        """Read the same pages, those after the first one concurrently."""
        first = self._page(target, schema, url, {"per_page": PER_PAGE})
        others = run_concurrently(
            partial(self._page, target, schema), later_urls(first.headers), READS_AT_ONCE
        )
        pages = [first, *others]
        # The first page does not always link the last one, and the list can have grown since.
        rest = self._read_from(target, schema, next_url(pages[-1].headers))
        return check_pages_complete(chain(pages, rest))

    def _read_from(self, target: Target, schema: Schema[T], url: str | None) -> Iterator[Page[T]]:
        parameters: Mapping[str, Any] = {"per_page": PER_PAGE}
        urls_read: set[str] = set()
        while url:
            if url in urls_read:
                message = "GitHub's list links back to a page that was already read; run again"
                raise GitHubError(message)
            urls_read.add(url)
            check_page_count(len(urls_read))
            page = self._page(target, schema, url, parameters)
            yield page
            url, parameters = next_url(page.headers), {}

    def _page(
        self,
        target: Target,
        schema: Schema[T],
        url: str,
        parameters: Mapping[str, Any] | None = None,
    ) -> Page[T]:
        headers, body = self._request("GET", target, url, parameters or {})
        content = parse_response(schema, body)
        return Page(headers, item_keys(body), content)

    def put(
        self,
        target: Target,
        url: str,
        body: Mapping[str, Any] | None = None,
        secrets: Iterable[SecretBytes] = (),
    ) -> datetime | None:
        """Send a PUT, and return when GitHub responded, by its clock; None if it does not say.

        A repeated PUT has the same effect as one, so a retry is safe. No error message contains one
        of the `secrets`, whatever the response says.
        """
        headers, _ = self._request("PUT", target, url, {}, body, secrets=secrets)
        return response_time(headers)

    def delete(self, target: Target, url: str) -> None:
        """Send a DELETE. A 404 is a success: an earlier try or another run has deleted it."""
        try:
            self._request("DELETE", target, url, {})
        except GitHubError as error:
            if error.status != HTTPStatus.NOT_FOUND:
                raise

    def post(self, target: Target, url: str, body: Mapping[str, Any]) -> None:
        """Send a POST, and follow the redirect of a repository that moved.

        A retry of a POST that GitHub carried out is rejected with 409.
        """
        self._follow("POST", target, url, body)

    def query(
        self,
        target: Target,
        query: str,
        variables: Mapping[str, str] | None = None,
        *,
        repeat: bool = True,
    ) -> QueryResponse:
        """Send a query to GraphQL; it reads, so it is limited as a read.

        A query that is too large ends in a server error each time. Without `repeat` it is not sent
        again after one.
        """
        body = {"query": query, "variables": dict(variables or {})}
        _, content = self._request("POST", target, "/graphql", {}, body, query=True, repeat=repeat)
        return parse_query_response(content, Redactor(*self._values_sent(())))

    def patch(self, target: Target, url: str, body: Mapping[str, Any]) -> None:
        """Send a PATCH, and follow the redirect of a repository that moved.

        A repeated PATCH has the same effect as one, so a retry is safe.
        """
        self._follow("PATCH", target, url, body)

    def _follow(
        self, verb: str, target: Target, url: str, body: Mapping[str, Any] | None = None
    ) -> object:
        """Send a request, to the new address if it is for a repository that moved."""
        try:
            _, content = self._request(verb, target, url, {}, body)
        except MovedError as moved:
            new_url = f"{moved.repository}{moved.tail}"
            _, content = self._request(verb, target, new_url, {}, body)
        return content

    def _request(
        self,
        verb: str,
        target: Target,
        url: str,
        parameters: Mapping[str, Any],
        body: Mapping[str, Any] | None = None,
        *,
        secrets: Iterable[SecretBytes] = (),
        query: bool = False,
        repeat: bool = True,
    ) -> tuple[Mapping[str, str], object]:
        maybe_applied = False

        def send() -> tuple[Mapping[str, str], object]:
            nonlocal maybe_applied
            with self._transport(repeat=repeat) as transport:
                try:
                    response = transport.request(verb, url, parameters, body)
                except requests.exceptions.ChunkedEncodingError:
                    maybe_applied = True
                    raise
                finally:
                    maybe_applied = maybe_applied or transport.retried
            if query:
                raise_query_limit(*response)
            return response

        self._refresh()
        try:
            with translate_errors(target, partial(self._values_sent, secrets), app=self._app):
                sent_once = verb == "POST" and not (query or self._repeat_posts)
                limited_as = "GET" if query else verb
                retries = 0 if sent_once else RETRIES
                headers, content = send_with_retry(self._limiter, limited_as, send, retries)
        except GitHubError as error:
            error.maybe_applied = maybe_applied or not _was_rejected(error)
            raise
        self.server_time = response_time(headers) or self.server_time
        self.token_expires = token_expiry(headers) or self.token_expires
        return headers, content

    def _values_sent(self, secrets: Iterable[SecretBytes]) -> Iterator[bytes]:
        """The values in a request that no message can repeat."""
        yield from (token.encode(errors="surrogateescape") for token in self._tokens())
        yield from (secret.get_secret_value() for secret in secrets)

    @contextmanager
    def _transport(self, *, repeat: bool) -> Iterator[Transport]:
        """A transport that no other thread uses at the same time.

        With `repeat`, it sends a request again after a server error.
        """
        idle = self._idle[repeat]
        try:
            transport = idle.pop()
        except IndexError:
            transport = Transport(self._new_github().requester, repeat=repeat)
        try:
            yield transport
        finally:
            idle.append(transport)


def _was_rejected(error: GitHubError) -> bool:
    """Whether GitHub rejected the request; otherwise GitHub might have carried it out."""
    rejections = range(HTTPStatus.MULTIPLE_CHOICES, HTTPStatus.INTERNAL_SERVER_ERROR)
    return isinstance(error, RateLimitError) or error.status in rejections


def send_with_retry(
    limiter: RateLimiter, verb: str, send: Callable[[], T], retries: int = RETRIES
) -> T:
    """Send a request, and repeat it if its response breaks off: urllib3 does not repeat that."""
    for _ in range(retries):
        with suppress(requests.exceptions.ChunkedEncodingError):
            return limiter.send(verb, send)
    return limiter.send(verb, send)


def token_expiry(headers: Mapping[str, str]) -> datetime | None:
    """When the token of a request expires; None if it never does, or GitHub does not say.

    The header comes as `2026-10-07 19:07:53 UTC` and as `2026-11-05 17:53:02 +0900`.
    """
    text = headers.get("github-authentication-token-expiration", "").replace("UTC", "+0000")
    try:
        return datetime.strptime(text, "%Y-%m-%d %H:%M:%S %z").astimezone(UTC)
    except (ValueError, OverflowError):
        return None
