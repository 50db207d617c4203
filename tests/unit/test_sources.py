"""Read values from sources, exact to the byte unless the source says otherwise."""

from __future__ import annotations

import base64
import os
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import SecretBytes, SecretStr

from codespaces_registry_secrets.errors import SourceError
from codespaces_registry_secrets.inputs.sources import MAX_BYTES, Sources
from codespaces_registry_secrets.model.desired import Credential
from codespaces_registry_secrets.model.fields import Source
from codespaces_registry_secrets.model.generator import GeneratedValue, Generator
from codespaces_registry_secrets.model.triplet import Part


def value(tmp_path: Path, text: str, source: Source | None = None) -> bytes:
    """The value of a source whose environment variable P is `text`."""
    sources = Sources({"P": text}, tmp_path, lambda _: None)
    return sources.password(source or Source(env="P")).get_secret_value()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain", b"plain"),
        ("one newline\n", b"one newline"),
        ("one newline of Windows\r\n", b"one newline of Windows"),
        ("two\n\n", b"two\n"),
        (" blanks \t", b" blanks \t"),
        ("a\nb", b"a\nb"),
        ("a return\r", b"a return\r"),
        ("ü", "ü".encode()),
        ("\ufeffpass…\nword", "\ufeffpass…\nword".encode()),
        ("\udcff", b"\xff"),
    ],
)
def test_a_value_is_exact_except_for_one_newline(
    tmp_path: Path, text: str, expected: bytes
) -> None:
    """Tools append one newline at the end; everything else is the value."""
    assert value(tmp_path, text) == expected


def test_a_newline_can_be_kept(tmp_path: Path) -> None:
    """With `trim: false`."""
    assert value(tmp_path, "a\n", Source(env="P", trim=False)) == b"a\n"


def test_base64_is_decoded(tmp_path: Path) -> None:
    """With line breaks too; the bytes need not be text."""
    raw = bytes(range(256))
    encoded = base64.encodebytes(raw).decode()

    assert value(tmp_path, encoded, Source(env="P", encoding="base64")) == raw


def test_a_value_has_at_most_48_kb(tmp_path: Path) -> None:
    """GitHub's limit, checked before any request."""
    assert len(value(tmp_path, "x" * MAX_BYTES)) == MAX_BYTES
    with pytest.raises(SourceError, match=r"P has 49,153 bytes; GitHub accepts at most 49,152"):
        value(tmp_path, "x" * (MAX_BYTES + 1))


def test_a_file_of_the_workspace_is_read_as_bytes(tmp_path: Path) -> None:
    """The bytes need not be text."""
    (tmp_path / "key").write_bytes(b"\x00\xff\n")
    sources = Sources({}, tmp_path, lambda _: None)

    assert sources.password(Source(file="key")).get_secret_value() == b"\x00\xff"


def test_a_file_has_room_for_48_kb_in_base64(tmp_path: Path) -> None:
    """With line breaks. A much larger file is not read to its end."""
    raw = bytes(MAX_BYTES)
    (tmp_path / "key").write_bytes(base64.encodebytes(raw))
    (tmp_path / "large").touch()
    os.truncate(tmp_path / "large", 2**40)
    sources = Sources({}, tmp_path, lambda _: None)

    source = Source(file="key", encoding="base64")
    assert sources.password(source).get_secret_value() == raw
    with pytest.raises(SourceError, match="file large is larger than the limit of 98,304 bytes"):
        sources.password(Source(file="large"))


def test_a_fifo_of_the_workspace_does_not_block(tmp_path: Path) -> None:
    """It might never get a writer."""
    os.mkfifo(tmp_path / "fifo")

    with pytest.raises(SourceError, match="file fifo is not a regular file"):
        Sources({}, tmp_path, lambda _: None).password(Source(file="fifo"))


def test_a_link_out_of_the_workspace_is_not_followed(tmp_path: Path) -> None:
    """A pull request could add one."""
    workspace = tmp_path / "workspace"
    workspace.mkdir()
    (tmp_path / "outside").write_text("host secret")
    (workspace / "link").symlink_to(tmp_path / "outside")

    with pytest.raises(SourceError, match="file link is outside the workspace"):
        Sources({}, workspace, lambda _: None).password(Source(file="link"))


def test_a_password_is_masked_and_a_user_name_is_not(
    tmp_path: Path,
) -> None:
    """Logs show the user name."""
    masked: list[SecretBytes] = []
    sources = Sources({"P": "pass-word", "U": "me"}, tmp_path, masked.append)

    sources.username(Source(env="U"))
    sources.username("literal")
    assert masked == []
    sources.password(Source(env="P"))
    assert masked == [SecretBytes(b"pass-word")]


def test_credentials_are_read_like_variables(tmp_path: Path) -> None:
    """By `env` and `secret`, not by `input`; they win over an empty variable."""
    masked: list[SecretBytes] = []
    values = {name: SecretStr("pass-word\n") for name in ("P", "INPUT_PASSWORD")}
    sources = Sources({"P": ""}, tmp_path, masked.append, values)

    for source in (Source(env="P"), Source(secret="P")):
        assert sources.password(source).get_secret_value() == b"pass-word"
    assert masked == [SecretBytes(b"pass-word")] * 2
    with pytest.raises(SourceError, match="input `password` is not set"):
        sources.password(Source(input="password"))


def test_an_empty_value_in_credentials_is_named(tmp_path: Path) -> None:
    """A secret that does not exist expands to an empty string."""
    sources = Sources({}, tmp_path, lambda _: None, {"P": SecretStr("")})

    with pytest.raises(
        SourceError, match="P of `credentials` is empty; an Actions secret that does not exist"
    ):
        sources.password(Source(env="P"))


def test_a_value_cannot_be_printed(tmp_path: Path) -> None:
    """Neither by itself nor in the repr of an object that holds it."""
    sources = Sources({"P": "pass-word"}, tmp_path, lambda _: None, {"Q": SecretStr("pass-word")})
    secret = sources.password(Source(env="P"))

    assert "pass-word" not in f"{secret} {secret!r} {[secret]} {sources!r}"


def test_a_source_has_one_value_in_a_run(tmp_path: Path) -> None:
    """A file that changed since it was first read is an error; one that changed back is not."""
    (tmp_path / "password").write_text("first")
    sources = Sources({}, tmp_path, lambda _: None)
    source = Source(file="password")
    assert sources.password(source).get_secret_value() == b"first"

    (tmp_path / "password").write_text("second")
    with pytest.raises(SourceError, match="file password changed during the run"):
        sources.password(source)

    (tmp_path / "password").write_text("first\n")
    assert sources.password(source).get_secret_value() == b"first"
    assert "first" not in repr(sources)


GENERATED = Credential(
    "ACR",
    "mycompany.azurecr.io",
    GeneratedValue("STORE", "harbor-robot", "username", "7"),
    GeneratedValue("STORE", "harbor-robot", "password", "7"),
    generator=Generator("harbor-robot", "STORE", timedelta(days=1)),
)


def test_a_generated_credential_has_values_when_it_is_created(tmp_path: Path) -> None:
    """They are exact, and only the password is masked."""
    masked: list[SecretBytes] = []
    sources = Sources({}, tmp_path, masked.append)
    assert not sources.has_values(GENERATED)

    sources.add_generated(GENERATED, "robot$7", SecretStr("ü\n"))

    assert masked == [SecretBytes("ü\n".encode())]
    assert sources.has_values(GENERATED)
    assert {
        part: value.get_secret_value() for part, value in sources.values(GENERATED).items()
    } == {
        Part.PASSWORD: "ü\n".encode(),
        Part.USER: b"robot$7",
        Part.SERVER: b"mycompany.azurecr.io",
    }
    assert not sources.has_values(GENERATED.with_generated("8", None))


def test_the_values_of_a_triplet(tmp_path: Path) -> None:
    """A credential with sources has values, even if they cannot be read."""
    credential = Credential("ACR", "acr.io", "me", Source(env="P"))
    sources = Sources({"P": "p1"}, tmp_path, lambda _: None)

    values = sources.values(credential)

    assert [value.get_secret_value() for value in values.values()] == [b"p1", b"me", b"acr.io"]
    assert Sources({}, tmp_path, lambda _: None).has_values(credential)


@pytest.mark.parametrize(
    ("environ", "credentials", "expected"),
    [
        ({"STORE": '{"kind": "x"}\n'}, {}, b'{"kind": "x"}\n'),
        ({"STORE": "\udcff"}, {}, b"\xff"),
        ({"STORE": " \n"}, {}, None),
        ({}, {}, None),
        ({"STORE": "variable"}, {"STORE": SecretStr("input")}, b"input"),
        ({"STORE": "variable"}, {"STORE": SecretStr("")}, None),
    ],
)
def test_the_journal_is_a_variable_or_in_credentials(
    tmp_path: Path,
    environ: dict[str, str],
    credentials: dict[str, SecretStr],
    expected: bytes | None,
) -> None:
    """Exact to the byte. A secret that does not exist expands to an empty string."""
    journal = Sources(environ, tmp_path, lambda _: None, credentials).journal("STORE")

    assert (journal.get_secret_value() if journal else None) == expected


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({"INPUT_USERNAME": "me"}, True),
        ({"INPUT_PASSWORD": "p"}, True),
        ({"INPUT_USERNAME": "", "USERNAME": "me"}, False),
    ],
)
def test_the_inputs_of_a_credential_are_noticed(
    tmp_path: Path, environ: dict[str, str], *, expected: bool
) -> None:
    """An input that is not set is an empty string."""
    assert Sources(environ, tmp_path, lambda _: None).has_credential == expected


def test_an_input_of_the_step_is_a_source(tmp_path: Path) -> None:
    """Under the name that the runner gives it. Without it, the message says where to set it."""
    sources = Sources({"INPUT_PASSWORD": "p1"}, tmp_path, lambda _: None)

    assert sources.password(Source(input="password")).get_secret_value() == b"p1"
    assert sources.find_error("username", Source(input="username")) == (
        "input `username` is not set; set it in the step's `with:`, from a secret"
    )


def test_why_a_source_has_no_value(tmp_path: Path) -> None:
    """None if it has one. Only a password is masked on the way."""
    masked: list[SecretBytes] = []
    sources = Sources({"P": "p1", "U": "me"}, tmp_path, masked.append)

    assert sources.find_error("username", Source(env="U")) is None
    assert masked == []
    assert sources.find_error("password", Source(secret="P")) is None
    assert masked == [SecretBytes(b"p1")]
    for source in (Source(env="X"), Source(secret="X")):
        assert sources.find_error("password", source) == (
            "environment variable X is not set; set it in the step's `env:` or in `credentials`, "
            "from a secret, or export it in your shell"
        )


def test_messages_name_the_source(tmp_path: Path) -> None:
    """Of a user name that is text, it is the key."""
    sources = Sources({"P": "no base64!"}, tmp_path, lambda _: None)

    assert sources.find_error("password", Source(env="P", encoding="base64")) == (
        "environment variable P is not valid base64; fix the value, or remove `encoding: base64`"
    )
    with pytest.raises(SourceError, match=r"^the user name has 49,153 bytes"):
        sources.username("x" * (MAX_BYTES + 1))


def test_sources_with_other_options_have_values_of_their_own(tmp_path: Path) -> None:
    """So the same variable can be read in two ways, and a digest tells no value to another run."""
    sources = Sources({"P": "YQ==\n"}, tmp_path, lambda _: None)

    assert sources.password(Source(env="P")).get_secret_value() == b"YQ=="
    assert sources.password(Source(env="P", encoding="base64")).get_secret_value() == b"a"
    other = Sources(sources.environ, tmp_path, lambda _: None)
    other.password(Source(env="P"))
    assert set(other._digests.values()).isdisjoint(sources._digests.values())
