"""Create keys of a service account of Google Cloud.

The ID token of the job is exchanged for a federated access token, which can stand for the job alone
or be exchanged for one of the account `through`. Sources: "REST Resource:
projects.serviceAccounts.keys", "Method: token" of the Security Token Service, and "Method:
projects.serviceAccounts.generateAccessToken", docs.cloud.google.com.
"""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Sequence
from contextlib import suppress
from functools import cached_property
from http import HTTPStatus

from pydantic import Field, SecretStr

from codespaces_registry_secrets.generate.access_token import AccessToken, BearerAuth
from codespaces_registry_secrets.generate.addresses import endpoint, path_segment
from codespaces_registry_secrets.generate.api import AbsentError, Api, ErrorAdvice, Schema, Task
from codespaces_registry_secrets.generate.http import IssuerClient, IssuerResponse
from codespaces_registry_secrets.generate.id_token import request_id_token
from codespaces_registry_secrets.generate.issuer import Issuer, IssuerContext, NewCredential
from codespaces_registry_secrets.generate.utc_time import Expiry, UtcTime
from codespaces_registry_secrets.model.generator import IssuedCredential

# A registry takes the key file as Google delivers it, in base64: it has no quotes or newlines.
USERNAME = "_json_key_base64"
SCOPE = "https://www.googleapis.com/auth/cloud-platform"

_LIFETIME_SECONDS = 3600
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
    created: UtcTime = Field(alias="validAfterTime")
    expires: Expiry = Field(None, alias="validBeforeTime")
    disabled: bool = False

    @property
    def id(self) -> str:
        return self.name.rpartition("/")[2]


class _Keys(Schema):
    """The list, which has no pages. It has no `keys` if there are none."""

    keys: tuple[_Key, ...] = ()


class _NewKey(_Key):
    data: SecretStr = Field(min_length=1, alias="privateKeyData")


class _KeyFile(Schema):
    private_key: SecretStr = Field(min_length=1)


class GoogleServiceAccountKey(Issuer):
    """Issues keys of a service account."""

    # Source: "Quotas and limits" of IAM, docs.cloud.google.com. Disabled keys count.
    limit = 10
    can_disable = True

    def __init__(self, context: IssuerContext) -> None:
        self._environ = context.environ
        self._options = context.generator
        self._client = IssuerClient(context.mask)

    def list_credentials(self) -> tuple[IssuedCredential, ...]:
        """The keys that people or programs created, also by an upload."""
        return tuple(
            IssuedCredential(key.id, key.created, disabled=key.disabled, expires=key.expires)
            for key in self._read_keys()
        )

    def create(self, existing: Sequence[IssuedCredential]) -> NewCredential:  # noqa: ARG002 - a new key changes no other
        """Create a key. Its password is the key file, in base64."""
        task = Task(f"create a key of {self._account}", f"{_KEYS}.create")
        content = {
            "privateKeyType": "TYPE_GOOGLE_CREDENTIALS_FILE",
            "keyAlgorithm": "KEY_ALG_RSA_2048",
        }
        response = self._iam.change(task, "POST", self._keys_url, json=content).json
        self._client.hide_field(response, "privateKeyData")
        key = self._iam.parse(task, _NewKey, response)
        self._hide_private_key(task, key.data.get_secret_value())
        return NewCredential(
            id=key.id,
            username=USERNAME,
            password=key.data,
            created=key.created,
            expires=key.expires,
        )

    def disable(self, credential_id: str) -> None:
        """Disable a key, which can be undone; do nothing if it does not exist."""
        task = Task(f"disable a key of {self._account}", f"{_KEYS}.disable")
        self._change(task, "POST", credential_id, ":disable")

    def delete(self, credential_id: str) -> None:
        """Delete a key; do nothing if it does not exist."""
        task = Task(f"delete a key of {self._account}", f"{_KEYS}.delete")
        self._change(task, "DELETE", credential_id)

    @property
    def _account(self) -> str:
        return f"the service account {self._options.option('service-account')}"

    @cached_property
    def _iam(self) -> Api:
        url = self._endpoint("IAM", "https://iam.googleapis.com")
        return Api(self._client, url, _ADVICE, headers=BearerAuth(self._sign_in))

    def _endpoint(self, service: str, default: str) -> str:
        return endpoint(self._environ, f"CLOUDSDK_API_ENDPOINT_OVERRIDES_{service}", default)

    @property
    def _keys_url(self) -> str:
        account = path_segment(self._options.option("service-account"))
        return f"{self._iam.url}/v1/projects/-/serviceAccounts/{account}/keys"

    def _change(self, task: Task, method: str, credential_id: str, verb: str = "") -> None:
        """Change a key by its full name: without the project, Google hides that a key is gone."""
        key = next((key for key in self._read_keys() if key.id == credential_id), None)
        if key is None:
            return
        name = "/".join(map(path_segment, key.name.split("/")))
        with suppress(AbsentError):
            self._iam.change(task, method, f"{self._iam.url}/v1/{name}{verb}")

    def _read_keys(self) -> tuple[_Key, ...]:
        """The keys, without those that Google manages."""
        task = Task(f"list the keys of {self._account}", f"{_KEYS}.list")
        response = self._iam.read(task, f"{self._keys_url}?keyTypes=USER_MANAGED")
        return self._iam.parse(task, _Keys, response.json).keys

    def _hide_private_key(self, task: Task, data: str) -> None:
        """Hide the private key in a key file, which is not masked with the file around it."""
        try:
            file = json.loads(b64decode(data, validate=True))
        except (RecursionError, ValueError):
            raise self._iam.unexpected(task) from None
        key_file = self._iam.parse(task, _KeyFile, file)
        self._client.hide(key_file.private_key.get_secret_value())

    def _sign_in(self) -> AccessToken:
        """Exchange the ID token of the job for an access token."""
        token = self._exchange()
        through = self._options.option("through")
        return self._impersonate(through, token) if through else token

    def _exchange(self) -> AccessToken:
        """A federated access token. The request has no header `Authorization`."""
        task = Task("sign in to Google Cloud")
        url = self._endpoint("STS", "https://sts.googleapis.com")
        sts = Api(self._client, url, ErrorAdvice(_advise_sign_in, _ADVICE.otherwise))
        provider = f"//iam.googleapis.com/{self._options.option('workload-identity-provider')}"
        # A provider accepts its own URL as the audience, unless it has a list of others.
        id_token = request_id_token(self._client, self._environ, f"https:{provider}")
        body = {
            "grantType": "urn:ietf:params:oauth:grant-type:token-exchange",
            "audience": provider,
            "scope": SCOPE,
            "requestedTokenType": "urn:ietf:params:oauth:token-type:access_token",
            "subjectTokenType": "urn:ietf:params:oauth:token-type:jwt",
            "subjectToken": id_token,
        }
        content = sts.read(task, f"{url}/v1/token", method="POST", json=body).json
        self._client.hide_field(content, "access_token")
        token = sts.parse(task, _FederatedToken, content)
        return AccessToken(token.access_token, token.expires_in)

    def _impersonate(self, account: str, federated: AccessToken) -> AccessToken:
        """An access token of another service account."""
        task = Task(
            f"impersonate the service account {account}", "iam.serviceAccounts.getAccessToken"
        )
        url = self._endpoint("IAMCREDENTIALS", "https://iamcredentials.googleapis.com")
        api = Api(self._client, url, _ADVICE, headers=lambda: federated.headers)
        name = f"projects/-/serviceAccounts/{path_segment(account)}"
        body = {"scope": [SCOPE], "lifetime": f"{_LIFETIME_SECONDS}s"}
        path = f"/v1/{name}:generateAccessToken"
        content = api.read(task, f"{url}{path}", method="POST", json=body).json
        self._client.hide_field(content, "accessToken")
        token = api.parse(task, _AccountToken, content)
        return AccessToken(token.access_token, _LIFETIME_SECONDS)


def _advise(response: IssuerResponse, task: Task) -> str:
    """What to do about a request that Google Cloud rejected."""
    if b"disableServiceAccountKeyCreation" in response.body:
        return (
            "a policy of the organization, iam.disableServiceAccountKeyCreation or "
            "iam.managed.disableServiceAccountKeyCreation, forbids keys; ask who manages the "
            "policies for an exception for the project of the service account"
        )
    if b"Maximum number of keys" in response.body:
        return "a service account has at most 10 keys; delete those that nothing uses"
    if b"SERVICE_DISABLED" in response.body:
        return "enable this API in the project that the message names"
    advice: dict[int, str] = {
        HTTPStatus.FORBIDDEN: f"grant the identity a role with `{task.permission}` on the service "
        f"account, and check that the account exists ({_PAGE})",
        HTTPStatus.NOT_FOUND: "check `service-account` and `through`",
    }
    return advice.get(response.status, "")


_ADVICE = ErrorAdvice(_advise, otherwise=f"see {_PAGE}")


def _advise_sign_in(response: IssuerResponse, _: Task) -> str:
    """What to do about a rejected exchange, by its error code of OAuth 2.0."""
    code = response.json.get("error") if isinstance(response.json, dict) else None
    advice = {
        "unauthorized_client": "the attribute condition of the provider must accept this job",
        "invalid_target": "check `workload-identity-provider`: the number of the project, the pool "
        "and the provider, and that both are enabled",
        "invalid_grant": "the provider must have the issuer "
        "https://token.actions.githubusercontent.com and no other allowed audiences",
    }
    return advice.get(str(code), "")
