"""A registry's own words, fit for a message: short, in one line, and without a value.

A server may repeat what it was sent. Words that share as much as a piece of a secret are left out.
"""

from __future__ import annotations

import html
import json
import re
from base64 import b64encode
from collections.abc import Iterator
from urllib.parse import quote, quote_plus

from codespaces_registry_secrets.registry.challenges import challenges
from codespaces_registry_secrets.registry.credential import Credential

LONGEST = 300
# So many characters in common are no chance; a secret that is shorter counts as a whole.
PIECE = 12
LEFT_OUT = "its words are left out, for they repeat the credential"

# Where registries and token servers put their words: the distribution specification's `errors`,
# Docker Hub's `details`, OAuth 2.0's `error_description` (RFC 6749), problem details (RFC 9457).
_KEYS = ("message", "details", "detail", "error_description", "error", "title", "code")
_TITLE = re.compile(r"<title[^>]*>(.*?)</title>", re.IGNORECASE | re.DOTALL)


def said(body: bytes, www_authenticate: str) -> str:
    """What an answer says for a reader, or nothing."""
    parts = [*_of_body(body.decode("utf-8", "replace")), *_of_challenges(www_authenticate)]
    return "; ".join(dict.fromkeys(part.strip().rstrip(".") for part in parts if part.strip()))


class Quiet:
    """Words of others -> one short printable line without the credential and what it led to."""

    def __init__(self, credential: Credential) -> None:
        name = credential.username.get_secret_value().decode("utf-8", "replace")
        self._username = re.compile(rf"(?<!\w){re.escape(name) or '(?!)'}(?!\w)", re.IGNORECASE)
        self._forms = set(_forms(credential.password.get_secret_value()))

    def add(self, secret: bytes) -> None:
        """One more thing that must not be repeated, such as a token."""
        self._forms.update(_forms(secret))

    def __call__(self, text: str) -> str:
        """The line, without the user name; or a note in its place where a secret is in it."""
        packed = _packed(text)
        pieces = {packed[at : at + PIECE] for at in range(len(packed))}
        if any(_repeats(packed, pieces, form) for form in self._forms):
            return LEFT_OUT
        printable = "".join(c if c.isprintable() else " " for c in text)
        line = " ".join(self._username.sub("***", printable).split())
        return line if len(line) <= LONGEST else f"{line[:LONGEST]}…"


def _repeats(packed: str, pieces: set[str], form: str) -> bool:
    if len(form) < PIECE:
        return bool(form) and form in packed
    return any(form[at : at + PIECE] in pieces for at in range(len(form) - PIECE + 1))


def _packed(text: str) -> str:
    """Without blanks and case, which a server may change as it repeats something."""
    return "".join(text.split()).lower()


def _forms(secret: bytes) -> Iterator[str]:
    """The ways in which a server may repeat a secret."""
    text = secret.decode("utf-8", "replace")
    forms = (
        text,
        secret.decode("latin-1"),
        json.dumps(text)[1:-1],
        html.escape(text),
        quote(secret, safe=""),
        quote_plus(secret),
        b64encode(secret).decode().rstrip("="),
    )
    return map(_packed, dict.fromkeys(forms))


def _of_body(text: str) -> list[str]:
    try:
        body = json.loads(text)
    except ValueError:
        title = _TITLE.search(text)
        return [html.unescape(title[1])] if title else []
    except RecursionError:
        return []
    errors = body.get("errors") if isinstance(body, dict) else None
    return [_words(one) for one in (errors if isinstance(errors, list) and errors else [body])]


def _words(one: object) -> str:
    if not isinstance(one, dict):
        return one if isinstance(one, str) else ""
    words = (one.get(key) for key in _KEYS)
    return next((text for text in words if isinstance(text, str) and text.strip()), "")


def _of_challenges(header: str) -> list[str]:
    """A Bearer challenge may say what is wrong with a token (RFC 6750)."""
    given = [challenge.parameters for challenge in challenges(header)]
    return [p.get("error_description") or p.get("error", "") for p in given]
