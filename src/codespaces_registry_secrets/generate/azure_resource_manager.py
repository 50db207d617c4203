"""Send requests to Azure Resource Manager, as an identity that trusts the job.

Sources: "OAuth 2.0 client credentials flow" and "Asynchronous Azure operations",
learn.microsoft.com.
"""

from __future__ import annotations

import re
import time
from functools import cached_property
from http import HTTPStatus
from typing import Any

from pydantic import Field, SecretStr

from codespaces_registry_secrets.generate.cloud import (
    AccessToken,
    CloudApi,
    Purpose,
    Schema,
    parse,
    path_segment,
    repeat,
    transient,
    unexpected,
)
from codespaces_registry_secrets.generate.http import IssuerClient, IssuerResponse, endpoint
from codespaces_registry_secrets.generate.id_token import request_id_token
from codespaces_registry_secrets.generate.issuer import IssuerContext, IssuerError
from codespaces_registry_secrets.generate.rest import hide_field
from codespaces_registry_secrets.verify.http import join_url, origin

AUDIENCE = "api://AzureADTokenExchange"
REGISTRIES = "Microsoft.ContainerRegistry/registries"

_ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_PAGE = "docs/generate/azure-container-registry-token.md"
_READ_OPERATION = Purpose(
    "read the state of an operation",
    f"{REGISTRIES}/operationStatuses/read` and `{REGISTRIES}/tokens/operationStatuses/read",
)

# How long to wait for Azure to finish an operation, and for how long between two requests if it
# does not say so.
_WAIT_SECONDS, _POLL_SECONDS, _MIN_POLL_SECONDS = 120.0, 3.0, 0.05

# Source: "Microsoft Entra authentication and authorization error codes", learn.microsoft.com.
# 700211 to 700213 are about the issuer, the audience and the subject.
_NO_TRUST = re.compile(r"AADSTS70021[0-9]*\b")
_NO_IDENTITY = re.compile(r"AADSTS(700016|90002|900021|900023)\b")
_CONDITIONAL_ACCESS = re.compile(r"AADSTS530\d\d\b")


class _EntraToken(Schema):
    access_token: SecretStr = Field(min_length=1)
    expires_in: int


class AzureResourceManager:
    """Sends requests as the identity `client-id`: an app registration or a managed identity."""

    def __init__(self, context: IssuerContext, client: IssuerClient) -> None:
        self._context = context
        self._client = client
        self._api = CloudApi(client, self._sign_in, _advise)

    def read(self, path: str, purpose: Purpose) -> IssuerResponse:
        """Send a GET.

        Raises:
            IssuerError: it was rejected, or there is no response.
        """
        return self._api.read(f"{self._url}{path}", purpose)

    def change(self, method: str, path: str, purpose: Purpose, content: object) -> object:
        """Send a request that changes something, once, and wait until Azure has carried it out.

        Raises:
            IssuerError: it was rejected, failed or takes too long, or there is no response.
        """
        response = self._api.change(method, f"{self._url}{path}", purpose, json=content)
        status_url = self._operation_url(response, "Azure-AsyncOperation", purpose)
        result_url = self._operation_url(response, "Location", purpose)
        if status_url or (response.status == HTTPStatus.ACCEPTED and result_url):
            return self._wait(response, status_url or result_url, result_url, purpose)
        return response.json

    @cached_property
    def _url(self) -> str:
        default = "https://management.azure.com"
        return endpoint(self._context.environ, "AZURE_RESOURCE_MANAGER_URL", default)

    def _sign_in(self) -> AccessToken:
        """Exchange the ID token of the job for an access token of Entra."""
        default = "https://login.microsoftonline.com"
        authority = endpoint(self._context.environ, "AZURE_AUTHORITY_HOST", default)
        options = self._context.generator
        url = f"{authority}/{path_segment(options.option('tenant'))}/oauth2/v2.0/token"
        form = {
            "grant_type": "client_credentials",
            "client_id": options.option("client-id"),
            "scope": f"{self._url}/.default",
            "client_assertion_type": _ASSERTION,
            "client_assertion": request_id_token(self._client, self._context.environ, AUDIENCE),
        }
        purpose = Purpose("sign in to Azure")
        response = repeat(lambda: self._client.request("POST", url, form=form), purpose)
        if not response.ok:
            advice = transient(response) or _advise_sign_in(response)
            raise IssuerError(f"could not {purpose.text} ({response}); {advice}")
        hide_field(self._client, response.json, "access_token")
        token = parse(_EntraToken, response.json, purpose)
        return AccessToken(token.access_token, token.expires_in)

    def _wait(
        self, response: IssuerResponse, url: str, result_url: str, purpose: Purpose
    ) -> object:
        """Poll `url` until the operation is finished; return its result."""
        until = time.monotonic() + _WAIT_SECONDS
        while True:
            _pause(response, until, purpose)
            response = self._api.read(url, _READ_OPERATION)
            content: Any = response.json if isinstance(response.json, dict) else {}
            status = content.get("status")
            if status in {"Failed", "Canceled"}:
                reason = f"{status}: {response.message}" if response.message else status
                raise IssuerError(f"could not {purpose.text} ({reason}); run again later")
            if status == "Succeeded" and url != result_url and result_url:
                url = result_url
            elif status == "Succeeded":
                return content.get("properties")
            elif status is None and response.status != HTTPStatus.ACCEPTED:
                return content

    def _operation_url(self, response: IssuerResponse, header: str, purpose: Purpose) -> str:
        """The URL of a header; only on the host that gets the access token anyway."""
        if header not in response.headers:
            return ""
        url = join_url(self._url, response.headers[header])
        if origin(url) != origin(self._url):
            raise unexpected(purpose)
        return url


def _pause(response: IssuerResponse, until: float, purpose: Purpose) -> None:
    text = response.headers.get("Retry-After", "")
    seconds = max(float(text), _MIN_POLL_SECONDS) if text.isdecimal() else _POLL_SECONDS
    if time.monotonic() + seconds > until:
        raise IssuerError(
            f"could not {purpose.text}: Azure accepted the request, but did not finish it within "
            f"{_WAIT_SECONDS:.0f} s; run again later"
        )
    time.sleep(seconds)


def _advise(response: IssuerResponse, permission: str) -> str:
    """What to do about a request that Azure Resource Manager rejected."""
    code = _error_code(response)
    if code == "RequestDisallowedByPolicy":
        return "a policy of the subscription forbids it; ask who manages the policies"
    if code == "ScopeLocked":
        return "a lock on the registry or its group forbids changes; remove the lock"
    advice: dict[int, str] = {
        HTTPStatus.UNAUTHORIZED: "check that `tenant` is the tenant of the subscription",
        HTTPStatus.FORBIDDEN: f"the identity needs a role with `{permission}` on the registry; a "
        "new role assignment takes up to 10 minutes",
        HTTPStatus.NOT_FOUND: "check `subscription`, `resource-group`, `name` and `token`, and "
        "that the token exists",
        HTTPStatus.CONFLICT: "another operation on the registry is running; run again later",
    }
    return transient(response) or advice.get(response.status, f"see {_PAGE}")


def _error_code(response: IssuerResponse) -> str:
    content = response.json
    error = content.get("error") if isinstance(content, dict) else None
    return str(error.get("code", "")) if isinstance(error, dict) else ""


def _advise_sign_in(response: IssuerResponse) -> str:
    """What to do about a request that Entra rejected."""
    if _NO_TRUST.search(response.message):
        return (
            "the identity `client-id` needs a federated credential for this job, with the issuer "
            "https://token.actions.githubusercontent.com, the audience "
            f"{AUDIENCE} and the exact subject; a new one takes some minutes ({_PAGE})"
        )
    if _NO_IDENTITY.search(response.message):
        return "check `tenant` and `client-id`"
    if _CONDITIONAL_ACCESS.search(response.message):
        return "a conditional access policy forbids it; ask who manages the policies"
    return f"check `tenant`, `client-id` and the federated credential ({_PAGE})"
