"""Send requests to the API of a cloud, with an access token that stands for the job.

The token is requested at the first request and kept for the run, in memory alone.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from typing import TypeVar
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict, SecretStr, ValidationError

from codespaces_registry_secrets.generate.http import (
    IssuerClient,
    IssuerResponse,
    RedirectError,
    is_rejection,
)
from codespaces_registry_secrets.generate.issuer import IssuerError, RejectedError

M = TypeVar("M", bound=BaseModel)

# Seconds before each attempt of a request that can be repeated.
_PAUSES = (0.0, 0.5, 2.0)
# A token that expires within this many seconds is replaced.
_RENEW_SECONDS = 300


class Schema(BaseModel):
    """A part of a response: the fields that an issuer uses. No error repeats a value."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)


@dataclass(frozen=True)
class Purpose:
    """What a request is for, as the end of "could not …", and the permission that it needs."""

    text: str
    permission: str = ""


@dataclass(frozen=True)
class AccessToken:
    """An access token of a cloud, and for how many seconds it is valid."""

    text: SecretStr
    expires_in: float


class CloudApi:
    """Sends requests to a cloud.

    `request_token` requests an access token. `advise` says what to do about a rejected request; it
    gets the response and the permission that the request needs.
    """

    def __init__(
        self,
        client: IssuerClient,
        request_token: Callable[[], AccessToken],
        advise: Callable[[IssuerResponse, str], str],
    ) -> None:
        self._client = client
        self._request_token = request_token
        self._advise = advise
        self._token = AccessToken(SecretStr(""), 0)
        self._valid_until = 0.0

    def read(self, url: str, purpose: Purpose) -> IssuerResponse:
        """Send a GET. It is repeated after a server error.

        Raises:
            IssuerError: it was rejected, or there is no response.
        """
        headers = self._headers()
        return self.check(
            repeat(lambda: self._client.request("GET", url, headers=headers), purpose), purpose
        )

    def change(
        self,
        method: str,
        url: str,
        purpose: Purpose,
        *,
        json: object = None,
        can_miss: bool = False,
    ) -> IssuerResponse:
        """Send a request that changes something, once.

        `can_miss`: 404 is a success, because what it removes does not exist.

        Raises:
            RejectedError: it was rejected.
            IssuerError: there is no response, or it does not say whether it was carried out.
        """
        headers = self._headers()
        try:
            response = self._client.request(method, url, headers=headers, json=json)
        except IssuerError as error:
            message = f"{error}; the next run finds out whether the request was carried out"
            raise IssuerError(f"could not {purpose.text}: {message}") from None
        if can_miss and response.status == HTTPStatus.NOT_FOUND:
            return response
        try:
            return self.check(response, purpose)
        except IssuerError as error:
            if is_rejection(response):
                raise RejectedError(str(error)) from None
            raise

    def check(self, response: IssuerResponse, purpose: Purpose) -> IssuerResponse:
        """Return a successful response.

        Raises:
            IssuerError: the request was rejected.
        """
        if response.ok:
            return response
        advice = self._advise(response, purpose.permission)
        raise IssuerError(f"could not {purpose.text} ({response}); {advice}")

    def _headers(self) -> dict[str, str]:
        if time.monotonic() >= self._valid_until:
            self._token = self._request_token()
            self._valid_until = time.monotonic() + self._token.expires_in - _RENEW_SECONDS
        return {"Authorization": f"Bearer {self._token.text.get_secret_value()}"}


def repeat(send: Callable[[], IssuerResponse], purpose: Purpose) -> IssuerResponse:
    """Send a request that changes nothing, and repeat it after a server error.

    Raises:
        IssuerError: there is no response, or a redirect.
    """
    failure: IssuerError | None = None
    for pause in _PAUSES:
        time.sleep(pause)
        try:
            response = send()
        except IssuerError as error:
            failure = IssuerError(f"could not {purpose.text}: {error}")
            if isinstance(error, RedirectError):
                break
            continue
        failure = None
        if not transient(response):
            break
    if failure:
        raise failure
    return response


def transient(response: IssuerResponse) -> str:
    """What to do about a response after which the same request can succeed; empty for others."""
    if response.status == HTTPStatus.TOO_MANY_REQUESTS:
        return "too many requests were sent; run again later"
    if response.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return "the service has an outage; run again later"
    return ""


def parse(schema: type[M], content: object, purpose: Purpose) -> M:
    """Validate the JSON of a response.

    Raises:
        IssuerError: it does not match the schema.
    """
    try:
        return schema.model_validate(content)
    except ValidationError:
        raise unexpected(purpose) from None


def unexpected(purpose: Purpose) -> IssuerError:
    """The error for a response that does not match the documentation of its API."""
    return IssuerError(
        f"could not {purpose.text}: the response does not match the documentation of the API; "
        "check for a proxy between the runner and the service, and run again"
    )


def server_time(response: IssuerResponse, purpose: Purpose) -> datetime:
    """The time of the service, by the header `Date`.

    Raises:
        IssuerError: the header is missing or invalid.
    """
    if response.date is None:
        raise unexpected(purpose)
    return response.date.astimezone(UTC)


def path_segment(text: str) -> str:
    """A name as one segment of a URL's path.

    Raises:
        IssuerError: it would change the path.
    """
    if text in {"", ".", ".."}:
        raise IssuerError(f"`{text}` is not a name that an issuer accepts; correct the spec")
    return quote(text, safe="")
