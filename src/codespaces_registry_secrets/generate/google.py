"""Create keys of a service account of Google Cloud.

The ID token of the job is exchanged for a federated access token, which can stand for the job alone
or be exchanged for one of the account `through`. Sources: "REST Resource:
projects.serviceAccounts.keys", "Method: token" of the Security Token Service, and "Method:
projects.serviceAccounts.generateAccessToken", docs.cloud.google.com.
"""

from __future__ import annotations

import binascii
import json
from base64 import b64decode
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cached_property
from http import HTTPStatus
from typing import Any

from pydantic import AwareDatetime, Field, SecretStr

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
from codespaces_registry_secrets.generate.issuer import IssuerContext, IssuerError, NewCredential
from codespaces_registry_secrets.generate.rest import hide_field
from codespaces_registry_secrets.model.generator import IssuedCredential

# A registry takes the key file as Google delivers it, in base64: it has no quotes or newlines.
USERNAME = "_json_key_base64"
SCOPE = "https://www.googleapis.com/auth/cloud-platform"

_LIFETIME_SECONDS = 3600
# `validBeforeTime` of a key that does not expire.
_NEVER_YEAR = 9999
_PAGE = "docs/generate/google-service-account-key.md"
_KEYS = "iam.serviceAccountKeys"


class _FederatedToken(Schema):
    access_token: SecretStr = Field(min_length=1)
    # Google leaves it out if the token expires with the one that it was exchanged for.
    expires_in: int = _LIFETIME_SECONDS


class _AccountToken(Schema):
    access_token: SecretStr = Field(min_length=1, alias="accessToken")


class _Key(Schema):
    """A key, without its private part."""

    name: str = Field(pattern=r"^projects/[^/]+/serviceAccounts/[^/]+/keys/\w+$")
    created: AwareDatetime = Field(alias="validAfterTime")
    valid_until: AwareDatetime | None = Field(None, alias="validBeforeTime")
    disabled: bool = False

    @property
    def id(self) -> str:
        return self.name.rpartition("/")[2]

    @property
    def expires(self) -> datetime | None:
        never = self.valid_until is None or self.valid_until.year >= _NEVER_YEAR
        return None if never else self.valid_until


class _Keys(Schema):
    """The list, which has no pages. It has no `keys` if there are none."""

    keys: tuple[_Key, ...] = ()


class _NewKey(_Key):
    data: SecretStr = Field(min_length=1, alias="privateKeyData")


class _KeyFile(Schema):
    private_key: SecretStr = Field(min_length=1)


class GoogleServiceAccountKey:
    """Issues keys of a service account."""

    # Source: "Quotas and limits" of IAM, docs.cloud.google.com. Disabled keys count.
    limit = 10
    can_disable = True

    def __init__(self, context: IssuerContext) -> None:
        self._environ = context.environ
        self._options = context.generator
        self._client = IssuerClient(context.mask)
        self._api = CloudApi(self._client, self._sign_in, _advise)

    def list_credentials(self) -> tuple[IssuedCredential, ...]:
        """The keys that people or programs created, also by an upload."""
        return tuple(
            IssuedCredential(key.id, key.created, disabled=key.disabled, expires=key.expires)
            for key in self._read_keys()
        )

    def create(self, existing: Sequence[IssuedCredential]) -> NewCredential:  # noqa: ARG002 - a new key changes no other
        """Create a key. Its password is the key file, in base64."""
        purpose = Purpose(f"create a key of {self._account}", f"{_KEYS}.create")
        content = {
            "privateKeyType": "TYPE_GOOGLE_CREDENTIALS_FILE",
            "keyAlgorithm": "KEY_ALG_RSA_2048",
        }
        response = self._api.change("POST", self._keys_url, purpose, json=content)
        self._mask_key(response, purpose)
        key = parse(_NewKey, response.json, purpose)
        return NewCredential(
            id=key.id,
            username=USERNAME,
            password=key.data,
            created=key.created,
            expires=key.expires,
        )

    def disable(self, credential_id: str) -> None:
        """Disable a key, which can be undone; do nothing if it does not exist."""
        purpose = Purpose(f"disable a key of {self._account}", f"{_KEYS}.disable")
        self._change("POST", credential_id, ":disable", purpose)

    def delete(self, credential_id: str) -> None:
        """Delete a key; do nothing if it does not exist."""
        purpose = Purpose(f"delete a key of {self._account}", f"{_KEYS}.delete")
        self._change("DELETE", credential_id, "", purpose)

    def unused_for(self, credential_id: str) -> timedelta | None:  # noqa: ARG002 - the interface
        """None: the API of keys does not tell when a key was last used."""
        return None

    @property
    def _account(self) -> str:
        return f"the service account {self._options.option('service-account')}"

    @cached_property
    def _iam(self) -> str:
        variable = "CLOUDSDK_API_ENDPOINT_OVERRIDES_IAM"
        return endpoint(self._environ, variable, "https://iam.googleapis.com")

    @property
    def _keys_url(self) -> str:
        account = path_segment(self._options.option("service-account"))
        return f"{self._iam}/v1/projects/-/serviceAccounts/{account}/keys"

    def _change(self, method: str, credential_id: str, verb: str, purpose: Purpose) -> None:
        """Change a key by its full name: without the project, Google hides that a key is gone."""
        key = next((key for key in self._read_keys() if key.id == credential_id), None)
        if key is None:
            return
        name = "/".join(map(path_segment, key.name.split("/")))
        self._api.change(method, f"{self._iam}/v1/{name}{verb}", purpose, can_miss=True)

    def _read_keys(self) -> tuple[_Key, ...]:
        """The keys, without those that Google manages."""
        purpose = Purpose(f"list the keys of {self._account}", f"{_KEYS}.list")
        response = self._api.read(f"{self._keys_url}?keyTypes=USER_MANAGED", purpose)
        return parse(_Keys, response.json, purpose).keys

    def _mask_key(self, response: IssuerResponse, purpose: Purpose) -> None:
        """Mask the key file, and the private key in it."""
        content: Any = response.json if isinstance(response.json, dict) else {}
        data = content.get("privateKeyData")
        if not isinstance(data, str) or not data:
            raise unexpected(purpose)
        self._client.hide(data)
        try:
            file = json.loads(b64decode(data, validate=True))
        except (RecursionError, ValueError, binascii.Error):
            raise unexpected(purpose) from None
        self._client.hide(parse(_KeyFile, file, purpose).private_key.get_secret_value())

    def _sign_in(self) -> AccessToken:
        """Exchange the ID token of the job for an access token."""
        token = self._exchange()
        through = self._options.option("through")
        return self._impersonate(through, token) if through else token

    def _exchange(self) -> AccessToken:
        """A federated access token. The request has no header `Authorization`."""
        variable = "CLOUDSDK_API_ENDPOINT_OVERRIDES_STS"
        url = f"{endpoint(self._environ, variable, 'https://sts.googleapis.com')}/v1/token"
        provider = f"//iam.googleapis.com/{self._options.option('workload-identity-provider')}"
        # A provider accepts its own URL as the audience, unless it has a list of others.
        id_token = request_id_token(self._client, self._environ, f"https:{provider}")
        content = {
            "grantType": "urn:ietf:params:oauth:grant-type:token-exchange",
            "audience": provider,
            "scope": SCOPE,
            "requestedTokenType": "urn:ietf:params:oauth:token-type:access_token",
            "subjectTokenType": "urn:ietf:params:oauth:token-type:jwt",
            "subjectToken": id_token,
        }
        purpose = Purpose("sign in to Google Cloud")
        response = repeat(lambda: self._client.request("POST", url, json=content), purpose)
        if not response.ok:
            raise IssuerError(f"could not {purpose.text} ({response}); {_advise_sign_in(response)}")
        hide_field(self._client, response.json, "access_token")
        token = parse(_FederatedToken, response.json, purpose)
        return AccessToken(token.access_token, token.expires_in)

    def _impersonate(self, account: str, federated: AccessToken) -> AccessToken:
        """An access token of another service account."""
        variable = "CLOUDSDK_API_ENDPOINT_OVERRIDES_IAMCREDENTIALS"
        base = endpoint(self._environ, variable, "https://iamcredentials.googleapis.com")
        name = f"projects/-/serviceAccounts/{path_segment(account)}"
        url = f"{base}/v1/{name}:generateAccessToken"
        body = {"scope": [SCOPE], "lifetime": f"{_LIFETIME_SECONDS}s"}
        headers = {"Authorization": f"Bearer {federated.text.get_secret_value()}"}
        purpose = Purpose(
            f"impersonate the service account {account}", "iam.serviceAccounts.getAccessToken"
        )
        response = repeat(
            lambda: self._client.request("POST", url, headers=headers, json=body), purpose
        )
        content = self._api.check(response, purpose).json
        hide_field(self._client, content, "accessToken")
        token = parse(_AccountToken, content, purpose).access_token
        return AccessToken(token, _LIFETIME_SECONDS)


def _advise(response: IssuerResponse, permission: str) -> str:
    """What to do about a request that Google Cloud rejected."""
    text = response.body.decode("utf-8", "replace")
    if "disableServiceAccountKeyCreation" in text:
        return (
            "a policy of the organization, iam.disableServiceAccountKeyCreation or "
            "iam.managed.disableServiceAccountKeyCreation, forbids keys; ask who manages the "
            "policies for an exception for the project of the service account"
        )
    if "Maximum number of keys" in text:
        return "a service account has at most 10 keys; delete those that nothing uses"
    if "SERVICE_DISABLED" in text:
        return "enable this API in the project that the message names"
    advice: dict[int, str] = {
        HTTPStatus.FORBIDDEN: f"grant the identity a role with `{permission}` on the service "
        f"account, and check that the account exists ({_PAGE})",
        HTTPStatus.NOT_FOUND: "check `service-account` and `through`",
    }
    return transient(response) or advice.get(response.status, f"see {_PAGE}")


def _advise_sign_in(response: IssuerResponse) -> str:
    """What to do about a rejected exchange, by its error code of OAuth 2.0."""
    code = response.json.get("error") if isinstance(response.json, dict) else None
    advice = {
        "unauthorized_client": "the attribute condition of the provider must accept this job",
        "invalid_target": "check `workload-identity-provider`: the number of the project, the pool "
        "and the provider, and that both are enabled",
        "invalid_grant": "the provider must have the issuer "
        "https://token.actions.githubusercontent.com and no other allowed audiences",
    }
    return transient(response) or advice.get(str(code), f"see {_PAGE}")
