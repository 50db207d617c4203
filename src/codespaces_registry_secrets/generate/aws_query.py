"""Send requests of AWS's Query API, and read the XML of their responses.

botocore signs the requests and does nothing else, because its client would read profiles, files,
roles and `AWS_*` variables of the machine.

Sources: "Making query requests" and "AWS API requests", the IAM User Guide; "Common errors", the
IAM API Reference; all on docs.aws.amazon.com.
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, TypeVar
from urllib.parse import urlencode
from xml.etree import ElementTree as ET

from pydantic import BaseModel, StringConstraints, ValidationError

from codespaces_registry_secrets.generate.http import IssuerClient, IssuerResponse
from codespaces_registry_secrets.generate.issuer import IssuerError

DENIED = frozenset({"AccessDenied", "AccessDeniedException"})

KeyId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_]{16,128}\z")]
Model = TypeVar("Model", bound=BaseModel)

PAUSES = (0.0, 0.5, 1.5)  # seconds before each attempt of a request that changes nothing

_HEADERS = {
    "Content-Type": "application/x-www-form-urlencoded; charset=utf-8",
    # With the client's own `application/json`, some services respond with JSON.
    "Accept": "*/*",
}
_TRANSIENT = re.compile(
    "Throttl|TooManyRequests|RequestLimit|Unavailable|InternalFailure|ServiceFailure|"
    "IDPCommunicationError|ConcurrentModification|TemporarilyUnmodifiable"
)


class QueryError(IssuerError):
    """AWS rejected a request.

    `code` is AWS's name of the error, empty if the response has none; `reason` is its redacted
    text. `transient`: the same request can succeed later.
    """

    def __init__(self, code: str, reason: str, *, transient: bool) -> None:
        self.code = code
        self.reason = reason
        self.transient = transient
        super().__init__(reason)


class UnreadableResponseError(IssuerError):
    """A successful response is not what AWS documents, so its content is unknown."""

    def __init__(self, action: str) -> None:
        super().__init__(f"AWS returned an unexpected response to {action}")


@dataclass(frozen=True)
class QueryResult:
    """The result of a request: an element whose children are its fields, and AWS's time."""

    action: str
    element: ET.Element = field(repr=False)
    date: datetime | None

    def fields(self, path: str = ".") -> Mapping[str, str]:
        """The text of each child of the element at `path`, by name; empty if there is none."""
        found = self.element.find(path)
        return {} if found is None else _fields(found)

    def all_fields(self, path: str) -> list[Mapping[str, str]]:
        """The same of all elements at `path`."""
        return [_fields(element) for element in self.element.iterfind(path)]

    def parse(self, model: type[Model], found: Mapping[str, str]) -> Model:
        """Fields of the result as a model.

        Raises:
            UnreadableResponseError: they do not match; the message has no value.
        """
        try:
            return model.model_validate(found)
        except ValidationError:
            raise UnreadableResponseError(self.action) from None


@dataclass(frozen=True)
class Signer:
    """Signs requests to a service with temporary credentials."""

    service: str
    region: str
    key_id: str
    secret: str = field(repr=False)
    session_token: str = field(repr=False)

    def sign(self, url: str, headers: Mapping[str, str], body: bytes) -> Mapping[str, str]:
        """The headers of a POST, with its signature."""
        # Imported here, because few runs need it, and the import takes long.
        from botocore.auth import SigV4Auth  # type: ignore[import-untyped] # noqa: PLC0415
        from botocore.awsrequest import AWSRequest  # type: ignore[import-untyped] # noqa: PLC0415
        from botocore.credentials import Credentials  # type: ignore[import-untyped] # noqa: PLC0415

        request = AWSRequest("POST", url, headers=headers, data=body)
        credentials = Credentials(self.key_id, self.secret, self.session_token)
        SigV4Auth(credentials, self.service, self.region).add_auth(request)
        return dict(request.headers.items())


class QueryApi:
    """One service of AWS at a URL, in one version of its Query API."""

    def __init__(self, client: IssuerClient, url: str, version: str) -> None:
        self._client = client
        self._url = f"{url}/"
        self._version = version

    def read(
        self, action: str, parameters: Mapping[str, str], signer: Signer | None = None
    ) -> QueryResult:
        """Send a request that changes nothing, up to three times.

        Raises:
            QueryError: AWS rejected it.
            IssuerError: there is no response, or an unreadable one.
        """
        for pause in PAUSES[:-1]:
            time.sleep(pause)
            try:
                return self.send(action, parameters, signer)
            except UnreadableResponseError:
                raise
            except IssuerError as error:
                if isinstance(error, QueryError) and not error.transient:
                    raise
        time.sleep(PAUSES[-1])
        return self.send(action, parameters, signer)

    def send(
        self, action: str, parameters: Mapping[str, str], signer: Signer | None = None
    ) -> QueryResult:
        """Send a request once. Raises as `read`."""
        body = urlencode({"Action": action, "Version": self._version, **parameters}).encode()
        headers: Mapping[str, str] = _HEADERS
        if signer:
            headers = signer.sign(self._url, headers, body)
            # AWS accepts the same signature again for some minutes.
            self._client.hide(headers["Authorization"].rpartition("Signature=")[2])
        try:
            response = self._client.request("POST", self._url, headers=headers, form=body)
        except IssuerError as error:
            raise IssuerError(f"AWS did not respond to {action}: {error}") from None
        root = _parse(response.body)
        if not response.ok:
            raise _rejection(self._client, response, root)
        element = None if root is None else root.find(f"{{*}}{action}Result")
        if element is not None:
            return QueryResult(action, element, response.date)
        if root is None or _name(root) != f"{action}Response":
            raise UnreadableResponseError(action)
        return QueryResult(action, root, response.date)  # the action has no result


def _fields(element: ET.Element) -> Mapping[str, str]:
    """The text of each child of an element, by its name without the namespace."""
    return {_name(child): child.text or "" for child in element}


def _name(element: ET.Element) -> str:
    return element.tag.rpartition("}")[2]


def _parse(body: bytes) -> ET.Element | None:
    """The root of an XML document; None if it is none.

    A document type could define entities that expand to any size, and AWS sends none. As text, the
    document cannot choose an encoding that would hide it.
    """
    try:
        text = body.decode("utf-8")
        return None if "<!DOCTYPE" in text else ET.fromstring(text)  # noqa: S314 - see above
    except (ET.ParseError, ValueError):
        return None


def _rejection(
    client: IssuerClient, response: IssuerResponse, root: ET.Element | None
) -> QueryError:
    error = None if root is None else root.find("{*}Error")
    found = {} if error is None else _fields(error)
    code = found.get("Code", "")
    text = ": ".join(filter(None, (code, found.get("Message", "")))).rstrip(". ")
    transient = bool(
        response.status >= HTTPStatus.INTERNAL_SERVER_ERROR
        or response.status == HTTPStatus.TOO_MANY_REQUESTS
        or _TRANSIENT.search(code)
    )
    return QueryError(code, client.redact(text) or str(response), transient=transient)
