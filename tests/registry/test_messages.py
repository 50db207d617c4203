"""What the message for the user says about the response or the error of a registry."""

from __future__ import annotations

import ssl

import pytest
import urllib3
from urllib3.exceptions import MaxRetryError, ReadTimeoutError

from codespaces_registry_secrets.verify.errors import (
    connection_error,
    extract_message,
    rejected,
)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", ""),
        (b'"denied."', "denied"),
        (b"7", ""),
        (b"[]", ""),
        (b'{"errors": []}', ""),
        (b'{"errors": [], "message": "denied"}', "denied"),
        (b'{"errors": "none", "message": "denied"}', "denied"),
        (b'{"message": "No access to X."}', "No access to X"),
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


def cause_of(error: Exception) -> str:
    """The message for an error without a response."""
    return connection_error(error, "registry.test", str).result.message


def test_the_reason_of_an_error_is_found() -> None:
    """urllib3 has it in an attribute."""
    pool = urllib3.HTTPConnectionPool("registry.test")
    error = MaxRetryError(pool, "/", ReadTimeoutError(pool, "/", "too late"))
    assert cause_of(error) == "registry.test did not respond within 10 s; run again later"


def test_an_error_with_a_repeated_cause_is_read_to_the_end() -> None:
    """Libraries wrap one error several times."""
    shared, certificate = ValueError("shared"), ssl.SSLCertVerificationError("no")
    certificate.verify_message = "it expired"
    assert "(it expired)" in cause_of(ValueError(certificate, shared, shared))


def test_an_error_that_causes_itself_ends() -> None:
    """With the name of its type, and not its text."""
    error = ValueError("a-password")
    error.__cause__ = error
    assert cause_of(error) == "registry.test returned an unreadable response (ValueError)"


def test_the_error_of_a_login_has_its_message() -> None:
    """Also where nothing translates it."""
    assert str(rejected("it is revoked")) == "it is revoked"
