"""Check a credential without a request: its expiry, and known errors of its kind. Pure.

No message contains a value. Sources: the vendors' documentation of registry logins, named below.
"""

from __future__ import annotations

import binascii
import json
from base64 import b64decode, urlsafe_b64decode
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

import jwt

from codespaces_registry_secrets.model.registries import (
    ACCESS_KEY,
    ECR,
    ECR_TOKEN_USER,
    GITHUB,
    GITHUB_FINE_GRAINED_TOKEN,
    GITHUB_INSTALLATION_TOKEN,
    GITHUB_USER_TOKENS,
    GOOGLE,
    GOOGLE_BASE64_KEY_USER,
    GOOGLE_KEY_USER,
    GOOGLE_TOKEN_USER,
    TEMPORARY_ACCESS_KEY,
)

_PEM_BOUNDS = ("-----BEGIN", "-----END")


@dataclass(frozen=True)
class Issue:
    """A problem of a credential. With an `error` it can never work."""

    level: Literal["warning", "error"]
    message: str


def check(server: str, username: bytes, password: bytes) -> Iterator[Issue]:
    """Find the problems of a credential for `server`."""
    name = username.decode(errors="replace")
    for kind, value in (("user name", name), ("password", password.decode(errors="replace"))):
        without_carriage_returns = value.replace("\r", "")
        if without_carriage_returns != value:
            message = (
                f"the {kind} contains a carriage return (a Windows line ending); remove it from "
                "the source"
            )
            yield Issue("warning", message)
        if without_carriage_returns != without_carriage_returns.strip():
            message = (
                f"the {kind} starts or ends with a space, tab or line break, which is stored as a "
                "part of it; remove it from the source unless it belongs there"
            )
            yield Issue("warning", message)
    if ECR.fullmatch(server):
        yield from _check_ecr(name)
    if GOOGLE.fullmatch(server):
        yield from _check_google(name, password)
    if GITHUB.fullmatch(server):
        yield from _check_github(password)


def _check_ecr(name: str) -> Iterator[Issue]:
    """Source: "Private registry authentication in Amazon ECR", docs.aws.amazon.com."""
    if name == ECR_TOKEN_USER:
        message = (
            "an ECR token expires after 12 hours, within the life of a codespace; use an access "
            "key ID and its secret key, which Codespaces exchanges itself"
        )
        yield Issue("warning", message)
    elif TEMPORARY_ACCESS_KEY.fullmatch(name):
        message = (
            "the user name is a temporary access key (ASIA…), which needs a session token that "
            "Codespaces cannot store; use a long-lived key (AKIA…)"
        )
        yield Issue("error", message)
    elif not ACCESS_KEY.fullmatch(name):
        message = (
            "the user name for ECR must be an access key ID (AKIA…), and the password its secret "
            "key"
        )
        yield Issue("error", message)


def _check_google(name: str, password: bytes) -> Iterator[Issue]:
    """Source: "Configure authentication to Artifact Registry for Docker", cloud.google.com."""
    if name == GOOGLE_TOKEN_USER:
        message = (
            "a Google access token expires after an hour, within the life of a codespace; use a "
            f"service account key with the user name `{GOOGLE_BASE64_KEY_USER}`"
        )
        yield Issue("warning", message)
    elif name == GOOGLE_KEY_USER:
        error = _json_key_error(password)
        if error:
            yield Issue("error", f"the password for `{GOOGLE_KEY_USER}` {error}")
    elif name == GOOGLE_BASE64_KEY_USER:
        error = _json_key_base64_error(password)
        if error:
            yield Issue("error", f"the password for `{GOOGLE_BASE64_KEY_USER}` {error}")


def _json_key_error(raw: bytes) -> str | None:
    try:
        key = json.loads(raw)
    except (ValueError, RecursionError):
        return "is not JSON; store the whole key file unchanged"
    pem = key.get("private_key") if isinstance(key, dict) else None
    if not isinstance(pem, str) or not all(bound in pem for bound in _PEM_BOUNDS):
        return "is not a service account key with a `private_key`"
    if "\n" not in pem.strip():
        return "has lost the line breaks of its `private_key`; store the key file unchanged"
    return None


def _json_key_base64_error(raw: bytes) -> str | None:
    if b"\n" in raw:
        return "is wrapped; encode it into one line (`base64 -w0`)"
    try:
        return _json_key_error(b64decode(raw, validate=True))
    except binascii.Error:
        return "is not base64"


def _check_github(password: bytes) -> Iterator[Issue]:
    """Source: "About authentication to GitHub" and "Working with the Container registry"."""
    if password.startswith(GITHUB_INSTALLATION_TOKEN):
        message = (
            "the password is GITHUB_TOKEN or an App's token, which expires with the job or "
            "within an hour; use a classic personal access token with `read:packages`"
        )
        yield Issue("error", message)
    if password.startswith(GITHUB_FINE_GRAINED_TOKEN):
        message = (
            "GitHub's registry accepts only classic personal access tokens, not fine-grained ones"
        )
        yield Issue("warning", message)


def is_github_token(password: bytes) -> bool:
    """Whether the password is a GitHub token whose expiry and scopes GitHub's API returns."""
    return password.startswith(GITHUB_USER_TOKENS)


def embedded_expiry(password: bytes) -> datetime | None:
    """When a password expires that contains its expiry: a JWT, or an ECR token; else None."""
    return _jwt_expiry(password) or _ecr_expiry(password)


def _jwt_expiry(password: bytes) -> datetime | None:
    """Read `exp` of a JWT (RFC 7519). Only its registry can verify the signature."""
    try:
        claims = jwt.decode(password.strip(), options={"verify_signature": False})
    except jwt.PyJWTError:
        return None
    return _timestamp(claims, "exp")


def _ecr_expiry(password: bytes) -> datetime | None:
    """Read `expiration`, in seconds, of an ECR token, which is base64 of JSON."""
    try:
        token = json.loads(urlsafe_b64decode(password + b"==="))
    except (ValueError, RecursionError):
        return None
    return _timestamp(token, "expiration")


def _timestamp(data: object, key: str) -> datetime | None:
    seconds = data.get(key) if isinstance(data, dict) else None
    if not isinstance(seconds, int | float) or isinstance(seconds, bool):
        return None
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, ValueError, OSError):
        return None
