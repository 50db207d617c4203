"""Redact text from a server if it repeats a secret that the server was sent."""

from __future__ import annotations

import html
import json
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codespaces_registry_secrets.text.redaction import REDACTED, REDACTED_HOST, Redactor

SECRET = 'pä"ss <&>/word\n☃'
ENCODERS: tuple[Callable[[str], str], ...] = (
    quote,
    quote_plus,
    html.escape,
    lambda text: json.dumps(text)[1:-1],
    lambda text: "".join(f"&#{ord(c)};" for c in text),
    lambda text: "".join(f"&#x{ord(c):x}" for c in text).replace("&", ";&")[1:] + ";",
    lambda text: "".join(f"\\u{{{ord(c):x}}}" for c in text),
    lambda text: "".join(f"\\U{ord(c):08x}" for c in text),
    lambda text: "".join(f"%u{ord(c):04x}" for c in text),
    str.upper,
)


@given(
    st.text(st.characters(categories=("L", "N", "P", "S")), min_size=12, max_size=20),
    st.lists(st.sampled_from(ENCODERS[:4]), max_size=2),
    st.text(max_size=10),
)
def test_an_encoded_secret_is_redacted(
    secret: str, encoders: list[Callable[[str], str]], before: str
) -> None:
    """With several encodings, and after other text."""
    text = secret
    for encode in encoders:
        text = encode(text)
    assert Redactor(secret.encode())(f"{before} {text}") == REDACTED


@pytest.mark.parametrize("encode", ENCODERS)
@pytest.mark.parametrize("again", ENCODERS[:5])
def test_a_secret_that_is_encoded_twice_is_redacted(
    encode: Callable[[str], str], again: Callable[[str], str]
) -> None:
    """Like an error page of a proxy that quotes another server."""
    text = f"no: {again(encode(SECRET))}"
    assert Redactor(SECRET.encode())(text, max_length=5000) == REDACTED


@pytest.mark.parametrize("before", ["", "?", "??", "user:", "::::"])
@pytest.mark.parametrize("encode", [b64encode, urlsafe_b64encode])
def test_a_secret_in_base64_of_longer_text_is_redacted(
    before: str, encode: Callable[[bytes], bytes]
) -> None:
    """At any offset in that text."""
    text = encode(f"{before}{SECRET}?".encode()).decode()
    assert Redactor(SECRET.encode())(f"bad header: {text}") == REDACTED


@pytest.mark.parametrize(
    "text",
    [
        r"p\u00e4\"ss <&>\/word",
        r"p\xe4\x22\x73\x73\x20\x3c\x26\x3e\x2fword",
        r"\160\344\042\163\163\040\074\046\076\057\167\157\162\144",
        "pu00e4u0022u0073u0073u003cu0026u003eu002fword",
        SECRET.encode().hex(),
        "\t".join(SECRET),
        "\x00".join(SECRET),
    ],
)
def test_an_escaped_secret_is_redacted(text: str) -> None:
    """With the escapes of JSON, Python and shells, and without their backslashes."""
    assert Redactor(SECRET.encode())(text) == REDACTED


def test_text_with_too_many_decodings_is_redacted() -> None:
    """So many encodings are an attempt to hide a secret."""
    text = "x"
    for _ in range(70):
        text = text.replace("%", "%25") if "%" in text else "%78"
    assert Redactor(b"some secret")(text) == REDACTED


def test_invalid_escapes_are_kept() -> None:
    """Text is unchanged except for line ends and control characters."""
    text = r"C:\users\x \U99999999 100%25 &amp; \u12"
    assert Redactor(b"some secret")(f"{text}\r\n\x1b") == text


def test_long_text_is_cut() -> None:
    """At 300 characters, or at the length that the caller passes."""
    assert Redactor()("x" * 400) == "x" * 300 + "…"
    assert Redactor()("x" * 400, max_length=500) == "x" * 400


def test_a_user_name_is_replaced_by_stars() -> None:
    """If it is a separate word."""
    assert Redactor(username=b"me")("me and Mexico: ME") == "*** and Mexico: ***"


def test_a_short_secret_is_redacted_as_a_whole() -> None:
    """Its encoded forms count only if they are long enough."""
    redact = Redactor(b"xy")
    assert redact("foxy") == REDACTED
    assert redact("read 7879 of eHk") == REDACTED
    assert redact("read 7879") == "read 7879"


def test_a_host_that_contains_a_secret_is_redacted() -> None:
    """Other hosts are shown."""
    redact = Redactor(b"my-long-password")
    assert redact.host("auth.example.com:8443") == "auth.example.com:8443"
    assert redact.host("my-long-password.example.com") == REDACTED_HOST
    assert redact.host("%6dy-long-passwor.example.com") == REDACTED_HOST
