"""Read and change the credentials of a server whose address is in the spec, by its REST API."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from http import HTTPStatus
from typing import Any, TypeVar
from urllib.parse import urlencode

import requests
from pydantic import BaseModel, ValidationError

from codespaces_registry_secrets.generate.http import (
    IssuerClient,
    IssuerResponse,
    RedirectError,
    is_rejection,
    safe_url,
)
from codespaces_registry_secrets.generate.issuer import IssuerContext, IssuerError, RejectedError
from codespaces_registry_secrets.verify.http import host_of

PAGE_SIZE = 100  # the most that GitLab and Harbor allow
MAX_PAGES = 1_000

_PAUSES = (0.0, 0.5, 1.5)  # seconds before each attempt to read

Shape = TypeVar("Shape", bound=BaseModel)


class RestApi:
    """Sends requests below the URL of the option `url`, as one user.

    `headers` identify the user. `advice` says what to do about a status, which depends on the
    server. A `task` completes "could not …" in a message.
    """

    def __init__(
        self,
        client: IssuerClient,
        url: str,
        *,
        headers: Mapping[str, str],
        advice: Mapping[int, str],
    ) -> None:
        self._client = client
        self._url = safe_url(url, "`generate.url`")
        self._host = host_of(self._url)
        self._headers = headers
        self._advice = advice
        self._date: datetime | None = None

    @property
    def date(self) -> datetime:
        """The server's time in its last response, in UTC.

        Raises:
            IssuerError: no response had a header `Date`.
        """
        if self._date is None:
            raise IssuerError(
                f"{self._host} sends no header `Date`, so its time is unknown; check whether a "
                "proxy removes the header"
            )
        return self._date

    def read(
        self,
        task: str,
        path: str,
        query: Mapping[str, str | int] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> IssuerResponse:
        """Send a GET, and repeat it if the server has an error or limits the rate.

        Raises:
            IssuerError: the server rejected each of the requests, or did not respond.
        """
        url = f"{path}?{urlencode(query)}" if query else path
        failure = IssuerError(task)
        for pause in _PAUSES:
            time.sleep(pause)
            try:
                response = self._send("GET", url, headers=headers)
            except RedirectError as error:
                raise self._moved(task, error) from None
            except IssuerError as error:
                failure = IssuerError(f"could not {task}: {error}")
                continue
            if response.ok:
                return response
            failure = self._rejected(task, response)
            if not _is_transient(response):
                break
        raise failure

    def change(
        self,
        task: str,
        method: str,
        path: str,
        *,
        json: object = None,
        allowed: Sequence[int] = (),
    ) -> IssuerResponse:
        """Send a request that changes something, once.

        Raises:
            RejectedError: the server rejected it with a status that is not `allowed`.
            IssuerError: it had an error, or did not respond.
        """
        try:
            response = self._send(method, path, json=json)
        except RedirectError as error:
            raise self._moved(task, error) from None
        except IssuerError as error:
            message = f"{error}; the next run finds out whether the request was carried out"
            raise IssuerError(f"could not {task}: {message}") from None
        if response.ok or response.status in allowed:
            return response
        error = self._rejected(task, response)
        raise RejectedError(str(error)) if is_rejection(response) else error

    def pages(
        self, task: str, path: str, query: Mapping[str, str | int], size_key: str
    ) -> Iterator[list[Any]]:
        """Read all pages of a list. `size_key` names the parameter for the size of a page.

        The address of the next page is not taken from the response, because it could lead to
        another host. A server can limit a page to fewer items than requested, so a page that is
        not full is the last one only if no header names another.

        Raises:
            IssuerError: a page is no list, repeats another, or there are too many.
        """
        seen = set[str]()
        for number in range(1, MAX_PAGES + 1):
            response = self.read(task, path, {**query, "page": number, size_key: PAGE_SIZE})
            # Harbor returns `null` for an empty list.
            items = [] if response.body.strip() == b"null" else response.json
            if not isinstance(items, list):
                raise self.invalid(task)
            ids = {str(item.get("id")) if isinstance(item, dict) else "" for item in items}
            if ids and ids <= seen:
                raise IssuerError(
                    f"could not {task}: {self._host} returned a page twice; run again"
                )
            seen.update(ids)
            yield items
            if not items or (len(items) < PAGE_SIZE and not _has_next(response.headers)):
                return
        raise IssuerError(f"could not {task}: the list has more than {MAX_PAGES:,} pages")

    def parse(self, task: str, shape: type[Shape], value: object) -> Shape:
        """Validate a part of a response.

        Raises:
            IssuerError: it is not as documented.
        """
        try:
            return shape.model_validate(value)
        except ValidationError:
            raise self.invalid(task) from None

    def invalid(self, task: str) -> IssuerError:
        """The response is not as documented. Its text is not shown: it can contain a password."""
        return IssuerError(
            f"could not {task}: {self._host} returned an unexpected response; check that "
            "`generate.url` is the address of its web pages"
        )

    def _send(
        self,
        method: str,
        path: str,
        *,
        json: object = None,
        headers: Mapping[str, str] | None = None,
    ) -> IssuerResponse:
        headers = {**self._headers, **(headers or {})}
        response = self._client.request(method, self._url + path, headers=headers, json=json)
        if response.date is not None:
            self._date = response.date.astimezone(UTC)
        return response

    def _rejected(self, task: str, response: IssuerResponse) -> IssuerError:
        advice = self._advice.get(response.status, "check `generate` in the spec")
        if _is_transient(response):
            advice = "run again later"
        return IssuerError(f"could not {task}: {self._host} responded {response}; {advice}")

    def _moved(self, task: str, error: RedirectError) -> IssuerError:
        return IssuerError(
            f"could not {task}: {error}; check `generate.url`, and whether the project was moved"
        )


def repository_of(context: IssuerContext) -> str:
    """The repository that runs the workflow: `OWNER/REPOSITORY`.

    Raises:
        IssuerError: it is unknown.
    """
    repository = context.environ.get("GITHUB_REPOSITORY", "")
    if not repository:
        raise IssuerError(
            "GITHUB_REPOSITORY is not set, so the repository of the workflow is unknown; set it to "
            "OWNER/REPOSITORY"
        )
    return repository


def marker(context: IssuerContext) -> str:
    """The start of the names of all credentials of one journal, of lower-case letters and digits.

    It identifies the journal by the repository that runs the workflow and the name of its Actions
    secret: the same registry id is often used in several repositories, and none of them must
    mistake the credential of another for its own.

    Raises:
        IssuerError: the repository is unknown.
    """
    journal = f"{repository_of(context)}/{context.generator.store}".lower()
    return f"codespaces-registry-secrets-{sha256(journal.encode()).hexdigest()[:12]}"


def text_value(context: IssuerContext, key: str) -> str:
    """A value of the kind that is sent in a header.

    Raises:
        IssuerError: it is missing, or has a character that no header can contain.
    """
    secret = context.values.get(key)
    value = secret.get_secret_value() if secret else b""
    if not value:
        raise IssuerError(f"`generate.{key}` is empty, so nothing was sent; set it")
    # A line break at the end is the usual mistake; `isprintable` is false for it.
    text = value.decode("utf-8", "replace")
    if not text.isprintable() or "\N{REPLACEMENT CHARACTER}" in text:
        raise IssuerError(
            f"`generate.{key}` has a line break or another character that cannot be sent; store "
            "the value again without it"
        )
    return text


def hide_field(client: IssuerClient, response: object, key: str) -> None:
    """Mask the password in a response, before anything else is read from it."""
    secret = response.get(key) if isinstance(response, dict) else None
    if isinstance(secret, str) and secret:
        client.hide(secret)


def _is_transient(response: IssuerResponse) -> bool:
    limited = response.status == HTTPStatus.TOO_MANY_REQUESTS
    return limited or response.status >= HTTPStatus.INTERNAL_SERVER_ERROR


def _has_next(headers: Mapping[str, str]) -> bool:
    """Whether `X-Next-Page` (GitLab) or `Link` (both) names another page."""
    links = requests.utils.parse_header_links(headers.get("Link", ""))
    return bool(headers.get("X-Next-Page")) or any(link.get("rel") == "next" for link in links)
