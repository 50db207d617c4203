"""Request the ID token of the job, with which an issuer knows the workflow.

Source: "OpenID Connect reference", docs.github.com, and `oidc-utils.ts` of actions/toolkit.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote

from pydantic import Field, SecretStr

from codespaces_registry_secrets.generate.api import RUN_AGAIN, Api, ErrorAdvice, Schema, Task
from codespaces_registry_secrets.generate.http import IssuerClient
from codespaces_registry_secrets.generate.issuer import NoIdTokenError

_URL, _TOKEN = "ACTIONS_ID_TOKEN_REQUEST_URL", "ACTIONS_ID_TOKEN_REQUEST_TOKEN"
_TASK = Task("get an ID token of the job from GitHub")
_ADVICE = ErrorAdvice(lambda *_: "", otherwise=RUN_AGAIN)


class _IdToken(Schema):
    value: SecretStr = Field(min_length=1)


def request_id_token(client: IssuerClient, environ: Mapping[str, str], audience: str) -> str:
    """Request an ID token for an audience. It is masked.

    Raises:
        NoIdTokenError: the runner has not given the job the address, because a permission lacks.
        IssuerError: GitHub issued no token.
    """
    url, token = environ.get(_URL), environ.get(_TOKEN)
    if not url or not token:
        raise NoIdTokenError(
            "the job has no ID token, which proves to the issuer which workflow runs; add "
            "`id-token: write` to the `permissions` of the job"
        )
    client.hide(token)
    # Some services between the runner and GitHub require the toolkit's name.
    headers = {"Authorization": f"Bearer {token}", "User-Agent": "actions/oidc-client"}
    separator = "&" if "?" in url else "?"
    api = Api(client, url, _ADVICE, headers=lambda: headers)
    response = api.read(_TASK, f"{url}{separator}audience={quote(audience, safe='')}")
    client.hide_field(response.json, "value")
    return api.parse(_TASK, _IdToken, response.json).value.get_secret_value()
