"""Parse the input `credentials`: one JSON object that maps names to values."""

from __future__ import annotations

import json

import pytest

from codespaces_registry_secrets.inputs.parsers import parse_credentials_json

KEY = '{\n  "private_key": "-----BEGIN\\n"\n}\n'


def parsed(text: str) -> dict[str, str] | None:
    """The values in plain text, or None."""
    values = parse_credentials_json(text)
    return None if values is None else {k: v.get_secret_value() for k, v in values.items()}


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"ACR_PASSWORD": "pass-word"},
        {"A": KEY, "B": ' "quoted" \\ \t', "C": "ünïcode ✓ \U0001f511"},
        {"EMPTY": ""},
    ],
)
def test_a_value_is_exact(values: dict[str, str]) -> None:
    """In the form that `toJSON` writes, on one line or on several."""
    assert parsed(json.dumps(values)) == values
    assert parsed(json.dumps(values, indent=2, ensure_ascii=False)) == values


def test_null_is_an_empty_value() -> None:
    """`toJSON` returns null for a secret that does not exist; its source reports it as empty."""
    assert parsed('{"A": null}') == {"A": ""}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "pass-word",
        '{"A": "pass"word"}',
        '["A", "pass-word"]',
        '"pass-word"',
        '{"A": 1}',
        '{"A": {"B": "pass-word"}}',
        '{"A": "1", "A": "2"}',
        r'{"A": "\ud800"}',
        r'{"A": "caf\udce9"}',
        "[" * 100_000,
    ],
)
def test_anything_but_an_object_of_strings_is_rejected(text: str) -> None:
    """Without an error that quotes it. A lone surrogate has no bytes to store."""
    assert parse_credentials_json(text) is None


def test_a_value_cannot_be_printed() -> None:
    """It is a secret."""
    assert "pass-word" not in repr(parse_credentials_json('{"A": "pass-word"}'))
