"""The text of an input -> its value, or a fault that says what it must be. Pure."""

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
from codespaces_registry_secrets.model.registries import api_url_of_site, pattern_error
from codespaces_registry_secrets.model.targets import SCOPES

T = TypeVar("T")

LONGEST_HOST = 253  # RFC 1035

CREDENTIALS_FORM = (
    'one JSON object of names and texts, such as `{"ACR_PASSWORD": "…"}`; write each text with '
    "`toJSON(secrets.NAME)`"
)

ANY_CASE = BeforeValidator(str.lower)


def parse_with(reader: Callable[[str], T | None], form: str) -> BeforeValidator:
    """What `reader` makes of a text, or a fault that says the form it takes."""

    def read_text(text: str) -> T:
        found = reader(text)
        if found is None:
            raise field_error(f"must be {form}")
        return found

    return BeforeValidator(read_text)


def api_url(url: str) -> str:
    """The URL of an API that has Codespaces, without a slash at its end."""
    form = "must be a URL such as https://api.github.com"
    try:
        parts = urlsplit(url)
        beyond = parts.username or parts.password or parts.query or parts.fragment
        usable = not beyond and parts.port != 0 and _is_host(parts.hostname or "")
    except ValueError:  # of a host or a port that is none
        raise field_error(form) from None
    if not usable:
        raise field_error(form)
    right = api_url_of_site(parts.hostname or "")
    if right:
        raise field_error(f"is not the URL of the API; write {right}")
    if parts.path.rstrip("/").endswith("/api/v3"):
        raise field_error("GitHub Enterprise Server has no Codespaces; use github.com or GHE.com")
    if parts.scheme not in {"https", "http"} or not parts.hostname:
        raise field_error(form)
    if parts.scheme == "http" and parts.hostname not in {"127.0.0.1", "localhost", "::1"}:
        raise field_error("must start with https://: a token travels there")
    return url.rstrip("/")


def _is_host(name: str) -> bool:
    """Whether it is a name with labels of letters, digits and `-`, or an address."""
    labels = re.fullmatch(r"[a-z0-9-]{1,63}(\.[a-z0-9-]{1,63})*", name)
    return (labels is not None and len(name) <= LONGEST_HOST) or ":" in name


def ids(text: str) -> frozenset[str]:
    """Registry ids, separated by commas or lines."""
    found = _entries(text)
    if not found:
        raise field_error("names no registry; leave it out to act on all")
    bad = [entry for entry in found if not re.fullmatch("[A-Za-z0-9_]+", entry)]
    if bad:
        raise field_error(f"`{'`, `'.join(bad)}`: an id has letters, digits and `_` only")
    return frozenset(map(str.upper, found))


def repositories(text: str) -> tuple[str, ...]:
    """Names or globs of repositories, separated by commas or lines; `[]` is nobody.

    Text without an entry is refused: expressions that come out empty must not clear a list.
    """
    if re.fullmatch(r"\[\s*\]", text):
        return ()
    found = _entries(text)
    if not found:
        raise field_error(
            "names no repository; write `[]` for nobody, or leave it out to keep the list"
        )
    return found


def patterns(text: str) -> tuple[str, ...]:
    """Globs, separated by commas or lines, in lower case.

    Text without an entry is refused: nothing would be bound by it.
    """
    found = _entries(text.lower())
    if not found:
        raise field_error("names nothing; leave it out to allow everything")
    return found


def servers(patterns: tuple[str, ...]) -> tuple[str, ...]:
    """Globs that can match a registry's server as Codespaces spells it."""
    return _all_valid(patterns, pattern_error)


def owners(patterns: tuple[str, ...]) -> tuple[str, ...]:
    """Globs of logins."""

    def check(pattern: str) -> str | None:
        login = re.fullmatch(r"([a-z0-9_*?-]|\[!?[a-z0-9_-]+\])+", pattern)
        return None if login else "not the login of an owner, nor a glob of logins"

    return _all_valid(patterns, check)


def target(text: str) -> str:
    """A target as `scope:NAME`."""
    scope, colon, name = text.partition(":")
    if scope.lower() not in SCOPES or not colon:
        raise field_error(f"must be {', '.join(f'`{scope}:NAME`' for scope in SCOPES)}")
    return f"{scope.lower()}:{name.strip()}"


def share(text: str) -> float:
    """A share of all, 0 to 1."""
    match = re.fullmatch(r"(\d{1,3})%", text)
    if match is None or int(match[1]) > 100:  # noqa: PLR2004 - all of it
        raise field_error("must be a share such as `30%`, at most `100%`")
    return int(match[1]) / 100


def boolean(text: str) -> bool:
    """`true` or `false` in any letter case, and nothing that some take for it."""
    if text.lower() not in {"true", "false"}:
        raise field_error("must be `true` or `false`")
    return text.lower() == "true"


def rate(text: str) -> int:
    """How many of something, at least one."""
    if not re.fullmatch(r"[1-9]\d{0,5}", text):
        raise field_error("must be a whole number, 1 or more")
    return int(text)


def token(given: SecretStr) -> SecretStr:
    """A token that an HTTP header takes. To say what is wrong where would tell a part of it."""
    if not re.fullmatch(r"[\x21-\x7e]+", given.get_secret_value()):
        message = (
            "holds a character that no token has, such as a blank, a line break, an ellipsis (`…`) "
            "or a byte order mark; copy it again, whole and without what surrounds it"
        )
        raise field_error(message)
    return given


def app_id(text: str) -> str:
    """The id of a GitHub App, or its client id."""
    if not re.fullmatch(r"[A-Za-z0-9._-]+", text):
        raise field_error(
            "must be the App's id, such as `123456`, or its client id, such as `Iv23li…`"
        )
    return text


def private_key(pem: SecretStr) -> SecretStr:
    """A key that cannot be read is known before the first request."""
    try:
        key = load_pem_private_key(pem.get_secret_value().encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        message = (
            "is not a private key in PEM form, with its first and last line and its line breaks"
        )
        raise field_error(message) from None
    if not isinstance(key, RSAPrivateKey):
        raise field_error(
            "is not an RSA key, which GitHub gives Apps; take it from the App's settings"
        )
    return pem


def _all_valid(patterns: tuple[str, ...], check: Callable[[str], str | None]) -> tuple[str, ...]:
    bad = [f"`{pattern}`: {message}" for pattern in patterns if (message := check(pattern))]
    if bad:
        raise field_error("; ".join(bad))
    return patterns


def _entries(text: str) -> tuple[str, ...]:
    """What commas or line breaks separate, without blanks around it and without empty entries."""
    return tuple(filter(None, map(str.strip, re.split(r"[,\r\n]", text))))


def parse_credentials_json(text: str) -> Mapping[str, SecretStr] | None:
    """The values by name, or None where `text` is no such object.

    `toJSON` makes `null` of a secret that is not set; it is taken for the empty text that a
    variable would be. What is wrong with a text is not told: it would show a part of it.
    """
    try:
        pairs = json.loads(text, object_pairs_hook=tuple)
    except (ValueError, RecursionError):
        return None
    if not isinstance(pairs, tuple) or len(dict(pairs)) < len(pairs):
        return None
    if not all(value is None or _is_text(value) for _, value in pairs):
        return None
    return {name: SecretStr(value or "") for name, value in pairs}


def _is_text(value: object) -> bool:
    """Whether it is text that has bytes; JSON can spell halves of characters, which have none."""
    if not isinstance(value, str):
        return False
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True
