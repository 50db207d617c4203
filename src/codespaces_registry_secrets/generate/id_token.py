"""Request the ID token of the job, with which an issuer knows the workflow.

Source: "OpenID Connect reference", docs.github.com, and `oidc-utils.ts` of actions/toolkit.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from urllib.parse import quote

from codespaces_registry_secrets.generate.http import IssuerClient
from codespaces_registry_secrets.generate.issuer import IssuerError, NoIdTokenError

_URL, _TOKEN = "ACTIONS_ID_TOKEN_REQUEST_URL", "ACTIONS_ID_TOKEN_REQUEST_TOKEN"
_PAUSES = (0.0, 1.0, 2.0)  # seconds before each attempt; a repeated request does no harm


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
    url = f"{url}{separator}audience={quote(audience, safe='')}"
    reason = ""
    for pause in _PAUSES:
        time.sleep(pause)
        try:
            response = client.request("GET", url, headers=headers)
        except IssuerError as error:
            reason = str(error)
            continue
        value = response.json.get("value") if isinstance(response.json, dict) else None
        if response.ok and isinstance(value, str) and value:
            client.hide(value)
            return value
        reason = str(response)
        if response.status < 500:  # noqa: PLR2004 - server errors pass
            break
    raise IssuerError(f"GitHub issued no ID token ({reason}); run again later")
