"""Text of a server is shown without the secrets that the server was sent."""

from __future__ import annotations

import html
import json
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codespaces_registry_secrets.text.redaction import HOST_LEFT_OUT, LEFT_OUT, Redactor

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
def test_a_secret_in_any_code(
    secret: str, encoders: list[Callable[[str], str]], before: str
) -> None:
    """However it is encoded, and whatever stands before it."""
    text = secret
    for encode in encoders:
        text = encode(text)
    assert Redactor(secret.encode())(f"{before} {text}") == LEFT_OUT


@pytest.mark.parametrize("encode", ENCODERS)
@pytest.mark.parametrize("again", ENCODERS[:5])
def test_a_secret_in_a_code_within_a_code(
    encode: Callable[[str], str], again: Callable[[str], str]
) -> None:
    """As a proxy's error page may repeat what a program said."""
    text = f"no: {again(encode(SECRET))}"
    assert Redactor(SECRET.encode())(text, longest=5000) == LEFT_OUT


@pytest.mark.parametrize("before", ["", "?", "??", "user:", "::::"])
@pytest.mark.parametrize("encode", [b64encode, urlsafe_b64encode])
def test_a_secret_in_base64_of_something_longer(
    before: str, encode: Callable[[bytes], bytes]
) -> None:
    """Wherever it begins there."""
    text = encode(f"{before}{SECRET}?".encode()).decode()
    assert Redactor(SECRET.encode())(f"bad header: {text}") == LEFT_OUT


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
def test_a_secret_with_escapes(text: str) -> None:
    """As JSON, Python and a shell write it, also where the backslashes are lost on the way."""
    assert Redactor(SECRET.encode())(text) == LEFT_OUT


def test_no_text_that_has_too_many_readings() -> None:
    """Who encodes so often wants to hide something."""
    text = "x"
    for _ in range(70):
        text = text.replace("%", "%25") if "%" in text else "%78"
    assert Redactor(b"some secret")(text) == LEFT_OUT


def test_what_is_no_escape_stays() -> None:
    """Text is shown as it came, but for line ends and control characters."""
    text = r"C:\users\x \U99999999 100%25 &amp; \u12"
    assert Redactor(b"some secret")(f"{text}\r\n\x1b") == text


def test_a_text_of_its_own_length() -> None:
    """Cut at 300 characters, or where the caller says."""
    assert Redactor()("x" * 400) == "x" * 300 + "…"
    assert Redactor()("x" * 400, longest=500) == "x" * 400


def test_a_user_name() -> None:
    """Stars take its place, where it is a word of its own."""
    assert Redactor(username=b"me")("me and Mexico: ME") == "*** and Mexico: ***"


def test_a_short_secret() -> None:
    """It counts as a whole, and its codes only where they are long enough to be told."""
    redact = Redactor(b"xy")
    assert redact("foxy") == LEFT_OUT
    assert redact("read 7879 of eHk") == LEFT_OUT
    assert redact("read 7879") == "read 7879"


def test_a_host() -> None:
    """Named, unless its name repeats a secret."""
    redact = Redactor(b"my-long-password")
    assert redact.host("auth.example.com:8443") == "auth.example.com:8443"
    assert redact.host("my-long-password.example.com") == HOST_LEFT_OUT
    assert redact.host("%6dy-long-passwor.example.com") == HOST_LEFT_OUT
