"""What the message for the user quotes from the response of a registry."""

from __future__ import annotations

import pytest

from codespaces_registry_secrets.verify.errors import extract_message


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", ""),
        (b'"denied."', "denied"),
        (b"7", ""),
        (b"[]", ""),
        (b'{"errors": []}', ""),
        (b'{"errors": {}, "message": "denied"}', "denied"),
        (b'{"errors": ["denied.", {"message": "unpaid"}, "denied"]}', "denied; unpaid"),
        (b'{"errors": [7, null, {}]}', ""),
        (b'{"errors": [{"message": " ", "code": "DENIED"}]}', "DENIED"),
        (b'{"message": 7, "detail": "denied"}', "denied"),
        (b"<title>Bad &amp; worse\xff</title>", "Bad & worse\N{REPLACEMENT CHARACTER}"),
        (b"bad gateway", ""),
        (b"[" * 60_000, ""),
    ],
)
def test_the_message_of_a_body(body: bytes, message: str) -> None:
    """Of the distribution specification, of other JSON, and of a web page; without its last dot."""
    assert extract_message(body, "") == message


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ('Bearer realm="https://auth.test"', ""),
        ('Bearer error="invalid_token"', "invalid_token"),
        ('Bearer error="invalid_token", error_description="It expired."', "It expired"),
        ('Basic realm="a", Bearer error="one", Bearer error="two"', "one; two"),
    ],
)
def test_the_message_of_a_challenge(header: str, message: str) -> None:
    """Source: RFC 6750, section 3."""
    assert extract_message(b"", header) == message


def test_a_message_that_is_repeated_is_quoted_once() -> None:
    """In the order of the response: the body comes first."""
    header = 'Bearer error_description="denied"'
    assert extract_message(b'{"message": "denied."}', header) == "denied"
    assert extract_message(b'{"message": "no"}', header) == "no; denied"
