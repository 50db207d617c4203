"""Read and change what a service has. Each error says "could not TASK: REASON; ADVICE".

A request that changes nothing is repeated after a server error. One that changes something is sent
once, because a lost one could have been carried out.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from http import HTTPStatus
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from codespaces_registry_secrets.generate.http import (
    IssuerClient,
    IssuerResponse,
    RedirectError,
    UnreachableError,
)
from codespaces_registry_secrets.generate.issuer import IssuerError, RejectedError
from codespaces_registry_secrets.verify.http import host_of

# Seconds before each attempt of a request that changes nothing.
PAUSES: tuple[float, ...] = (0.0, 0.5, 2.0)
RUN_AGAIN = "run again later"

_CHECK_PROXY = "check for a proxy between the runner and the service, and run again"
_LOST = "the next run finds out whether the request was carried out"


class Schema(BaseModel):
    """A part of a response: the fields that an issuer uses. No error repeats a value."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)


S = TypeVar("S", bound=Schema)


class AbsentError(RejectedError):
    """What the request is about does not exist: the status is 404."""


@dataclass(frozen=True)
class Task:
    """What a request is for, as the end of "could not …", and the permission that it needs."""

    text: str
    permission: str = ""

    def failure(self, reason: object, advice: str = "") -> str:
        """`could not list the keys: iam.example.com responded 404; check the account`."""
        return f"could not {self.text}: {reason}{f'; {advice}' if advice else ''}"


@dataclass(frozen=True)
class ErrorAdvice:
    """What to do about each error of a service.

    `rejected` gets the response and the task, and returns nothing for a response that it does not
    know: then the advice is `otherwise`, or to run again if the same request can succeed later.
    `unexpected` is for a response that does not match the documentation.
    """

    rejected: Callable[[IssuerResponse, Task], str]
    otherwise: str
    unexpected: str = _CHECK_PROXY
    redirected: str = _CHECK_PROXY


def is_transient(response: IssuerResponse) -> bool:
    """Whether the same request can succeed later, by the status."""
    limited = response.status == HTTPStatus.TOO_MANY_REQUESTS
    return limited or response.status >= HTTPStatus.INTERNAL_SERVER_ERROR


def is_rejection(response: IssuerResponse) -> bool:
    """Whether a service certainly did not carry out the request, by the status."""
    rejections = range(HTTPStatus.BAD_REQUEST, HTTPStatus.INTERNAL_SERVER_ERROR)
    return response.status in rejections and response.status != HTTPStatus.REQUEST_TIMEOUT


class Api:
    """Sends the requests of the service at `url`.

    `headers` is called before each request, for the headers that say who sends it.
    """

    def __init__(
        self,
        client: IssuerClient,
        url: str,
        advice: ErrorAdvice,
        *,
        headers: Callable[[], Mapping[str, str]] = dict,
        is_transient: Callable[[IssuerResponse], bool] = is_transient,
    ) -> None:
        self.url = url
        self._client = client
        self._advice = advice
        self._headers = headers
        self._is_transient = is_transient

    def read(
        self,
        task: Task,
        url: str,
        *,
        method: str = "GET",
        headers: Mapping[str, str] | None = None,
        form: Mapping[str, str] | bytes | None = None,
        json: object = None,
    ) -> IssuerResponse:
        """Send a request that changes nothing, up to three times.

        Raises:
            IssuerError: it was rejected, or there is no response.
        """
        send = self._sender(method, url, headers, form, json)
        return self._respond(task, partial(_repeat, send, self._is_transient))

    def change(
        self,
        task: Task,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        form: bytes | None = None,
        json: object = None,
    ) -> IssuerResponse:
        """Send a request that changes something, once.

        Raises:
            AbsentError: what it changes does not exist.
            RejectedError: it was rejected.
            IssuerError: it is not known whether it was carried out.
        """
        return self._respond(task, self._sender(method, url, headers, form, json), lost=_LOST)

    def _sender(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None,
        form: Mapping[str, str] | bytes | None,
        json: object,
    ) -> Callable[[], IssuerResponse]:
        headers = {**self._headers(), **(headers or {})}
        return partial(self._client.request, method, url, headers=headers, form=form, json=json)

    def _respond(
        self, task: Task, send: Callable[[], IssuerResponse], lost: str = ""
    ) -> IssuerResponse:
        try:
            response = send()
        except RedirectError as error:
            raise IssuerError(task.failure(error, self._advice.redirected)) from None
        except UnreachableError as error:
            raise IssuerError(task.failure(error, lost)) from None
        if response.ok:
            return response
        default = RUN_AGAIN if self._is_transient(response) else self._advice.otherwise
        message = task.failure(response, self._advice.rejected(response, task) or default)
        if response.status == HTTPStatus.NOT_FOUND:
            raise AbsentError(message)
        rejected = is_rejection(response) and not self._is_transient(response)
        raise RejectedError(message) if rejected else IssuerError(message)

    def parse(self, task: Task, schema: type[S], content: object) -> S:
        """Validate a part of a response.

        Raises:
            IssuerError: it does not match the schema.
        """
        try:
            return schema.model_validate(content)
        except ValidationError:
            raise self.unexpected(task) from None

    def unexpected(self, task: Task) -> IssuerError:
        """The error for a response that does not match the documentation of the service.

        It does not show the response, which can contain a password.
        """
        reason = f"{host_of(self.url)} returned an unexpected response"
        return IssuerError(task.failure(reason, self._advice.unexpected))


def _repeat(
    send: Callable[[], IssuerResponse], is_transient: Callable[[IssuerResponse], bool]
) -> IssuerResponse:
    """Send a request, and again after a server error, a limit of the rate, or no response."""
    for pause in PAUSES[:-1]:
        time.sleep(pause)
        with suppress(UnreachableError):
            response = send()
            if not is_transient(response):
                return response
    time.sleep(PAUSES[-1])
    return send()


def server_time(task: Task, response: IssuerResponse) -> datetime:
    """The time of the service in UTC, which no clock of the runner replaces.

    Raises:
        IssuerError: the response does not tell it.
    """
    if response.date is None:
        reason = f"{response.host} sends no header `Date`, so its time is unknown"
        raise IssuerError(task.failure(reason, "check whether a proxy removes the header"))
    return response.date
