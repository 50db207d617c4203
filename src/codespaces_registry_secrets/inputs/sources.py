"""Read secret values from their sources, and mask each password before it is used."""

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
from codespaces_registry_secrets.model.desired import Credential
from codespaces_registry_secrets.model.fields import CredentialKey, Source
from codespaces_registry_secrets.model.generator import GeneratedValue
from codespaces_registry_secrets.model.triplet import Part

# "Secrets are limited to 48 KB in size", docs.github.com.
MAX_BYTES = 48 * 1024
# A file can hold a value of that size in base64, with line breaks.
MAX_FILE_BYTES = 2 * MAX_BYTES

Mask = Callable[[SecretBytes], None]


@dataclass(frozen=True)
class Sources:
    """Reads the values of sources, as bytes. A value is exact unless the source says otherwise.

    `environ` is the environment of the process. `workspace` is the folder that `file` is relative
    to. `mask` is called with each password before it is returned. `credentials` are values by name,
    read like environment variables.

    A source has one value in a run, so that the stored value is the verified one: a file that
    changes during the run is an error. To notice that, a keyed digest of each value is kept.

    `add_generated` adds the values of credentials that the Action created.
    """

    environ: Mapping[str, str] = field(repr=False)
    workspace: Path
    mask: Mask
    credentials: Mapping[str, SecretStr] = field(default_factory=dict, repr=False)
    _digests: dict[Source, bytes] = field(default_factory=dict, repr=False)
    _digest_key: bytes = field(default_factory=partial(os.urandom, 32), repr=False)
    _generated: dict[GeneratedValue, SecretBytes] = field(default_factory=dict, repr=False)

    @property
    def has_credential(self) -> bool:
        """Whether the step sets the input `username` or `password`."""
        return any(self.environ.get(f"INPUT_{name}") for name in ("USERNAME", "PASSWORD"))

    def add_generated(self, credential: Credential, username: str, password: SecretStr) -> None:
        """Add the values of a generated credential, and mask its password."""
        value = SecretBytes(password.get_secret_value().encode())
        self.mask(value)
        names = credential.generated
        self._generated.update(zip(names, (SecretBytes(username.encode()), value), strict=True))

    def has_values(self, credential: Credential) -> bool:
        """Whether a credential has values: a generated one has none before it is created."""
        generated = isinstance(credential.password, GeneratedValue)
        return not generated or credential.password in self._generated

    def journal(self, store: str) -> SecretBytes | None:
        """The value of the Actions secret `store`, which the step hands over; None without one."""
        if store in self.credentials:
            text = self.credentials[store].get_secret_value()
        else:
            text = self.environ.get(store, "")
        return SecretBytes(os.fsencode(text)) if text.strip() else None

    def username(self, source: Source | GeneratedValue | str) -> SecretBytes:
        """The value of a user name, literal or from a source. It is not masked: logs show it.

        Raises:
            SourceError: as for `password`.
        """
        return (
            _check_size(source.encode(), "the user name")
            if isinstance(source, str)
            else self._read(source)
        )

    def password(self, source: Source | GeneratedValue) -> SecretBytes:
        """The value of a password, masked in the log from now on.

        Raises:
            SourceError: the value is missing, empty, too large, not in its encoding, or changed
                since it was first read.
        """
        value = self._read(source)
        self.mask(value)
        return value

    def values(self, credential: Credential) -> Mapping[Part, SecretBytes]:
        """The value of each member of a triplet that stores a credential.

        Raises:
            SourceError: as for `password`.
        """
        return {
            Part.PASSWORD: self.password(credential.password),
            Part.USER: self.username(credential.username),
            Part.SERVER: SecretBytes(credential.server.encode()),
        }

    def find_error(self, key: CredentialKey, source: Source) -> str | None:
        """Why a source has no usable value; None if it has one. A password is masked."""
        try:
            self.password(source) if key == "password" else self.username(source)
        except SourceError as error:
            return str(error)
        return None

    def _read(self, source: Source | GeneratedValue) -> SecretBytes:
        if isinstance(source, GeneratedValue):
            return self._generated[source]
        raw, label = self._read_raw(source)
        if source.trim:
            raw = raw.removesuffix(b"\n").removesuffix(b"\r") if raw.endswith(b"\n") else raw
        if source.encoding == "base64":
            raw = _decode_base64(raw, label)
        value = _check_size(raw, label)
        digest = blake2b(raw, key=self._digest_key).digest()
        if self._digests.setdefault(source, digest) != digest:
            raise SourceError(f"{label} changed during the run, so it was not written; run again")
        return value

    def _read_raw(self, source: Source) -> tuple[bytes, str]:
        """The bytes that a source refers to, and its label for messages."""
        if source.file is not None:
            return self._read_file(source.file), f"file {source.file}"
        if source.input is not None:
            label = f"input `{source.input}`"
            place = "the step's `with:`, from a secret"
            return self._read_variable(f"INPUT_{source.input.upper()}", label, place), label
        name = source.env or source.secret or ""
        if name in self.credentials:
            value = self.credentials[name].get_secret_value()
            return os.fsencode(value), f"{name} of `credentials`"
        label = f"environment variable {name}"
        place = "the step's `env:` or in `credentials`, from a secret, or export it in your shell"
        return self._read_variable(name, label, place), label

    def _read_variable(self, name: str, label: str, place: str) -> bytes:
        if name not in self.environ:
            raise SourceError(f"{label} is not set; set it in {place}")
        return os.fsencode(self.environ[name])

    def _read_file(self, name: str) -> bytes:
        try:
            return read_file(self.workspace, name, MAX_FILE_BYTES)
        except WorkspaceFileError as error:
            raise SourceError(f"file {name} {error}") from None


def _decode_base64(raw: bytes, label: str) -> bytes:
    try:
        return base64.b64decode(b"".join(raw.split()), validate=True)
    except binascii.Error:
        message = f"{label} is not valid base64; fix the value, or remove `encoding: base64`"
        raise SourceError(message) from None


def _check_size(raw: bytes, label: str) -> SecretBytes:
    if not raw:
        raise SourceError(
            f"{label} is empty; an Actions secret that does not exist expands to an empty string"
        )
    if len(raw) > MAX_BYTES:
        message = f"{label} has {len(raw):,} bytes; GitHub accepts at most {MAX_BYTES:,}"
        raise SourceError(message)
    return SecretBytes(raw)
