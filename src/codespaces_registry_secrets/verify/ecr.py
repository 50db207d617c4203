"""An AWS access key -> the login that Amazon ECR gives for it.

Codespaces does the same with a triplet whose user is an access key id. It takes one signed request.
botocore signs it and does nothing else, because its client reads profiles, files, roles and `AWS_*`
variables of the machine. Sources: "Allowing your codespace to access a private registry",
docs.github.com; "GetAuthorizationToken", "Amazon ECR endpoints and quotas" and "Service-specific
endpoints", docs.aws.amazon.com.
"""

from __future__ import annotations

import json
import re
from base64 import b64decode
from collections.abc import Mapping
from http import HTTPStatus

from pydantic import SecretBytes

from codespaces_registry_secrets.model.registries import ACCESS_KEY, ECR, TEMPORARY_ACCESS_KEY
from codespaces_registry_secrets.verify.errors import LoginError, rejected, unreachable
from codespaces_registry_secrets.verify.http import (
    BasicCredentials,
    RegistryClient,
    RegistryResponse,
    is_loopback,
    parsed,
)

ENDPOINT = "AWS_ENDPOINT_URL_ECR"
PERMISSIONS = "`ecr:GetAuthorizationToken` and `sts:GetServiceBearerToken`"

_BODY = b"{}"
_HEADERS = {
    "Content-Type": "application/x-amz-json-1.1",
    "X-Amz-Target": "AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken",
}
_AGAIN = re.compile("Throttl|TooManyRequests|RequestLimit|Unavailable|InternalFailure|ServerExc")


def exchange_access_key(
    wire: RegistryClient, server: str, credential: BasicCredentials, endpoint: str
) -> BasicCredentials:
    """The credential itself, or for an access key at an ECR server the one that AWS gives for it.

    `endpoint` is a URL to ask in place of AWS's own; empty where there is none.

    Raises:
        NotProvenError: AWS refuses the key, or cannot be asked.
    """
    place = ECR.fullmatch(server)
    key_id = credential.username.get_secret_value().decode("ascii", "replace")
    if not place or not ACCESS_KEY.fullmatch(key_id):
        return credential
    if TEMPORARY_ACCESS_KEY.fullmatch(key_id):
        raise rejected(
            "the user name is a temporary access key (ASIA…), which is worth nothing without its "
            "session token, for which Codespaces has no place; take a long-lived key (AKIA…)"
        )
    region = place["region"]
    url = _checked(endpoint) if endpoint else f"https://api.ecr.{region}.{place['suffix']}"
    answer = _asked(wire, f"{url.rstrip('/')}/", region, key_id, credential.password)
    if answer.status != HTTPStatus.OK:
        raise _refused(wire, answer)
    return _login(wire, answer)


def _checked(endpoint: str) -> str:
    """Whoever receives the signed request can send it to AWS and get the login."""
    place = parsed(endpoint)
    safe = place.scheme == "https" or (place.scheme == "http" and is_loopback(place.netloc or ""))
    if not safe or not place.host or place.auth or place.query or place.fragment:
        raise rejected(
            f"{ENDPOINT} must be an https URL (http only for this machine), so the access key was "
            "not used; correct the variable, or remove it"
        )
    return endpoint


def _asked(
    wire: RegistryClient, url: str, region: str, key_id: str, secret: SecretBytes
) -> RegistryResponse:
    headers = _signed(url, region, key_id, secret.get_secret_value().decode("utf-8", "replace"))
    # AWS takes the same signature again for some minutes.
    wire.hide(headers["Authorization"].rpartition("Signature=")[2].encode())
    try:
        return wire.post(url, _BODY, headers)
    except LoginError as error:
        raise error.about(f"AWS could not be asked for an ECR login in {region}") from None


def _signed(url: str, region: str, key_id: str, secret: str) -> Mapping[str, str]:
    """The headers of the request, with its signature."""
    # Here, and not above: few runs need it, and it takes a while to import.
    from botocore.auth import SigV4Auth  # type: ignore[import-untyped] # noqa: PLC0415
    from botocore.awsrequest import AWSRequest  # type: ignore[import-untyped] # noqa: PLC0415
    from botocore.credentials import Credentials  # type: ignore[import-untyped] # noqa: PLC0415

    request = AWSRequest("POST", url, headers=_HEADERS, data=_BODY)
    SigV4Auth(Credentials(key_id, secret), "ecr", region).add_auth(request)
    return dict(request.headers.items())


def _login(wire: RegistryClient, answer: RegistryResponse) -> BasicCredentials:
    """User name and password, which AWS gives joined by a colon, in base64."""
    try:
        token = json.loads(answer.body)["authorizationData"][0]["authorizationToken"]
        username, password = b64decode(token, validate=True).split(b":", 1)
    except (LookupError, RecursionError, TypeError, ValueError):
        raise unreachable("AWS was asked for an ECR login, and its answer holds none") from None
    wire.hide(token.encode())
    wire.hide(password)
    return BasicCredentials(SecretBytes(username), SecretBytes(password))


def _refused(wire: RegistryClient, answer: RegistryResponse) -> LoginError:
    code, message = _error(answer.body)
    words = wire.redact(": ".join(filter(None, (code, message))).rstrip(". ")) or str(answer)
    if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR or _AGAIN.search(code):
        return unreachable(f"AWS gives no ECR login at the moment ({words}); run again later")
    return rejected(
        f"AWS gives no ECR login for this access key ({words}); the key must be active, the "
        f"secret its own, and its user allowed {PERMISSIONS}"
    )


def _error(body: bytes) -> tuple[str, str]:
    """Code and message, or no code and the whole text. Source: "AWS JSON 1.1", smithy.io."""
    text = body.decode("utf-8", "replace")
    try:
        told = json.loads(text)
    except (RecursionError, ValueError):
        return "", text
    if not isinstance(told, dict):
        return "", text
    code = str(told.get("__type", "")).rpartition("#")[2]
    return code, str(told.get("message") or told.get("Message") or "")
