"""Parse and validate the text of single inputs. Pure.

Each function returns the value of an input, or raises an error that says what the input must be.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import TypeVar
from urllib.parse import urlsplit

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from pydantic import BeforeValidator, SecretStr

from codespaces_registry_secrets.model.fields import field_error
from codespaces_registry_secrets.model.registries import (
    ENTERPRISE_SERVER_API_PATH,
    GITHUB_API_URL,
    api_url_of_site,
    pattern_error,
)
from codespaces_registry_secrets.model.targets import SCOPES

T = TypeVar("T")

MAX_HOST_LENGTH = 253  # RFC 1035

CREDENTIALS_FORMAT = (
    'one JSON object that maps names to strings, such as `{"ACR_PASSWORD": "…"}`; write each '
    "string with `toJSON(secrets.NAME)`"
)

DIGEST_FORMAT = "the output `plan-digest` of another run, which is 64 hexadecimal digits"

ANY_CASE = BeforeValidator(str.lower)


def parse_with(parse: Callable[[str], T | None], expected: str) -> BeforeValidator:
    """A validator that returns what `parse` returns. None is an error: must be `expected`."""

    def validate(text: str) -> T:
        value = parse(text)
        if value is None:
            raise field_error(f"must be {expected}")
        return value

    return BeforeValidator(validate)


def parse_api_url(url: str) -> str:
    """The URL of GitHub's API without a trailing slash."""
    expected = f"must be a URL such as {GITHUB_API_URL}"
    try:
        parts = urlsplit(url)
        unexpected = parts.username or parts.password or parts.query or parts.fragment
        valid = not unexpected and parts.port != 0 and _is_host(parts.hostname or "")
    except ValueError:  # invalid host or port
        raise field_error(expected) from None
    if not valid:
        raise field_error(expected)
    right_url = api_url_of_site(parts.hostname or "")
    if right_url:
        raise field_error(f"is not the URL of the API; write {right_url}")
    if parts.path.rstrip("/").endswith(ENTERPRISE_SERVER_API_PATH):
        raise field_error("GitHub Enterprise Server has no Codespaces; use github.com or GHE.com")
    if parts.scheme not in {"https", "http"} or not parts.hostname:
        raise field_error(expected)
    if parts.scheme == "http" and parts.hostname not in {"127.0.0.1", "localhost", "::1"}:
        raise field_error("must start with https:// because the token is sent to it")
    return url.rstrip("/")


API_URL = BeforeValidator(parse_api_url)


def _is_host(name: str) -> bool:
    """Whether a text is a host name or an IPv6 address."""
    labels = re.fullmatch(r"[a-z0-9-]{1,63}(\.[a-z0-9-]{1,63})*", name)
    return (labels is not None and len(name) <= MAX_HOST_LENGTH) or ":" in name


def check_token(token: SecretStr) -> SecretStr:
    """A token that an HTTP header can carry. The error does not say which character is wrong:
    that would reveal a part of the token.
    """
    if not re.fullmatch(r"[\x21-\x7e]+", token.get_secret_value()):
        message = (
            "contains a character that is never part of a token, such as a space, a line break, an "
            "ellipsis (`…`) or a byte order mark; copy the token again, on its own"
        )
        raise field_error(message)
    return token


def check_app_id(text: str) -> str:
    """The id or the client id of a GitHub App. The error does not show it: it can be a secret."""
    if not re.fullmatch(r"[A-Za-z0-9._-]+", text):
        raise field_error(
            "must be the App's id, such as `123456`, or its client id, such as `Iv23li…`"
        )
    return text


def check_private_key(pem: SecretStr) -> SecretStr:
    """An RSA key in PEM form. Checked here, so that an invalid key fails before any request."""
    try:
        key = load_pem_private_key(pem.get_secret_value().encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        message = (
            "is not a private key in PEM form; include the first and the last line and keep the "
            "line breaks"
        )
        raise field_error(message) from None
    if not isinstance(key, RSAPrivateKey):
        raise field_error("is not an RSA key; generate a private key in the App's settings")
    return pem


def parse_ids(text: str) -> frozenset[str]:
    """Registry ids, separated by commas or lines, in upper case."""
    ids = _split(text)
    if not ids:
        raise field_error("contains no registry id; leave it empty to act on all registries")
    invalid = [entry for entry in ids if not re.fullmatch("[A-Za-z0-9_]+", entry)]
    if invalid:
        raise field_error(f"`{'`, `'.join(invalid)}`: an id has only letters, digits and `_`")
    return frozenset(map(str.upper, ids))


def parse_variable(text: str) -> str:
    """The name of an Actions variable, in upper case as GitHub stores it.

    Source: "Store information in variables", docs.github.com.
    """
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", text):
        raise field_error(
            "must be the name of an Actions variable: letters, digits and `_`, and no digit first"
        )
    if text.upper().startswith("GITHUB_"):
        raise field_error("choose another name: GitHub rejects variables named GITHUB_…")
    return text.upper()


def parse_target(text: str) -> str:
    """A target, written `scope:NAME`."""
    scope, colon, name = text.partition(":")
    if scope.lower() not in SCOPES or not colon:
        raise field_error(f"must be {', '.join(f'`{scope}:NAME`' for scope in SCOPES)}")
    return f"{scope.lower()}:{name.strip()}"


def parse_repositories(text: str) -> tuple[str, ...]:
    """Names or globs of repositories, separated by commas or lines; `[]` is an empty list.

    Text without an entry is an error: an expression that expands to nothing must not clear a list.
    """
    if re.fullmatch(r"\[\s*\]", text):
        return ()
    entries = _split(text)
    if not entries:
        raise field_error(
            "contains no repository; write `[]` to clear the list, or leave it empty to keep it"
        )
    return entries


def parse_patterns(text: str) -> tuple[str, ...]:
    """Globs, separated by commas or lines, in lower case.

    Text without an entry is an error: an expression that expands to nothing must not allow
    everything.
    """
    patterns = _split(text.lower())
    if not patterns:
        raise field_error("contains no entry; leave it empty to allow everything")
    return patterns


def check_servers(patterns: tuple[str, ...]) -> tuple[str, ...]:
    """Globs that can match a registry server in the spelling of Codespaces."""
    return _check_all(patterns, pattern_error)


def check_owners(patterns: tuple[str, ...]) -> tuple[str, ...]:
    """Globs over the logins of users and organizations."""

    def find_error(pattern: str) -> str | None:
        valid = re.fullmatch(r"([a-z0-9_*?-]|\[!?[a-z0-9_-]+\])+", pattern)
        return None if valid else "must be the login of an owner, or a glob over logins"

    return _check_all(patterns, find_error)


def _check_all(
    patterns: tuple[str, ...], find_error: Callable[[str], str | None]
) -> tuple[str, ...]:
    errors = [f"`{pattern}`: {message}" for pattern in patterns if (message := find_error(pattern))]
    if errors:
        raise field_error("; ".join(errors))
    return patterns


def _split(text: str) -> tuple[str, ...]:
    """The entries between commas and line breaks, stripped, without empty ones."""
    return tuple(filter(None, map(str.strip, re.split(r"[,\r\n]", text))))


def parse_boolean(text: str) -> bool:
    """`true` or `false` in any letter case; `yes`, `1` and the like are errors."""
    if text.lower() not in {"true", "false"}:
        raise field_error("must be `true` or `false`")
    return text.lower() == "true"


def parse_share(text: str) -> float:
    """A percentage from `0%` to `100%`, as a number from 0 to 1."""
    match = re.fullmatch(r"(\d{1,3})%", text)
    if match is None or int(match[1]) > 100:  # noqa: PLR2004 - percent
        raise field_error("must be a percentage such as `30%`, at most `100%`")
    return int(match[1]) / 100


def parse_positive(text: str) -> int:
    """A whole number, 1 or more."""
    if not re.fullmatch(r"[1-9]\d{0,5}", text):
        raise field_error("must be a whole number, 1 or more")
    return int(text)


def parse_digest(text: str) -> str | None:
    """A SHA-256 in lower case; None if the text is not 64 hexadecimal digits."""
    return text.lower() if re.fullmatch("[0-9A-Fa-f]{64}", text) else None


def parse_credentials_json(text: str) -> Mapping[str, SecretStr] | None:
    """The values by name; None if the text is not a JSON object of strings, or repeats a name.

    `toJSON` returns null for a secret that does not exist. It counts as an empty string, which is
    what an environment variable would be. There is no detailed error because it could quote a part
    of a secret.
    """
    try:
        pairs = json.loads(text, object_pairs_hook=tuple)
    except (ValueError, RecursionError):
        return None
    if not isinstance(pairs, tuple) or len(dict(pairs)) < len(pairs):
        return None
    if not all(value is None or _is_encodable(value) for _, value in pairs):
        return None
    return {name: SecretStr(value or "") for name, value in pairs}


def _is_encodable(value: object) -> bool:
    """Whether a value is text that UTF-8 can encode: JSON can contain lone surrogates."""
    if not isinstance(value, str):
        return False
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True
