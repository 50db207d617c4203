"""Checks of a credential without a request."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime

import jwt
import pytest

from codespaces_registry_secrets.model.registries import registry_uses_api
from codespaces_registry_secrets.verify.credential_checks import (
    check,
    embedded_expiry,
    is_github_token,
)

ECR = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"
GOOGLE = "europe-west4-docker.pkg.dev"
PEM = "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBg\n-----END PRIVATE KEY-----\n"
KEY = json.dumps({"type": "service_account", "private_key": PEM}).encode()
FLAT = json.dumps({"private_key": PEM.replace("\n", "")}).encode()
EXPIRY = datetime(2027, 1, 31, 12, 0, tzinfo=UTC)

CASES = {
    "a temporary login of ECR": (ECR, b"AWS", b"x", "warning", "expires after 12 hours"),
    "no access key id": (
        ECR,
        b"me",
        b"x",
        "error",
        "the user name for ECR must be an access key ID (AKIA…), and the password its secret key",
    ),
    "a temporary key": (
        ECR,
        b"ASIAIOSFODNN7EXAMPLE",
        b"x",
        "error",
        "a temporary access key (ASIA…), which needs a session token",
    ),
    "a key of nested lists": ("gcr.io", b"_json_key", b"[" * 9999, "error", "is not JSON"),
    "a token of Google": (GOOGLE, b"oauth2accesstoken", b"x", "warning", "expires after an hour"),
    "a key that is no JSON": ("gcr.io", b"_json_key", b"x{", "error", "is not JSON"),
    "a key of something else": ("gcr.io", b"_json_key", b"{}", "error", "is not a service account"),
    "a key on one line": ("gcr.io", b"_json_key", FLAT, "error", "has lost the line breaks"),
    "a key with a number": (
        "gcr.io",
        b"_json_key",
        b'{"private_key": 7}',
        "error",
        "is not a service account",
    ),
    "a key that is a list": ("gcr.io", b"_json_key", b"[]", "error", "is not a service account"),
    "a wrapped key": (
        GOOGLE,
        b"_json_key_base64",
        base64.encodebytes(KEY).removesuffix(b"\n"),
        "error",
        "is wrapped; encode it into one line (`base64 -w0`)",
    ),
    "a key that is no base64": (GOOGLE, b"_json_key_base64", b"?", "error", "is not base64"),
    "a flat key in base64": (
        GOOGLE,
        b"_json_key_base64",
        base64.b64encode(FLAT),
        "error",
        "has lost the line breaks",
    ),
    "GITHUB_TOKEN": ("ghcr.io", b"me", b"ghs_abc", "error", "expires with the job"),
    "a fine-grained token": ("ghcr.io", b"me", b"github_pat_x", "warning", "classic"),
    "a space before": ("ghcr.io", b"me", b" pass-word", "warning", "the password starts or ends"),
    "a tab behind": ("ghcr.io", b"me\t", b"pass", "warning", "the user name starts or ends"),
    "a line break that is kept": ("ghcr.io", b"me", b"pass-word\n", "warning", "a part of it"),
    "a hard space": ("ghcr.io", b"me", "pass-word\xa0".encode(), "warning", "the password starts"),
    "a carriage return": ("ghcr.io", b"me", b"pass\r", "warning", "a carriage return"),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_problem_of_a_credential(case: tuple[str, bytes, bytes, str, str]) -> None:
    """The message has the reason and what to use instead, and not the value."""
    server, username, password, level, message = case

    (issue,) = check(server, username, password)

    assert issue.level == level
    assert message in issue.message
    assert password.decode() not in issue.message or len(password) < 3


@pytest.mark.parametrize(
    ("server", "username", "password"),
    [
        (ECR, b"AKIAIOSFODNN7EXAMPLE", b"secret key"),
        (GOOGLE, b"_json_key", KEY),
        ("eu.gcr.io", b"_json_key_base64", base64.b64encode(KEY)),
        (GOOGLE, b"unknown user", b"x"),
        ("ghcr.io", b"me", b"ghp_classic"),
        ("registry.example.com", b"AWS", b"ghs_of_another_registry"),
    ],
)
def test_a_good_credential_has_no_problem(server: str, username: bytes, password: bytes) -> None:
    """Nor does one for a server of another kind."""
    assert list(check(server, username, password)) == []


def test_blanks_around_user_name_and_password() -> None:
    """User name and password get a warning each, and a carriage return gets another one."""
    messages = [issue.message for issue in check("ghcr.io", b" me", b"pass-word\r\n")]

    assert [message.partition(",")[0] for message in messages] == [
        "the user name starts or ends with a space",
        "the password contains a carriage return (a Windows line ending); remove it from the source",
        "the password starts or ends with a space",
    ]
    assert not any("pass-word" in message for message in messages)


def test_a_space_before_a_carriage_return_is_found_too() -> None:
    """Both are in the value that is stored."""
    first, second = (issue.message for issue in check("ghcr.io", b"me", b"pass-word \r"))

    assert first.startswith("the password contains a carriage return")
    assert second.startswith("the password starts or ends with a space")


def test_bytes_that_are_no_text_are_valid() -> None:
    """A password can be any bytes."""
    assert list(check("registry.example.com", b"\xff", b"\xfe\xff")) == []


def test_blanks_within_a_password_are_valid() -> None:
    """Only those at its ends get a warning."""
    assert list(check("ghcr.io", b"me", b"pass \t\n word")) == []


def test_the_expiry_of_a_jwt() -> None:
    """`exp`, with any signature."""
    token = jwt.encode({"exp": int(EXPIRY.timestamp())}, "k" * 32, "HS256").encode()

    assert embedded_expiry(token) == EXPIRY


def jwt_of(claims: str, header: str = '{"alg": "none"}', signature: bytes = b"") -> bytes:
    """A JWT of any texts, also of those that no library would write."""
    parts = (base64.urlsafe_b64encode(text.encode()).rstrip(b"=") for text in (header, claims))
    return b".".join([*parts, signature])


@pytest.mark.parametrize(
    ("claims", "expiry"),
    [
        (f'{{"exp": {EXPIRY.timestamp()}}}', EXPIRY),
        (
            f'{{"exp": {EXPIRY.timestamp():.0f}, "iat": "x", "nbf": 1e9, "aud": [], "iss": 5}}',
            EXPIRY,
        ),
        ('{"exp": 0}', datetime(1970, 1, 1, tzinfo=UTC)),
        ('{"exp": -86400}', datetime(1969, 12, 31, tzinfo=UTC)),
    ],
)
def test_the_expiry_of_an_unsigned_or_expired_jwt_is_read(claims: str, expiry: datetime) -> None:
    """No other claim is checked, and `exp` is not compared with now."""
    assert embedded_expiry(jwt_of(claims)) == expiry


@pytest.mark.parametrize(
    "claims",
    [
        "",
        "[]",
        "null",
        "{}",
        '{"exp": null}',
        '{"exp": true}',
        '{"exp": "1800000000"}',
        '{"exp": "2027-01-31T12:00:00Z"}',
        '{"exp": [1800000000]}',
        '{"exp": {"exp": 1800000000}}',
        '{"claims": {"exp": 1800000000}}',
        '{"exp": 99999999999999999999}',
        '{"exp": -99999999999999999999}',
        f'{{"exp": 1{"0" * 4000}}}',
        f'{{"exp": 1{"0" * 5000}}}',
        '{"exp": 1e300}',
        '{"exp": 1e999}',
        '{"exp": NaN}',
        '{"exp": -Infinity}',
        "[" * 99_999,
        '{"exp": ' + '{"exp": ' * 99_999,
    ],
)
def test_a_jwt_without_a_usable_expiry(claims: str) -> None:
    """Of the wrong type, beyond any date, nested, or no JSON."""
    assert embedded_expiry(jwt_of(claims)) is None


@pytest.mark.parametrize(
    "header", ["", "[]", "{", "[" * 99_999, '{"alg": "none", "crit": ["x"]}', '{"kid": 5}']
)
def test_a_jwt_with_an_invalid_header_has_no_expiry(header: str) -> None:
    """RFC 7515 requires to reject an unknown critical extension."""
    assert embedded_expiry(jwt_of('{"exp": 1800000000}', header)) is None


@pytest.mark.parametrize("signature", [b"?", b"\xff", b"x.y"])
def test_a_jwt_with_an_invalid_signature_part_has_no_expiry(signature: bytes) -> None:
    """It is no base64, or one part too many."""
    assert embedded_expiry(jwt_of('{"exp": 1800000000}', signature=signature)) is None


@pytest.mark.parametrize("blanks", ["", " ", "  "])
def test_the_expiry_of_a_token_of_ecr(blanks: str) -> None:
    """It is JSON in base64, of any length, and its padding can be missing."""
    data = json.dumps({"expiration": int(EXPIRY.timestamp())}) + blanks
    token = base64.b64encode(data.encode())

    assert embedded_expiry(token) == EXPIRY
    assert embedded_expiry(token.rstrip(b"=")) == EXPIRY


@pytest.mark.parametrize(
    "password",
    [
        b"plain",
        b"a.b.c",
        b"\xff\xfe.\xff.\xff",
        base64.b64encode(b"[1]"),
        base64.b64encode(b'{"expiration": true}'),
        base64.b64encode(b'{"expiration": 1e300}'),
        base64.b64encode(b'{"expiration": "soon"}'),
        KEY,
        base64.b64encode(b"[" * 9999),
    ],
)
def test_no_expiry_in_other_passwords(password: bytes) -> None:
    """Also not if they look like such a token."""
    assert embedded_expiry(password) is None


def test_is_github_token() -> None:
    """No other password is sent to GitHub."""
    assert is_github_token(b"ghp_x")
    assert is_github_token(b"github_pat_x")
    assert not is_github_token(b"some password")


@pytest.mark.parametrize(
    ("api_url", "server", "expected"),
    [
        ("https://api.github.com", "ghcr.io", True),
        ("https://api.octocorp.ghe.com", "containers.octocorp.ghe.com", True),
        ("https://api.octocorp.ghe.com", "ghcr.io", False),
        ("https://api.github.com", "containers.octocorp.ghe.com", False),
        ("https://api.other.ghe.com", "containers.octocorp.ghe.com", False),
        ("https://api.github.com", "registry.example.com", False),
    ],
)
def test_a_token_is_sent_only_to_the_github_that_issued_it(
    api_url: str, server: str, expected: bool
) -> None:
    """Each GitHub has a registry and an API of its own."""
    assert registry_uses_api(api_url, server) == expected
