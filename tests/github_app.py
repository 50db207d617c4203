"""A GitHub App for tests: its key and its installations."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from github_sandbox import World
from github_sandbox.tokens import App

APP_ID = 1234


@cache
def app_key() -> RSAPrivateKey:
    """The App's key, which all tests share because generating one is slow."""
    return generate_private_key(65537, 2048)


def private_pem(key: RSAPrivateKey | None = None) -> str:
    """The App's key, or another one, in the format that GitHub generates."""
    encoding = (Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    return (key or app_key()).private_bytes(*encoding).decode()


def app_inputs(key: RSAPrivateKey | None = None, app_id: int = APP_ID) -> dict[str, str]:
    """Return the inputs of a run that authenticates as the App."""
    return {"token": "", "app_id": str(app_id), "app_private_key": private_pem(key)}


def add_app(world: World, installations: Mapping[str, Mapping[str, str]]) -> App:
    """Add the App to a world, with the permissions of its installation at each owner."""
    public = app_key().public_key()
    pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return world.add_app(app_id=APP_ID, public_key_pem=pem, installations=installations)
