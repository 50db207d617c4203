"""Which characters of text from outside are shown as U+FFFD."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codespaces_registry_secrets.text.control_characters import one_line, replace_control_characters

# "Unicode Bidirectional Algorithm", UAX 9: what changes the order in which text is shown.
BIDIRECTIONAL = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


@pytest.mark.parametrize(
    "character", [*map(chr, range(0x20)), *map(chr, range(0x7F, 0xA0)), *BIDIRECTIONAL]
)
def test_a_control_character_is_shown(character: str) -> None:
    """All of C0 and C1, and whatever reorders text; newline and tab mean nothing bad."""
    expected = character if character in "\n\t" else "\ufffd"
    assert replace_control_characters(f"a{character}b") == f"a{expected}b"


@pytest.mark.parametrize("character", ["\u2028", "\u2029", "\ud800"])
def test_what_ends_a_line_elsewhere_and_what_is_no_character(character: str) -> None:
    """JavaScript takes U+2028 for a line end; half a surrogate pair cannot be written at all."""
    assert replace_control_characters(character) == "\ufffd"


def test_a_line_end_of_windows_is_one() -> None:
    """And no character that has to be shown."""
    assert replace_control_characters("a\r\nb\r\r\nc") == "a\nb\ufffd\nc"


@given(st.text())
def test_everything_else_stays(text: str) -> None:
    """Whatever the language, and the text can always be written."""
    shown = replace_control_characters(text)
    assert replace_control_characters(shown) == shown
    assert shown.encode().decode() == shown
    kept = [c for c in text if unicodedata.category(c) not in {"Cc", "Cf", "Cs", "Zl", "Zp"}]
    assert [c for c in kept if c not in shown] == []


@given(st.text())
def test_one_line_is_one_for_every_reader(text: str) -> None:
    """However it counts lines."""
    assert len(one_line(text).splitlines()) <= 1
    assert one_line(f"  {text}\t ") == one_line(text)
