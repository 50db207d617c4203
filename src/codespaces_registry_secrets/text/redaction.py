"""Text from a server -> one short printable line without secrets.

A server may repeat what it was sent, in any encoding. Text that contains a piece of a secret is
left out as a whole: a gap would show how long the secret is, and where it stood.
"""

from __future__ import annotations

import html
import json
import re
import sys
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable, Iterator
from urllib.parse import quote, quote_plus, unquote, unquote_plus

LONGEST = 300
# So many equal characters in a row are no coincidence. A shorter secret is compared as a whole.
PIECE = 12
LEFT_OUT = "its words are left out, for they repeat the credential"
HOST_LEFT_OUT = "a host whose name repeats the credential"

# An encoded form that is shorter than this would be found in any text.
_SHORTEST_FORM = 6
# Text that is encoded several times has few readings. More of them means an attack.
_MOST_READINGS = 64
_HEX = "[0-9A-Fa-f]"
_NUMBER = (
    rf"(?:u\{{(?P<braced>{_HEX}{{1,6}})\}}|u(?P<four>{_HEX}{{4}})|U(?P<eight>{_HEX}{{8}})"
    rf"|x(?P<two>{_HEX}{{2}}))"
)
_ESCAPE = re.compile(
    rf"[\\%]{_NUMBER}|\\(?P<octal>[0-7]{{3}})|\\(?P<letter>[abfnrtv0])|\\(?P<self>\W)"
)
# The backslashes of `\u0070` get lost in a header's quoted text.
_BARE_ESCAPE = re.compile(_NUMBER)


class Redactor:
    """Makes text from a server printable, without the secrets that the server was sent.

    It holds the secrets, so make one for each login or error. `***` replaces `username`, which is
    not a secret.
    """

    def __init__(self, *secrets: bytes, username: bytes = b"") -> None:
        self._forms: set[str] = set()
        name = re.escape(username.decode("utf-8", "replace")) or "(?!)"
        self._username = re.compile(rf"(?<!\w){name}(?!\w)", re.IGNORECASE)
        for secret in secrets:
            self.add(secret)

    def add(self, secret: bytes) -> None:
        """Add a secret, such as a token that the server gave."""
        self._forms.update(form for form in _forms(secret) if form)

    def __call__(self, text: str, longest: int = LONGEST) -> str:
        """The line, at most `longest` characters of it; or a note in its place."""
        printable = "".join(c if c.isprintable() else " " for c in text)
        # Comparing takes time, and nothing beyond this is shown.
        line = " ".join(printable.split())[: 2 * longest]
        if line and self._repeats(line):
            return LEFT_OUT
        line = self._username.sub("***", line)
        return line if len(line) <= longest else f"{line[:longest]}…"

    def host(self, name: str) -> str:
        """The name of a host that a server chose, or a note in its place."""
        return HOST_LEFT_OUT if self._repeats(name) else name

    def _repeats(self, text: str) -> bool:
        readings = _readings(text)
        if len(readings) > _MOST_READINGS:
            return True
        return any(_shares(_packed(reading), self._forms) for reading in readings)


def _shares(packed: str, forms: set[str]) -> bool:
    pieces = {packed[at : at + PIECE] for at in range(len(packed))}
    return any(
        form in packed
        if len(form) < PIECE
        else any(form[at : at + PIECE] in pieces for at in range(len(form) - PIECE + 1))
        for form in forms
    )


def _readings(text: str) -> list[str]:
    """The text and everything that it decodes to, for encodings in any order."""
    readings = [text]
    for reading in readings:
        for decode in _DECODERS:
            decoded = decode(reading)
            if decoded not in readings and len(readings) <= _MOST_READINGS:
                readings.append(decoded)
    return readings


def _unescape(text: str) -> str:
    r"""JSON's, Python's and a shell's escapes: `\u0070`, `\x70`, `\160`, `\n`, `\/`."""
    return _ESCAPE.sub(_escaped, text)


def _unescape_bare(text: str) -> str:
    return _BARE_ESCAPE.sub(_numbered, text)


def _escaped(match: re.Match[str]) -> str:
    if match["letter"]:
        return " "  # a control character, which no comparison looks at
    if match["octal"]:
        return chr(int(match["octal"], 8))
    return match["self"] or _numbered(match)


def _numbered(match: re.Match[str]) -> str:
    number = match["braced"] or match["four"] or match["eight"] or match["two"]
    code = int(number, 16)
    return chr(code) if code <= sys.maxunicode else match[0]


_DECODERS: tuple[Callable[[str], str], ...] = (
    html.unescape,
    unquote,
    unquote_plus,
    _unescape,
    _unescape_bare,
)


def _packed(text: str) -> str:
    """The text without blanks, control characters and case, which a server may change."""
    return "".join(c for c in text if c.isprintable() and c != " ").casefold()


def _forms(secret: bytes) -> Iterator[str]:
    """The ways in which a server may repeat a secret, packed."""
    text = secret.decode("utf-8", "replace")
    plain = (
        text,
        secret.decode("latin-1"),
        json.dumps(text)[1:-1],
        html.escape(text),
        quote(secret, safe=""),
        quote_plus(secret),
        b64encode(secret).decode().rstrip("="),
    )
    yield from map(_packed, plain)
    encoded = (secret.hex(), *_in_base64(secret))
    yield from (form.lower() for form in encoded if len(form) >= _SHORTEST_FORM)


def _in_base64(secret: bytes) -> Iterator[str]:
    """The base64 characters that depend on the secret alone, after 0, 1 or 2 other bytes."""
    for before in range(3):
        for encode in (b64encode, urlsafe_b64encode):
            encoded = encode(bytes(before) + secret).decode().rstrip("=")
            shared_end = (before + len(secret)) % 3 != 0
            yield encoded[(0, 2, 3)[before] : -1 if shared_end else None]


# A mask for `{` or `},` would blacken every log; such lines of a key hold nothing secret.
SHORTEST_LINE = 6

_LINE_END = re.compile(r"\r\n|\r|\n")


def mask_payloads(value: str) -> tuple[str, ...]:
    """The payloads of `add-mask` for a value: its long lines, each on its own.

    A value without a long line is one payload, so the runner hides its short lines too. Blanks at
    the ends are left out: what is around the rest shows nothing. A value of blanks has no mask,
    which the runner would refuse.
    """
    lines = (line.strip() for line in _LINE_END.split(value))
    long = tuple(line for line in lines if len(line) >= SHORTEST_LINE)
    whole = value.strip()
    return long or ((whole,) if whole else ())
