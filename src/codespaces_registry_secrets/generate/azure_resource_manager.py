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

from codespaces_registry_secrets.generate.access_token import AccessToken, BearerAuth
from codespaces_registry_secrets.generate.addresses import endpoint, path_segment
from codespaces_registry_secrets.generate.api import RUN_AGAIN, Api, ErrorAdvice, Schema, Task
from codespaces_registry_secrets.generate.http import IssuerClient, IssuerResponse
from codespaces_registry_secrets.generate.id_token import request_id_token
from codespaces_registry_secrets.generate.issuer import IssuerContext, IssuerError
from codespaces_registry_secrets.verify.http import join_url, origin

AUDIENCE = "api://AzureADTokenExchange"
REGISTRIES = "Microsoft.ContainerRegistry/registries"

_ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_PAGE = "docs/generate/azure-container-registry-token.md"
_READ_OPERATION = Task(
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

    @cached_property
    def api(self) -> Api:
        """The API of Azure Resource Manager. Raises IssuerError if its URL is not safe."""
        default = "https://management.azure.com"
        url = endpoint(self._context.environ, "AZURE_RESOURCE_MANAGER_URL", default)
        advice = ErrorAdvice(_advise, otherwise=f"see {_PAGE}")
        return Api(self._client, url, advice, headers=BearerAuth(self._sign_in))

    def change(self, task: Task, method: str, path: str, content: object) -> object:
        """Send a request that changes something, once, and wait until Azure has carried it out.

        Raises:
            IssuerError: it was rejected, failed or takes too long, or there is no response.
        """
        response = self.api.change(task, method, f"{self.api.url}{path}", json=content)
        status_url = self._operation_url(task, response, "Azure-AsyncOperation")
        result_url = self._operation_url(task, response, "Location")
        if status_url or (response.status == HTTPStatus.ACCEPTED and result_url):
            return self._wait(task, response, status_url or result_url, result_url)
        return response.json

    def _sign_in(self) -> AccessToken:
        """Exchange the ID token of the job for an access token of Entra."""
        task, options = Task("sign in to Azure"), self._context.generator
        default = "https://login.microsoftonline.com"
        authority = endpoint(self._context.environ, "AZURE_AUTHORITY_HOST", default)
        otherwise = f"check `tenant`, `client-id` and the federated credential ({_PAGE})"
        entra = Api(self._client, authority, ErrorAdvice(_advise_sign_in, otherwise))
        url = f"{authority}/{path_segment(options.option('tenant'))}/oauth2/v2.0/token"
        form = {
            "grant_type": "client_credentials",
            "client_id": options.option("client-id"),
            "scope": f"{self.api.url}/.default",
            "client_assertion_type": _ASSERTION,
            "client_assertion": request_id_token(self._client, self._context.environ, AUDIENCE),
        }
        content = entra.read(task, url, method="POST", form=form).json
        self._client.hide_field(content, "access_token")
        token = entra.parse(task, _EntraToken, content)
        return AccessToken(token.access_token, token.expires_in)

    def _wait(self, task: Task, response: IssuerResponse, url: str, result_url: str) -> object:
        """Poll `url` until the operation is finished; return its result."""
        until = time.monotonic() + _WAIT_SECONDS
        while True:
            _pause(task, response, until)
            response = self.api.read(_READ_OPERATION, url)
            content: Any = response.json if isinstance(response.json, dict) else {}
            status = content.get("status")
            if status in {"Failed", "Canceled"}:
                detail = f"{status}: {response.message}" if response.message else status
                raise IssuerError(task.failure(f"Azure's operation ended ({detail})", RUN_AGAIN))
            if status == "Succeeded" and url != result_url and result_url:
                url = result_url
            elif status == "Succeeded":
                return content.get("properties")
            elif status is None and response.status != HTTPStatus.ACCEPTED:
                return content

    def _operation_url(self, task: Task, response: IssuerResponse, header: str) -> str:
        """The URL of a header; only on the host that gets the access token anyway."""
        if header not in response.headers:
            return ""
        url = join_url(self.api.url, response.headers[header])
        if origin(url) != origin(self.api.url):
            raise self.api.unexpected(task)
        return url


def _pause(task: Task, response: IssuerResponse, until: float) -> None:
    """Wait for as long as Azure says, but not beyond `until`."""
    text = response.headers.get("Retry-After", "")
    seconds = max(float(text), _MIN_POLL_SECONDS) if text.isdecimal() else _POLL_SECONDS
    if time.monotonic() + seconds > until:
        limit = f"{_WAIT_SECONDS:.0f} s"
        reason = f"Azure accepted the request, but did not finish it within {limit}"
        raise IssuerError(task.failure(reason, RUN_AGAIN))
    time.sleep(seconds)


def _advise(response: IssuerResponse, task: Task) -> str:
    """What to do about a request that Azure Resource Manager rejected."""
    code = _error_code(response)
    if code == "RequestDisallowedByPolicy":
        return "a policy of the subscription forbids it; ask who manages the policies"
    if code == "ScopeLocked":
        return "a lock on the registry or its group forbids changes; remove the lock"
    advice: dict[int, str] = {
        HTTPStatus.UNAUTHORIZED: "check that `tenant` is the tenant of the subscription",
        HTTPStatus.FORBIDDEN: f"the identity needs a role with `{task.permission}` on the "
        "registry; a new role assignment takes up to 10 minutes",
        HTTPStatus.NOT_FOUND: "check `subscription`, `resource-group`, `name` and `token`, and "
        "that the token exists",
        HTTPStatus.CONFLICT: "another operation on the registry is running; run again later",
    }
    return advice.get(response.status, "")


def _error_code(response: IssuerResponse) -> object:
    content = response.json
    error = content.get("error") if isinstance(content, dict) else None
    return error.get("code") if isinstance(error, dict) else None


def _advise_sign_in(response: IssuerResponse, _: Task) -> str:
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
    return ""
