"""A source -> its value, masked as it is read. Besides `inputs`, only this sees the environment."""

from __future__ import annotations

import base64
import binascii
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from hashlib import blake2b
from pathlib import Path

from pydantic import SecretBytes, SecretStr

from codespaces_registry_secrets.errors import SourceError
from codespaces_registry_secrets.inputs.workspace import WorkspaceFileError, read_file
from codespaces_registry_secrets.model.fields import CredentialKey, Source

# "Secrets are limited to 48 KB in size", docs.github.com.
MAX_BYTES = 48 * 1024
# A file may hold the base64 of so much, in lines.
MAX_FILE_BYTES = 2 * MAX_BYTES

Mask = Callable[[SecretBytes], None]


@dataclass(frozen=True)
class Sources:
    """Everything that a source may point at. Values are bytes, exact but for what the source says.

    `environ` is a process's environment, `workspace` the folder that `file` is relative to, and
    `mask` is called with each value that is a password before the value is handed out.
    `credentials` are values by name that count as variables of the environment.

    A source has one value in a run: what is stored is what was verified. A file that another
    process changes in between is refused. To notice it, a keyed digest of each value is kept.
    """

    environ: Mapping[str, str] = field(repr=False)
    workspace: Path
    mask: Mask
    credentials: Mapping[str, SecretStr] = field(default_factory=dict, repr=False)
    _digests: dict[Source, bytes] = field(default_factory=dict, repr=False)
    _digest_key: bytes = field(default_factory=partial(os.urandom, 32), repr=False)

    @property
    def has_credential(self) -> bool:
        """Whether the step sets the input `username` or `password`."""
        return any(self.environ.get(f"INPUT_{name}") for name in ("USERNAME", "PASSWORD"))

    def username(self, source: Source | str) -> SecretBytes:
        """The value of a user name, literal or from a source; not masked, since logs need it."""
        return (
            _checked(source.encode(), "the user name")
            if isinstance(source, str)
            else self._read(source)
        )

    def password(self, source: Source) -> SecretBytes:
        """The value of a password, masked in the log from here on.

        Raises:
            SourceError: there is none, it is empty, too large, or not in its encoding; or it is
                not what it was when it was read first.
        """
        value = self._read(source)
        self.mask(value)
        return value

    def find_error(self, key: CredentialKey, source: Source) -> str | None:
        """Why a source has no usable value now; None where it has one. Its value is masked."""
        try:
            self.password(source) if key == "password" else self.username(source)
        except SourceError as error:
            return str(error)
        return None

    def _read(self, source: Source) -> SecretBytes:
        raw, name = self._raw(source)
        if source.trim:
            raw = raw.removesuffix(b"\n").removesuffix(b"\r") if raw.endswith(b"\n") else raw
        if source.encoding == "base64":
            raw = _decoded(raw, name)
        value = _checked(raw, name)
        digest = blake2b(raw, key=self._digest_key).digest()
        if self._digests.setdefault(source, digest) != digest:
            raise SourceError(f"{name} changed during the run, so it was not written; run again")
        return value

    def _raw(self, source: Source) -> tuple[bytes, str]:
        if source.file is not None:
            return self._file(source.file), f"file {source.file}"
        if source.input is not None:
            told = f"input `{source.input}`"
            return self._variable(f"INPUT_{source.input.upper()}", told, "`with:`"), told
        name = source.env or source.secret or ""
        if name in self.credentials:
            value = self.credentials[name].get_secret_value()
            return os.fsencode(value), f"{name} of `credentials`"
        told = f"environment variable {name}"
        return self._variable(name, told, "`env:` or in `credentials`"), told

    def _variable(self, name: str, told: str, where: str) -> bytes:
        if name not in self.environ:
            message = f"{told} is not set; set it in the step's {where}, from a secret"
            raise SourceError(message)
        return os.fsencode(self.environ[name])

    def _file(self, name: str) -> bytes:
        try:
            return read_file(self.workspace, name, MAX_FILE_BYTES)
        except WorkspaceFileError as error:
            raise SourceError(f"file {name} {error}") from None


def _decoded(raw: bytes, name: str) -> bytes:
    try:
        return base64.b64decode(b"".join(raw.split()), validate=True)
    except binascii.Error:
        message = f"{name} is not base64, which `encoding: base64` says it is"
        raise SourceError(message) from None


def _checked(raw: bytes, name: str) -> SecretBytes:
    if not raw:
        message = f"{name} is empty; a secret that is not set in the repository arrives so"
        raise SourceError(message)
    if len(raw) > MAX_BYTES:
        message = f"{name} has {len(raw):,} bytes; GitHub takes at most {MAX_BYTES:,}"
        raise SourceError(message)
    return SecretBytes(raw)
