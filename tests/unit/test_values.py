"""One text with several values becomes values by name, or nothing at all."""

from __future__ import annotations

import json

import pytest

from codespaces_registry_secrets.inputs.parsers import parse_credentials_json

KEY = '{\n  "private_key": "-----BEGIN\\n"\n}\n'


def opened(text: str) -> dict[str, str] | None:
    """The values, to look at."""
    found = parse_credentials_json(text)
    return None if found is None else {k: v.get_secret_value() for k, v in found.items()}


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
    """As `toJSON` of a workflow spells it, on one line or on many."""
    assert opened(json.dumps(values)) == values
    assert opened(json.dumps(values, indent=2, ensure_ascii=False)) == values


def test_a_secret_that_is_not_set_is_empty() -> None:
    """`toJSON` makes null of it; its source says then that it is empty."""
    assert opened('{"A": null}') == {"A": ""}


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
def test_what_is_no_object_of_texts_is_nothing(text: str) -> None:
    """Nor is it an error with the text in it. Half a character has no bytes to store."""
    assert parse_credentials_json(text) is None


def test_a_value_cannot_be_printed() -> None:
    """It is a secret like any other."""
    assert "pass-word" not in repr(parse_credentials_json('{"A": "pass-word"}'))
