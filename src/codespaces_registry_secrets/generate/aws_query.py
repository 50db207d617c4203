"""Send requests of AWS's Query API, and read the XML of their responses.

botocore signs the requests and does nothing else, because its client would read profiles, files,
roles and `AWS_*` variables of the machine.

Sources: "Making query requests" and "AWS API requests", the IAM User Guide; "Common errors", the
IAM API Reference; all on docs.aws.amazon.com.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated
from urllib.parse import urlencode
from xml.etree import ElementTree as ET

from botocore.auth import SigV4Auth  # type: ignore[import-untyped]
from botocore.awsrequest import AWSRequest  # type: ignore[import-untyped]
from botocore.credentials import Credentials  # type: ignore[import-untyped]
from pydantic import StringConstraints

from codespaces_registry_secrets.generate.api import Api, ErrorAdvice, Task, is_transient
from codespaces_registry_secrets.generate.http import IssuerClient, IssuerResponse, json_error

DENIED = frozenset({"AccessDenied", "AccessDeniedException"})

KeyId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_]{16,128}\z")]

_HEADERS = {
    "Content-Type": "application/x-www-form-urlencoded; charset=utf-8",
    # With the client's own `application/json`, some services respond with JSON.
    "Accept": "*/*",
}
_TRANSIENT = re.compile(
    "Throttl|TooManyRequests|RequestLimit|Unavailable|InternalFailure|ServiceFailure|"
    "IDPCommunicationError|ConcurrentModification|TemporarilyUnmodifiable"
)


@dataclass(frozen=True)
class QueryResult:
    """The result of an action: an element whose children are its fields, and the response."""

    element: ET.Element = field(repr=False)
    response: IssuerResponse

    def fields(self, path: str = ".") -> Mapping[str, str]:
        """The text of each child of the element at `path`, by name; empty if there is none."""
        found = self.element.find(path)
        return {} if found is None else _fields(found)

    def all_fields(self, path: str) -> list[Mapping[str, str]]:
        """The same of all elements at `path`."""
        return [_fields(element) for element in self.element.iterfind(path)]


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
        request = AWSRequest("POST", url, headers=headers, data=body)
        credentials = Credentials(self.key_id, self.secret, self.session_token)
        SigV4Auth(credentials, self.service, self.region).add_auth(request)
        return dict(request.headers.items())


class QueryApi(Api):
    """One service of AWS, in one version of its Query API. Its client reads `xml_error`."""

    def __init__(self, client: IssuerClient, url: str, version: str, advice: ErrorAdvice) -> None:
        super().__init__(client, f"{url}/", advice, is_transient=_is_transient)
        self._version = version

    def read_action(
        self, task: Task, parameters: Mapping[str, str], signer: Signer | None = None
    ) -> QueryResult:
        """Send the action of the task's permission, which changes nothing, up to three times.

        Raises:
            IssuerError: AWS rejected it, or there is no response, or an unexpected one.
        """
        body = self._body(task, parameters)
        headers = self._sign(body, signer)
        response = self.read(task, self.url, method="POST", headers=headers, form=body)
        return self._result(task, response)

    def change_action(
        self, task: Task, parameters: Mapping[str, str], signer: Signer
    ) -> QueryResult:
        """Send the action of the task's permission, which changes something, once.

        Raises:
            AbsentError: what it changes does not exist.
            IssuerError: AWS rejected it, or there is no response, or an unexpected one.
        """
        body = self._body(task, parameters)
        headers = self._sign(body, signer)
        response = self.change(task, "POST", self.url, headers=headers, form=body)
        return self._result(task, response)

    def _body(self, task: Task, parameters: Mapping[str, str]) -> bytes:
        content = {"Action": _action(task), "Version": self._version, **parameters}
        return urlencode(content).encode()

    def _sign(self, body: bytes, signer: Signer | None) -> Mapping[str, str]:
        if signer is None:
            return _HEADERS
        headers = signer.sign(self.url, _HEADERS, body)
        # AWS accepts the same signature again for some minutes.
        self._client.hide(headers["Authorization"].rpartition("Signature=")[2])
        return headers

    def _result(self, task: Task, response: IssuerResponse) -> QueryResult:
        action, root = _action(task), _parse(response.body)
        element = None if root is None else root.find(f"{{*}}{action}Result")
        if element is not None:
            return QueryResult(element, response)
        if root is None or _name(root) != f"{action}Response":
            raise self.unexpected(task)
        return QueryResult(root, response)  # the action has no result


def _action(task: Task) -> str:
    """The action of AWS that a permission allows: `ListAccessKeys` of `iam:ListAccessKeys`."""
    return task.permission.rpartition(":")[2]


def xml_error(body: bytes) -> str:
    """The error in a response, as `CODE: MESSAGE`; the one of JSON if the body is no XML."""
    error = _error_fields(body)
    text = ": ".join(filter(None, (error.get("Code"), error.get("Message"))))
    return text.rstrip(". ") or json_error(body)


def error_code(response: IssuerResponse) -> str:
    """AWS's name of an error; empty if the response has none."""
    return _error_fields(response.body).get("Code", "")


def _is_transient(response: IssuerResponse) -> bool:
    return is_transient(response) or bool(_TRANSIENT.search(error_code(response)))


def _error_fields(body: bytes) -> Mapping[str, str]:
    root = _parse(body)
    error = None if root is None else root.find("{*}Error")
    return {} if error is None else _fields(error)


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
