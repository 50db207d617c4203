"""An AWS access key -> the login that Amazon ECR gives for it.

Codespaces does the same with a triplet whose user is an access key id. Sources: "Allowing your
codespace to access a private registry", docs.github.com; "GetAuthorizationToken" and "IAM
identifiers", docs.aws.amazon.com.
"""

from __future__ import annotations

import os
import re
from base64 import b64decode
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from pydantic import SecretBytes

from codespaces_registry_secrets.model.registries import ACCESS_KEY, ECR
from codespaces_registry_secrets.registry.credential import Credential
from codespaces_registry_secrets.registry.failures import CONNECT_SECONDS, READ_SECONDS
from codespaces_registry_secrets.registry.verdict import NotProvenError, rejected, unreachable
from codespaces_registry_secrets.text.redaction import Redactor

if TYPE_CHECKING:
    from botocore.exceptions import ClientError  # type: ignore[import-untyped]

PERMISSIONS = "`ecr:GetAuthorizationToken` and `sts:GetServiceBearerToken`"
ATTEMPTS = 2

_AGAIN = re.compile("Throttl|TooManyRequests|RequestLimit|Unavailable|InternalFailure|ServerExc")


def exchanged(server: str, credential: Credential) -> Credential:
    """The credential itself, or for an access key at an ECR server the one that AWS gives for it.

    Raises:
        NotProvenError: AWS refuses the key, or cannot be asked.
    """
    place = ECR.fullmatch(server)
    key_id = credential.username.get_secret_value().decode("ascii", "replace")
    if not place or not ACCESS_KEY.fullmatch(key_id):
        return credential
    if key_id.startswith("ASIA"):
        raise rejected(
            "the user name is a temporary access key (ASIA…), which is worth nothing without its "
            "session token, for which Codespaces has no place; take a long-lived key (AKIA…)"
        )
    username, _, password = _authorization(place["region"], credential).partition(b":")
    return Credential(SecretBytes(username), SecretBytes(password))


def _authorization(region: str, credential: Credential) -> bytes:
    """What AWS answers: user name and password, joined by a colon."""
    # Here, and not above: it takes longer to import than all the rest, and few need it.
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415
    from botocore.parsers import ResponseParserError  # type: ignore[import-untyped] # noqa: PLC0415

    try:
        answer = _client(region, credential).get_authorization_token()
        return b64decode(answer["authorizationData"][0]["authorizationToken"], validate=True)
    except ClientError as error:
        raise _refused(error, credential) from None
    except BotoCoreError as error:
        raise unreachable(
            f"AWS could not be asked for an ECR login in {region} ({type(error).__name__}); check "
            "the region and the way there, or run again later"
        ) from None
    except (ResponseParserError, AttributeError, LookupError, TypeError, ValueError):
        raise unreachable("AWS was asked for an ECR login, and its answer holds none") from None


def _client(region: str, credential: Credential) -> Any:  # noqa: ANN401 - made at run time
    """A client with this key and nothing from the machine: no profile, no file, no role."""
    from botocore.config import Config  # type: ignore[import-untyped] # noqa: PLC0415
    from botocore.session import Session  # type: ignore[import-untyped] # noqa: PLC0415

    nothing = {
        "profile": (None, None, None, None),
        "config_file": (None, None, os.devnull, None),
        "credentials_file": (None, None, os.devnull, None),
    }
    return Session(session_vars=nothing).create_client(
        "ecr",
        region_name=region,
        aws_access_key_id=credential.username.get_secret_value().decode(),
        aws_secret_access_key=credential.password.get_secret_value().decode("utf-8", "replace"),
        config=Config(
            connect_timeout=CONNECT_SECONDS,
            read_timeout=READ_SECONDS,
            retries={"total_max_attempts": ATTEMPTS, "mode": "standard"},
            defaults_mode="legacy",
        ),
    )


def _refused(error: ClientError, credential: Credential) -> NotProvenError:
    told = error.response.get("Error", {})
    code, message = str(told.get("Code", "")), str(told.get("Message", ""))
    username, password = credential.username, credential.password
    redact = Redactor(password.get_secret_value(), username=username.get_secret_value())
    words = redact(f"{code}: {message}".rstrip(". "))
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or _AGAIN.search(code):
        return unreachable(f"AWS gives no ECR login at the moment ({words}); run again later")
    return rejected(
        f"AWS gives no ECR login for this access key ({words}); the key must be active, the "
        f"secret its own, and its user allowed {PERMISSIONS}"
    )
