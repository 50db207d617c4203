"""Redact secrets in responses of servers, and mask values in the log. Pure.

A server can repeat what it was sent, in any encoding. If a text contains a piece of a secret, the
whole text is replaced: a gap would show how long the secret is and where it was.
"""

from __future__ import annotations

import html
import json
import re
import sys
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable, Iterator
from urllib.parse import quote, quote_plus, unquote, unquote_plus

MAX_LENGTH = 300
REDACTED = "text not shown because it repeats the credential"
REDACTED_HOST = "a host whose name contains the credential"

# A text that shares this many characters in a row with a secret repeats it. A shorter secret is
# compared as a whole.
PIECE = 12
# A shorter encoded form would occur in almost any text by chance.
_MIN_ENCODING_LENGTH = 6
# Legitimate text has few decodings, even if it is encoded several times. More mean an attack.
_MAX_DECODINGS = 64

_HEX = "[0-9A-Fa-f]"
_CODE_POINT = (
    rf"(?:u\{{(?P<braced>{_HEX}{{1,6}})\}}|u(?P<four>{_HEX}{{4}})|U(?P<eight>{_HEX}{{8}})"
    rf"|x(?P<two>{_HEX}{{2}}))"
)
_ESCAPE = re.compile(
    rf"[\\%]{_CODE_POINT}|\\(?P<octal>[0-7]{{3}})|\\(?P<letter>[abfnrtv0])|\\(?P<self>\W)"
)
# The quoted text of a header loses the backslashes of `\u0070`.
_BARE_ESCAPE = re.compile(_CODE_POINT)

# Source: `AddMaskCommandExtension` in actions/runner. `add-mask` hides the whole payload and each
# of its lines, trimmed. A line ends at CR LF, CR or LF and nowhere else.
_LINE_END = re.compile(r"\r\n|\r|\n")
# A mask for `{` or `},` would hide parts of every log line; such lines of a key hold no secret.
MIN_LINE_LENGTH = 6


class Redactor:
    """Makes text from a server printable, and replaces it if it repeats a secret.

    It holds the secrets, so create one for each login or error. The user name is not a secret, but
    each occurrence of it is replaced by `***`.
    """

    def __init__(self, *secrets: bytes, username: bytes = b"") -> None:
        self._encodings: set[str] = set()
        name = re.escape(username.decode("utf-8", "replace")) or "(?!)"
        self._username = re.compile(rf"(?<!\w){name}(?!\w)", re.IGNORECASE)
        for secret in secrets:
            self.add(secret)

    def add(self, secret: bytes) -> None:
        """Add a secret, such as a token that the server returned."""
        self._encodings.update(encoding for encoding in _encodings(secret) if encoding)

    def __call__(self, text: str, max_length: int = MAX_LENGTH) -> str:
        """The text on one line, cut at `max_length` characters; or REDACTED."""
        printable = "".join(c if c.isprintable() else " " for c in text)
        # Comparing takes time, and nothing beyond this length is shown.
        line = " ".join(printable.split())[: 2 * max_length]
        if line and self._repeats_secret(line):
            return REDACTED
        line = self._username.sub("***", line)
        return line if len(line) <= max_length else f"{line[:max_length]}…"

    def host(self, name: str) -> str:
        """The name of a host that a server chose; or REDACTED_HOST."""
        return REDACTED_HOST if self._repeats_secret(name) else name

    def _repeats_secret(self, text: str) -> bool:
        decodings = _decodings(text)
        if len(decodings) > _MAX_DECODINGS:
            return True
        return any(_shares_piece(_normalize(text), self._encodings) for text in decodings)


def _shares_piece(text: str, encodings: set[str]) -> bool:
    """Whether a normalized text contains an encoding, or any PIECE characters of a long one."""
    pieces = {text[at : at + PIECE] for at in range(len(text))}
    return any(
        encoding in text
        if len(encoding) < PIECE
        else any(encoding[at : at + PIECE] in pieces for at in range(len(encoding) - PIECE + 1))
        for encoding in encodings
    )


def _normalize(text: str) -> str:
    """Remove spaces, control characters and letter case, which a server can change."""
    return "".join(c for c in text if c.isprintable() and c != " ").casefold()


def _encodings(secret: bytes) -> Iterator[str]:
    """The encodings in which a server can repeat a secret, normalized."""
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
    yield from map(_normalize, plain)
    encoded = (secret.hex(), *_base64_of_longer_text(secret))
    yield from (item.lower() for item in encoded if len(item) >= _MIN_ENCODING_LENGTH)


def _base64_of_longer_text(secret: bytes) -> Iterator[str]:
    """The base64 characters that depend on the secret alone, after 0, 1 or 2 other bytes."""
    for before in range(3):
        for encode in (b64encode, urlsafe_b64encode):
            encoded = encode(bytes(before) + secret).decode().rstrip("=")
            shares_last = (before + len(secret)) % 3 != 0
            yield encoded[(0, 2, 3)[before] : -1 if shares_last else None]


def _decodings(text: str) -> list[str]:
    """The text and everything that it decodes to, with the decoders applied in any order."""
    decodings = [text]
    for encoded in decodings:
        for decode in _DECODERS:
            decoded = decode(encoded)
            if decoded not in decodings and len(decodings) <= _MAX_DECODINGS:
                decodings.append(decoded)
    return decodings


def _unescape(text: str) -> str:
    r"""Decode the escapes of JSON, Python and shells: `\u0070`, `\x70`, `\160`, `\n`, `\/`."""
    return _ESCAPE.sub(_escaped_character, text)


def _unescape_bare(text: str) -> str:
    return _BARE_ESCAPE.sub(_code_point, text)


def _escaped_character(match: re.Match[str]) -> str:
    if match["letter"]:
        return " "  # a control character, which `_normalize` removes
    if match["octal"]:
        return chr(int(match["octal"], 8))
    return match["self"] or _code_point(match)


def _code_point(match: re.Match[str]) -> str:
    digits = match["braced"] or match["four"] or match["eight"] or match["two"]
    number = int(digits, 16)
    return chr(number) if number <= sys.maxunicode else match[0]


_DECODERS: tuple[Callable[[str], str], ...] = (
    html.unescape,
    unquote,
    unquote_plus,
    _unescape,
    _unescape_bare,
)


def mask_payloads(value: str) -> tuple[str, ...]:
    """The payloads of `add-mask` that hide a value: one for each of its long lines.

    A value without a long line is a single payload, so that the runner hides its short lines too.
    Whitespace at both ends is left out. A blank value has no mask: the runner would reject it.
    """
    lines = (line.strip() for line in _LINE_END.split(value))
    long_lines = tuple(line for line in lines if len(line) >= MIN_LINE_LENGTH)
    whole = value.strip()
    return long_lines or ((whole,) if whole else ())
