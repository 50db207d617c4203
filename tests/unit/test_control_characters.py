"""Replace control characters in text from outside with U+FFFD."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codespaces_registry_secrets.text.control_characters import one_line, replace_control_characters

# "Unicode Bidirectional Algorithm", UAX 9: the characters that reorder text on the screen.
BIDIRECTIONAL = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


@pytest.mark.parametrize(
    "character", [*map(chr, range(0x20)), *map(chr, range(0x7F, 0xA0)), *BIDIRECTIONAL]
)
def test_a_control_character_is_replaced(character: str) -> None:
    """C0, C1 and bidirectional controls, but not newline and tab."""
    expected = character if character in "\n\t" else "\ufffd"
    assert replace_control_characters(f"a{character}b") == f"a{expected}b"


@pytest.mark.parametrize("character", ["\u2028", "\u2029", "\ud800"])
def test_unicode_line_ends_and_surrogates_are_replaced(character: str) -> None:
    """JavaScript reads U+2028 as a line end, and UTF-8 cannot encode a surrogate."""
    assert replace_control_characters(character) == "\ufffd"


def test_a_line_end_of_windows_becomes_a_newline() -> None:
    """A carriage return without a newline is replaced."""
    assert replace_control_characters("a\r\nb\r\r\nc") == "a\nb\ufffd\nc"


@given(st.text())
def test_other_characters_are_kept(text: str) -> None:
    """In every language; the result can always be encoded."""
    replaced = replace_control_characters(text)
    assert replace_control_characters(replaced) == replaced
    assert replaced.encode().decode() == replaced
    kept = [c for c in text if unicodedata.category(c) not in {"Cc", "Cf", "Cs", "Zl", "Zp"}]
    assert [c for c in kept if c not in replaced] == []


@given(st.text())
def test_one_line_has_no_line_end(text: str) -> None:
    """By any definition of a line end in Unicode."""
    assert len(one_line(text).splitlines()) <= 1
    assert one_line(f"  {text}\t ") == one_line(text)
