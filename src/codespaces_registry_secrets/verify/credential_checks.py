"""What a credential tells by itself: when it ends, and what is known to go wrong with its kind.

Pure. No message holds a value. Sources: the vendors' documentation of registry logins, named below.
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

BOUNDS = (b"-----BEGIN", b"-----END")


@dataclass(frozen=True)
class Issue:
    """Something about a credential. An `error` is one that can never work."""

    level: Literal["warning", "error"]
    message: str


def check(server: str, username: bytes, password: bytes) -> Iterator[Issue]:
    """What is wrong with a login, or soon will be."""
    name = username.decode(errors="replace")
    if b"\r" in password or b"\r" in username:
        yield Issue("warning", "the value holds a carriage return, as text of Windows does")
    for what, value in (("user name", name), ("password", password.decode(errors="replace"))):
        bare = value.replace("\r", "")
        if bare != bare.strip():
            message = (
                f"the {what} starts or ends with a space, tab or line break, which is stored as a "
                "part of it; remove it from the source unless it belongs there"
            )
            yield Issue("warning", message)
    if ECR.fullmatch(server):
        yield from _ecr(name)
    if GOOGLE.fullmatch(server):
        yield from _google(name, password)
    if GITHUB.fullmatch(server):
        yield from _github(password)


def _ecr(name: str) -> Iterator[Issue]:
    """Source: "Private registry authentication in Amazon ECR", docs.aws.amazon.com."""
    if name == ECR_TOKEN_USER:
        message = (
            "a token of ECR ends after 12 hours, within the life of a codespace; give an access "
            "key id and its secret key, which Codespaces exchanges itself"
        )
        yield Issue("warning", message)
    elif TEMPORARY_ACCESS_KEY.fullmatch(name):
        message = "a temporary key (ASIA…) needs a session token, which a triplet cannot hold"
        yield Issue("error", message)
    elif not ACCESS_KEY.fullmatch(name):
        message = (
            "the user name for ECR is an access key id (AKIA…), with its secret key as password"
        )
        yield Issue("error", message)


def _google(name: str, password: bytes) -> Iterator[Issue]:
    """Source: "Configure authentication to Artifact Registry for Docker", cloud.google.com."""
    if name == GOOGLE_TOKEN_USER:
        message = (
            "an access token of Google ends after an hour, within the life of a codespace; give a "
            "service account's key with the user name `_json_key_base64`"
        )
        yield Issue("warning", message)
    elif name == GOOGLE_KEY_USER:
        fault = _json_key(password)
        if fault:
            yield Issue("error", f"the password for `_json_key` {fault}")
    elif name == GOOGLE_BASE64_KEY_USER:
        fault = _json_key_base64(password)
        if fault:
            yield Issue("error", f"the password for `_json_key_base64` {fault}")


def _json_key(raw: bytes) -> str | None:
    try:
        key = json.loads(raw)
    except (ValueError, RecursionError):
        return "is not JSON; store the key file as it is, all of its lines"
    pem = str(key.get("private_key", "")) if isinstance(key, dict) else ""
    if not all(bound.decode() in pem for bound in BOUNDS):
        return "is not a service account's key, which has a `private_key`"
    if "\n" not in pem.strip():
        return "has lost the line breaks of its `private_key`; store the key file as it is"
    return None


def _json_key_base64(raw: bytes) -> str | None:
    if b"\n" in raw:
        return "is wrapped; encode it into one line (`base64 -w0`)"
    try:
        return _json_key(b64decode(raw, validate=True))
    except binascii.Error:
        return "is not base64"


def _github(password: bytes) -> Iterator[Issue]:
    """Source: "About authentication to GitHub" and "Working with the Container registry"."""
    if password.startswith(GITHUB_INSTALLATION_TOKEN):
        message = (
            "the password is GITHUB_TOKEN or an App's token, which ends with the job or "
            "within an hour; give a classic personal access token with `read:packages`"
        )
        yield Issue("error", message)
    if password.startswith(GITHUB_FINE_GRAINED_TOKEN):
        message = (
            "GitHub's registry takes classic personal access tokens only, not fine-grained ones"
        )
        yield Issue("warning", message)


def is_github_token(password: bytes) -> bool:
    """Whether the password is of a kind that GitHub's API can be asked about."""
    return password.startswith(GITHUB_USER_TOKENS)


def embedded_expiry(password: bytes) -> datetime | None:
    """When a password ends that tells so itself: a JWT, or a token of ECR; else None."""
    return _jwt_end(password) or _ecr_end(password)


def _jwt_end(password: bytes) -> datetime | None:
    """Read `exp` of a JWT (RFC 7519). Only its registry can verify the signature."""
    try:
        claims = jwt.decode(password, options={"verify_signature": False})
    except jwt.PyJWTError:
        return None
    return _moment(claims, "exp")


def _ecr_end(password: bytes) -> datetime | None:
    """Read `expiration`, in seconds, of a token of ECR, which is base64 of JSON."""
    try:
        token = json.loads(urlsafe_b64decode(password + b"=" * (-len(password) % 4)))
    except (ValueError, RecursionError):
        return None
    return _moment(token, "expiration")


def _moment(data: object, key: str) -> datetime | None:
    seconds = data.get(key) if isinstance(data, dict) else None
    if not isinstance(seconds, int | float) or isinstance(seconds, bool):
        return None
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, ValueError, OSError):
        return None
