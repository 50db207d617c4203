"""Build the credential of a registry with `generate`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from urllib.parse import urlsplit

from codespaces_registry_secrets.errors import Location
from codespaces_registry_secrets.model.desired import Credential
from codespaces_registry_secrets.model.generator import (
    GENERATORS,
    GeneratedValue,
    Generator,
    is_https_or_loopback,
)
from codespaces_registry_secrets.spec.schema import GenerateEntry, RegistryEntry

DEFAULT_LIFETIME = timedelta(days=90)  # without `expires-in`


def generated_credential(
    entry: RegistryEntry, generate: GenerateEntry, server: str, where: Location
) -> Credential:
    """The credential of a registry with `generate`."""
    username, password = (
        GeneratedValue(generate.store, generate.kind, "username"),
        GeneratedValue(generate.store, generate.kind, "password"),
    )
    generator = _generator(generate, server, entry.name or "")
    return Credential(
        entry.id, server, username, password, entry.images, where=where, generator=generator
    )


def _generator(generate: GenerateEntry, server: str, registry_name: str) -> Generator:
    kind = GENERATORS[generate.kind]
    values = generate.model_dump(by_alias=True)
    texts = {key: values[key] for key in sorted(kind.keys - kind.sources)}
    return Generator(
        kind=generate.kind,
        store=generate.store,
        retire_after=generate.retire_after,
        expires_in=(generate.expires_in or DEFAULT_LIFETIME) if kind.expires else None,
        options=tuple((key, str(text)) for key, text in texts.items() if text is not None),
        sources=tuple((key, getattr(generate, key)) for key in sorted(kind.sources)),
        server=server,
        registry_name=registry_name,
    )


def issuer_host(entry: Mapping[str, object]) -> str | None:
    """The host of the `url` that a credential is created at; clouds have fixed hosts."""
    generate = entry.get("generate")
    url = generate.get("url") if isinstance(generate, dict) else None
    if not isinstance(url, str) or not is_https_or_loopback(url):
        return None
    return urlsplit(url).netloc.lower().removesuffix(":443")
