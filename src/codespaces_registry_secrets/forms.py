"""The text of an input -> its value, or a fault that says what it must be. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeVar
from urllib.parse import urlsplit

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from pydantic import BeforeValidator, SecretStr
from pydantic_core import PydanticCustomError

from codespaces_registry_secrets.spec.registries import pattern_fault
from codespaces_registry_secrets.targets import SCOPES

T = TypeVar("T")

LONGEST_HOST = 253  # RFC 1035

ANY_CASE = BeforeValidator(str.lower)


def read(reader: Callable[[str], T | None], form: str) -> BeforeValidator:
    """What `reader` makes of a text, or a fault that says the form it takes."""

    def read_text(text: str) -> T:
        found = reader(text)
        if found is None:
            raise _fault(f"must be {form}")
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
        raise _fault(form) from None
    if not usable:
        raise _fault(form)
    right = _api_of(parts.hostname or "")
    if right:
        raise _fault(f"is not the URL of the API; write {right}")
    if parts.path.rstrip("/").endswith("/api/v3"):
        raise _fault("GitHub Enterprise Server has no Codespaces; use github.com or GHE.com")
    if parts.scheme not in {"https", "http"} or not parts.hostname:
        raise _fault(form)
    if parts.scheme == "http" and parts.hostname not in {"127.0.0.1", "localhost", "::1"}:
        raise _fault("must start with https://: a token travels there")
    return url.rstrip("/")


def _is_host(name: str) -> bool:
    """Whether it is a name with labels of letters, digits and `-`, or an address."""
    labels = re.fullmatch(r"[a-z0-9-]{1,63}(\.[a-z0-9-]{1,63})*", name)
    return (labels is not None and len(name) <= LONGEST_HOST) or ":" in name


def _api_of(host: str) -> str | None:
    """The URL of the API of a web site of GitHub; None for any other host.

    Source: "Getting started with the REST API" and "About GHE.com", docs.github.com.
    """
    if host in {"github.com", "www.github.com"}:
        return "https://api.github.com"
    subdomain = re.fullmatch(r"(?!api\.)(?:[a-z0-9-]+\.)*([a-z0-9-]+)\.ghe\.com", host)
    return f"https://api.{subdomain[1]}.ghe.com" if subdomain else None


def ids(text: str) -> frozenset[str]:
    """Registry ids, separated by commas or lines."""
    found = _entries(text)
    if not found:
        raise _fault("names no registry; leave it out to act on all")
    bad = [entry for entry in found if not re.fullmatch("[A-Za-z0-9_]+", entry)]
    if bad:
        raise _fault(f"`{'`, `'.join(bad)}`: an id has letters, digits and `_` only")
    return frozenset(map(str.upper, found))


def repositories(text: str) -> tuple[str, ...]:
    """Names or globs of repositories, separated by commas or lines; `[]` is nobody.

    Text without an entry is refused: expressions that come out empty must not clear a list.
    """
    if re.fullmatch(r"\[\s*\]", text):
        return ()
    found = _entries(text)
    if not found:
        raise _fault("names no repository; write `[]` for nobody, or leave it out to keep the list")
    return found


def patterns(text: str) -> tuple[str, ...]:
    """Globs, separated by commas or lines, in lower case.

    Text without an entry is refused: nothing would be bound by it.
    """
    found = _entries(text.lower())
    if not found:
        raise _fault("names nothing; leave it out to allow everything")
    return found


def servers(patterns: tuple[str, ...]) -> tuple[str, ...]:
    """Globs that can match a registry's server as Codespaces spells it."""
    return _all_valid(patterns, pattern_fault)


def owners(patterns: tuple[str, ...]) -> tuple[str, ...]:
    """Globs of logins."""

    def fault(pattern: str) -> str | None:
        login = re.fullmatch(r"([a-z0-9_*?-]|\[!?[a-z0-9_-]+\])+", pattern)
        return None if login else "not the login of an owner, nor a glob of logins"

    return _all_valid(patterns, fault)


def target(text: str) -> str:
    """A target as `scope:NAME`."""
    scope, colon, name = text.partition(":")
    if scope.lower() not in SCOPES or not colon:
        raise _fault(f"must be {', '.join(f'`{scope}:NAME`' for scope in SCOPES)}")
    return f"{scope.lower()}:{name.strip()}"


def share(text: str) -> float:
    """A share of all, 0 to 1."""
    match = re.fullmatch(r"(\d{1,3})%", text)
    if match is None or int(match[1]) > 100:  # noqa: PLR2004 - all of it
        raise _fault("must be a share such as `30%`, at most `100%`")
    return int(match[1]) / 100


def boolean(text: str) -> bool:
    """`true` or `false` in any letter case, and nothing that some take for it."""
    if text.lower() not in {"true", "false"}:
        raise _fault("must be `true` or `false`")
    return text.lower() == "true"


def rate(text: str) -> int:
    """How many of something, at least one."""
    if not re.fullmatch(r"[1-9]\d{0,5}", text):
        raise _fault("must be a whole number, 1 or more")
    return int(text)


def token(given: SecretStr) -> SecretStr:
    """A token that an HTTP header takes. To say what is wrong where would tell a part of it."""
    if not re.fullmatch(r"[\x21-\x7e]+", given.get_secret_value()):
        message = (
            "holds a character that no token has, such as a blank, a line break, an ellipsis (`…`) "
            "or a byte order mark; copy it again, whole and without what surrounds it"
        )
        raise _fault(message)
    return given


def app_id(text: str) -> str:
    """The id of a GitHub App, or its client id."""
    if not re.fullmatch(r"[A-Za-z0-9._-]+", text):
        raise _fault("must be the App's id, such as `123456`, or its client id, such as `Iv23li…`")
    return text


def private_key(pem: SecretStr) -> SecretStr:
    """A key that cannot be read is known before the first request."""
    try:
        key = load_pem_private_key(pem.get_secret_value().encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        message = (
            "is not a private key in PEM form, with its first and last line and its line breaks"
        )
        raise _fault(message) from None
    if not isinstance(key, RSAPrivateKey):
        raise _fault("is not an RSA key, which GitHub gives Apps; take it from the App's settings")
    return pem


def _all_valid(patterns: tuple[str, ...], fault: Callable[[str], str | None]) -> tuple[str, ...]:
    bad = [f"`{pattern}`: {message}" for pattern in patterns if (message := fault(pattern))]
    if bad:
        raise _fault("; ".join(bad))
    return patterns


def _entries(text: str) -> tuple[str, ...]:
    """What commas or line breaks separate, without blanks around it and without empty entries."""
    return tuple(filter(None, map(str.strip, re.split(r"[,\r\n]", text))))


def _fault(message: str) -> PydanticCustomError:
    """A fault whose message is whole: pydantic would fill in `{…}` of a plain template."""
    return PydanticCustomError("input", "{message}", {"message": message})
