"""What an issuer is made from in a test, and what it masked."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from pydantic import SecretBytes

from codespaces_registry_secrets.generate.issuer import IssuerContext
from codespaces_registry_secrets.model.generator import Generator

RETIRE_AFTER = timedelta(hours=24)


class Masks:
    """Records the secrets that are masked."""

    def __init__(self) -> None:
        self.secrets: list[str] = []

    def __call__(self, secret: SecretBytes) -> None:
        self.secrets.append(secret.get_secret_value().decode())


def context(
    kind: str,
    options: Mapping[str, str],
    environ: Mapping[str, str],
    masks: Masks,
    *,
    store: str = "STORE",
    registry_name: str = "",
    expires_in: timedelta | None = None,
    values: Mapping[str, bytes] | None = None,
) -> IssuerContext:
    """The context of an issuer of a kind. `values` are those of its sources."""
    generator = Generator(
        kind=kind,
        store=store,
        retire_after=RETIRE_AFTER,
        expires_in=expires_in,
        options=tuple(options.items()),
        registry_name=registry_name,
    )
    secrets = {key: SecretBytes(value) for key, value in (values or {}).items()}
    return IssuerContext("REG", generator, environ, masks, secrets)
