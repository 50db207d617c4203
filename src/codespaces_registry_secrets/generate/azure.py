"""Create passwords of a token of an Azure container registry (ACR).

A token has two passwords, `password1` and `password2`, each with its own expiry. Sources: "Create a
token with repository-scoped permissions", learn.microsoft.com, and
`Microsoft.ContainerRegistry/Registry` of Azure/azure-rest-api-specs, 2025-11-01.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from pydantic import Field, SecretStr

from codespaces_registry_secrets.generate.addresses import path_segment
from codespaces_registry_secrets.generate.api import Schema, Task, server_time
from codespaces_registry_secrets.generate.azure_resource_manager import (
    REGISTRIES,
    AzureResourceManager,
)
from codespaces_registry_secrets.generate.http import IssuerClient
from codespaces_registry_secrets.generate.issuer import (
    Issuer,
    IssuerContext,
    IssuerError,
    NewCredential,
)
from codespaces_registry_secrets.generate.utc_time import Expiry, UtcTime
from codespaces_registry_secrets.model.generator import IssuedCredential

API_VERSION = "2025-11-01"

_SLOTS = ("password1", "password2")


class _Password(Schema):
    """A password in a token, without its value."""

    name: str
    created: UtcTime = Field(alias="creationTime")
    expires: Expiry = Field(None, alias="expiry")

    @property
    def id(self) -> str:
        """Its slot, and when it was created."""
        return _password_id(self.name, self.created)

    def issued(self, now: datetime) -> IssuedCredential:
        """The password as a credential; `now` is by Azure's clock."""
        expired = self.expires is not None and self.expires <= now
        return IssuedCredential(
            self.id, created=self.created, expires=self.expires, replaceable=expired
        )


class _Credentials(Schema):
    passwords: tuple[_Password, ...] | None = None


class _Properties(Schema):
    status: Literal["enabled", "disabled"] = "enabled"
    credentials: _Credentials | None = None


class _Token(Schema):
    """A token. It has no `credentials` if it has no password."""

    properties: _Properties

    @property
    def passwords(self) -> tuple[_Password, ...]:
        credentials = self.properties.credentials
        return (credentials and credentials.passwords) or ()


class _NewPassword(Schema):
    name: str
    value: SecretStr | None = None
    created: UtcTime | None = Field(None, alias="creationTime")
    expires: Expiry = Field(None, alias="expiry")

    @property
    def text(self) -> str:
        return self.value.get_secret_value() if self.value else ""


class _NewPasswords(Schema):
    username: str = Field(min_length=1)
    passwords: tuple[_NewPassword, ...]


class AzureContainerRegistryToken(Issuer):
    """Issues passwords of a token.

    A slot is reused, so the id of a password is its slot and its creation time. A password that has
    expired still occupies its slot, so it is listed. If no slot is empty, `create` replaces it: it
    is rejected, so nothing can use it.
    """

    limit = 2
    can_disable = False

    def __init__(self, context: IssuerContext) -> None:
        self._generator = context.generator
        self._client = IssuerClient(context.mask)
        self._azure = AzureResourceManager(context, self._client)

    def list_credentials(self) -> tuple[IssuedCredential, ...]:
        """The passwords of the token, expired ones included."""
        token, now = self._read_token()
        return tuple(password.issued(now) for password in token.passwords)

    def create(self, existing: Sequence[IssuedCredential]) -> NewCredential:
        """Create a password in a slot without a live one."""
        token, now = self._read_token()
        if token.properties.status == "disabled":
            reason = "the token is disabled, so none of its passwords is accepted"
            advice = "enable it with `az acr token update --status enabled`"
            raise IssuerError(self._creation.failure(reason, advice))
        slot = self._choose_slot([*existing, *(p.issued(now) for p in token.passwords)], now)
        lifetime = self._generator.expires_in
        return self._generate(slot, None if lifetime is None else now + lifetime)

    def disable(self, credential_id: str) -> None:
        """Never: Azure can disable only a whole token."""
        raise IssuerError(f"{credential_id} of {self._name} cannot be disabled, only deleted")

    def delete(self, credential_id: str) -> None:
        """Delete a password; do nothing if its slot is empty, or has a newer one."""
        token, _ = self._read_token()
        kept = [p.name for p in token.passwords if p.id != credential_id]
        if len(kept) == len(token.passwords):
            return
        task = Task(f"delete a password of {self._name}", f"{REGISTRIES}/tokens/write")
        # A password that the list names keeps its value; one that it leaves out is deleted.
        passwords = [{"name": name} for name in kept]
        content = {"properties": {"credentials": {"passwords": passwords}}}
        self._azure.change(task, "PATCH", _versioned(self._token_path), content)

    @property
    def _name(self) -> str:
        token, registry = self._generator.option("token"), self._generator.registry_name
        return f"token `{token}` of registry `{registry}`"

    @property
    def _creation(self) -> Task:
        permission = f"{REGISTRIES}/generateCredentials/action"
        return Task(f"create a password of {self._name}", permission)

    @property
    def _registry_path(self) -> str:
        subscription = path_segment(self._generator.option("subscription"))
        group = path_segment(self._generator.option("resource-group"))
        registry = path_segment(self._generator.registry_name)
        return (
            f"/subscriptions/{subscription}/resourceGroups/{group}"
            f"/providers/{REGISTRIES}/{registry}"
        )

    @property
    def _token_path(self) -> str:
        return f"{self._registry_path}/tokens/{path_segment(self._generator.option('token'))}"

    def _read_token(self) -> tuple[_Token, datetime]:
        """The token, and Azure's time."""
        task, api = Task(f"read {self._name}", f"{REGISTRIES}/tokens/read"), self._azure.api
        response = api.read(task, f"{api.url}{_versioned(self._token_path)}")
        return api.parse(task, _Token, response.json), server_time(task, response)

    def _choose_slot(self, credentials: Sequence[IssuedCredential], now: datetime) -> str:
        """An empty slot; if there is none, one whose password has expired by Azure's clock."""
        occupied = {_slot_of(credential.id) for credential in credentials}
        live = {_slot_of(c.id) for c in credentials if c.expires is None or c.expires > now}
        for unavailable in (occupied, live):
            for slot in _SLOTS:
                if slot not in unavailable:
                    return slot
        advice = "delete the one that nothing uses with `az acr token credential delete`"
        raise IssuerError(self._creation.failure("it has two, which is the limit", advice))

    def _generate(self, slot: str, expires: datetime | None) -> NewCredential:
        task = self._creation
        # Without `name`, Azure would replace both passwords.
        content = {"tokenId": self._token_path, "name": slot}
        if expires is not None:
            content["expiry"] = _timestamp(expires)
        path = _versioned(f"{self._registry_path}/generateCredentials")
        result = self._azure.change(task, "POST", path, content)
        passwords = result.get("passwords") if isinstance(result, dict) else None
        for item in passwords if isinstance(passwords, list) else ():
            self._client.hide_field(item, "value")
        new = self._azure.api.parse(task, _NewPasswords, result)
        password = next((p for p in new.passwords if p.name == slot and p.text), None)
        if password is None:
            raise self._azure.api.unexpected(task)
        created = password.created or self._creation_time(task, slot)
        return NewCredential(
            id=_password_id(slot, created),
            username=new.username,
            password=SecretStr(password.text),
            created=created,
            expires=password.expires or expires,
        )

    def _creation_time(self, task: Task, slot: str) -> datetime:
        """When a new password was created; the response to its creation can leave this out."""
        token, _ = self._read_token()
        created = next((p.created for p in token.passwords if p.name == slot), None)
        if created is None:
            raise self._azure.api.unexpected(task)
        return created


def _versioned(path: str) -> str:
    return f"{path}?api-version={API_VERSION}"


def _password_id(slot: str, created: datetime) -> str:
    """`password1@2026-01-31T12:00:00Z`: in seconds, because responses differ in the fraction."""
    return f"{slot}@{_timestamp(created)}"


def _slot_of(credential_id: str) -> str:
    return credential_id.partition("@")[0]


def _timestamp(time: datetime) -> str:
    """`time` must be in UTC."""
    return f"{time:%Y-%m-%dT%H:%M:%SZ}"
