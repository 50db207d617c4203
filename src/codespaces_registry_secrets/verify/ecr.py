"""Exchange an AWS access key for a login to Amazon ECR.

Codespaces does the same for a triplet whose user name is an access key ID. It takes one signed
request. botocore signs it and does nothing else, because its client would read profiles, files,
roles and `AWS_*` variables of the machine.

Sources: "Allowing your codespace to access a private registry", docs.github.com;
"GetAuthorizationToken", "Amazon ECR endpoints and quotas" and "Service-specific endpoints",
docs.aws.amazon.com.
"""

from __future__ import annotations

import json
import re
from base64 import b64decode
from collections.abc import Mapping
from http import HTTPStatus

from pydantic import SecretBytes

from codespaces_registry_secrets.model.registries import ACCESS_KEY, ECR, ecr_api_url
from codespaces_registry_secrets.verify.errors import LoginError, rejected, unreachable
from codespaces_registry_secrets.verify.http import (
    BasicCredentials,
    RegistryClient,
    RegistryResponse,
    host_of,
    is_loopback,
    split_url,
)

ENDPOINT = "AWS_ENDPOINT_URL_ECR"
PERMISSIONS = "`ecr:GetAuthorizationToken` and `sts:GetServiceBearerToken`"

_BODY = b"{}"
_HEADERS = {
    "Content-Type": "application/x-amz-json-1.1",
    "X-Amz-Target": "AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken",
}
# The codes for a key that AWS does not know, or not yet. Source: "Common Errors" of the APIs of
# Amazon ECR and AWS IAM, docs.aws.amazon.com.
_UNKNOWN_KEY = frozenset({"UnrecognizedClientException", "InvalidClientTokenId"})
_TRANSIENT = re.compile(
    "Throttl|TooManyRequests|RequestLimit|Unavailable|InternalFailure|ServerExc"
)


def exchange_access_key(
    client: RegistryClient, server: str, credential: BasicCredentials, endpoint: str
) -> BasicCredentials:
    """Get the login that AWS issues for an access key at an ECR server; return any other as is.

    `endpoint` is a URL to use instead of AWS's own, empty for AWS's.

    Raises:
        LoginError: AWS rejects the key, or cannot be reached.
    """
    registry = ECR.fullmatch(server)
    key_id = credential.username.get_secret_value().decode("ascii", "replace")
    if not registry or not ACCESS_KEY.fullmatch(key_id):
        return credential
    region = registry["region"]
    if endpoint:
        _check_endpoint(endpoint)
    url = endpoint or ecr_api_url(region, registry["suffix"])
    response = _request(client, f"{url.rstrip('/')}/", region, key_id, credential.password)
    if response.status != HTTPStatus.OK:
        raise _translate_error(client, response)
    return _parse_login(client, response)


def _check_endpoint(endpoint: str) -> None:
    """Require TLS: whoever receives the signed request can send it to AWS and get the login."""
    url = split_url(endpoint)
    safe = url.scheme == "https" or (url.scheme == "http" and is_loopback(host_of(endpoint)))
    if not safe or not url.host or url.auth or url.query or url.fragment:
        raise rejected(
            f"{ENDPOINT} must be an https URL (http only for a loopback host), so the access key "
            "was not used; correct the variable, or remove it"
        )


def _request(
    client: RegistryClient, url: str, region: str, key_id: str, secret: SecretBytes
) -> RegistryResponse:
    headers = _sign(url, region, key_id, secret.get_secret_value().decode("utf-8", "replace"))
    # AWS accepts the same signature again for some minutes.
    client.hide(headers["Authorization"].rpartition("Signature=")[2].encode())
    try:
        return client.post(url, _BODY, headers)
    except LoginError as error:
        raise error.about(f"request for an ECR login in {region}") from None


def _sign(url: str, region: str, key_id: str, secret: str) -> Mapping[str, str]:
    """The headers of the request, with its signature."""
    # Imported here, because few runs need it, and the import takes long.
    from botocore.auth import SigV4Auth  # type: ignore[import-untyped] # noqa: PLC0415
    from botocore.awsrequest import AWSRequest  # type: ignore[import-untyped] # noqa: PLC0415
    from botocore.credentials import Credentials  # type: ignore[import-untyped] # noqa: PLC0415

    request = AWSRequest("POST", url, headers=_HEADERS, data=_BODY)
    SigV4Auth(Credentials(key_id, secret), "ecr", region).add_auth(request)
    return dict(request.headers.items())


def _parse_login(client: RegistryClient, response: RegistryResponse) -> BasicCredentials:
    """User name and password, which AWS returns joined by a colon, in base64."""
    try:
        token = json.loads(response.body)["authorizationData"][0]["authorizationToken"]
        username, password = b64decode(token, validate=True).split(b":", 1)
    except (LookupError, RecursionError, TypeError, ValueError):
        raise unreachable("AWS returned no ECR login in its response") from None
    client.hide(token.encode())
    client.hide(password)
    return BasicCredentials(SecretBytes(username), SecretBytes(password))


def _translate_error(client: RegistryClient, response: RegistryResponse) -> LoginError:
    code, message = _parse_error(response.body)
    text = ": ".join(filter(None, (code, message))).rstrip(". ")
    reason = client.redact(text) or str(response)
    if response.status >= HTTPStatus.INTERNAL_SERVER_ERROR or _TRANSIENT.search(code):
        return unreachable(f"AWS cannot issue an ECR login now ({reason}); run again later")
    return rejected(
        f"AWS denied an ECR login for this access key ({reason}); the key must be active, the "
        f"secret must belong to it, and its user needs {PERMISSIONS}",
        unknown=code in _UNKNOWN_KEY,
    )


def _parse_error(body: bytes) -> tuple[str, str]:
    """Code and message, or no code and the whole text. Source: "AWS JSON 1.1", smithy.io."""
    text = body.decode("utf-8", "replace")
    try:
        error = json.loads(text)
    except (RecursionError, ValueError):
        return "", text
    if not isinstance(error, dict):
        return "", text
    code, message = error.get("__type"), error.get("message") or error.get("Message")
    return str(code or "").rpartition("#")[2], str(message or "")
