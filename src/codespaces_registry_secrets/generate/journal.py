"""Read and write the journal as JSON, the value of an Actions secret."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, SecretBytes, SecretStr
from pydantic import ValidationError as PydanticError

from codespaces_registry_secrets.errors import RegistrySecretsError
from codespaces_registry_secrets.generate.utc_time import UtcTime
from codespaces_registry_secrets.model.journal import (
    CurrentCredential,
    Intent,
    Journal,
    PreviousCredential,
)

# No journal has a later time of something that has happened. Two durations of a spec can be added.
_LATEST = datetime(4000, 1, 1, tzinfo=UTC)


def _has_happened(time: datetime) -> datetime:
    if time > _LATEST:
        raise ValueError
    return time


_PastTime = Annotated[UtcTime, AfterValidator(_has_happened)]


class JournalError(RegistrySecretsError):
    """A value is no journal. The message does not quote it."""


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class _Intent(_Model):
    ids: tuple[str, ...]
    at: _PastTime
    account: str = ""


class _Previous(_Model):
    id: str
    created: _PastTime
    stored: _PastTime | None = None
    disabled: _PastTime | None = None


class _Document(_Model):
    version: Literal[1]
    kind: str
    id: str | None = None
    username: str | None = None
    password: SecretStr | None = None
    created: _PastTime | None = None
    expires: UtcTime | None = None
    stored: _PastTime | None = None
    previous: tuple[_Previous, ...] = ()
    intent: _Intent | None = None


def parse_journal(value: SecretBytes) -> tuple[Journal, SecretStr | None]:
    """Parse a journal: the journal, and the password of its current credential.

    Raises:
        JournalError: the value is no journal, or of a later version.
    """
    try:
        document = _Document.model_validate_json(value.get_secret_value())
        current = _current(document)
    except (PydanticError, ValueError):
        message = "its value is not a journal of this Action"
        raise JournalError(message) from None
    previous = tuple(
        PreviousCredential(one.id, one.created, one.stored, one.disabled)
        for one in document.previous
    )
    intent = None
    if document.intent:
        one = document.intent
        intent = Intent(frozenset(one.ids), one.at, one.account)
    return Journal(document.kind, current, previous, intent), document.password


def password_to_mask(value: SecretBytes) -> SecretBytes:
    """The password in a journal, or the whole value if it is no journal or has none."""
    with suppress(JournalError):
        _, password = parse_journal(value)
        if password:
            return SecretBytes(password.get_secret_value().encode())
    return value


def _current(document: _Document) -> CurrentCredential | None:
    if document.id is None:
        return None
    if document.username is None or document.password is None or document.created is None:
        raise ValueError
    return CurrentCredential(
        document.id,
        document.username,
        document.created,
        document.expires,
        document.stored,
    )


def format_journal(journal: Journal, password: SecretStr | None) -> SecretBytes:
    """The JSON of a journal, with the password of its current credential."""
    current = journal.current
    fields: Mapping[str, object] = vars(current) if current else {}
    document = _Document(
        version=1,
        kind=journal.kind,
        previous=tuple(_Previous(**vars(one)) for one in journal.previous),
        intent=_intent(journal.intent),
        **fields,
    )
    data = document.model_dump(mode="json")
    data["password"] = password.get_secret_value() if password else None
    return SecretBytes(json.dumps(data, separators=(",", ":")).encode())


def _intent(intent: Intent | None) -> _Intent | None:
    if intent is None:
        return None
    return _Intent(ids=tuple(sorted(intent.ids)), at=intent.at, account=intent.account)
