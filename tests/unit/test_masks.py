"""What is given to `add-mask`, so that the runner hides a value wherever it is printed."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codespaces_registry_secrets.text.redaction import SHORTEST_LINE, mask_payloads


def hidden(payloads: tuple[str, ...]) -> set[str]:
    """What the runner hides: each payload whole, and each line of it, trimmed."""
    lines = {line.strip() for payload in payloads for line in re.split(r"[\r\n]", payload)}
    return {*payloads, *filter(None, lines)}


@pytest.mark.parametrize(
    ("value", "payloads"),
    [
        ("x", ("x",)),
        ("pass-word\n", ("pass-word",)),
        ("  padded  ", ("padded",)),
        ("100%", ("100%",)),
        ("{\n  long line\n},\n", ("long line",)),
        ("one long line\r\nanother\rthe third", ("one long line", "another", "the third")),
        ("ab\ncd", ("ab\ncd",)),
        ("\nab\r\n", ("ab",)),
        (" \r\n\t", ()),
        ("", ()),
    ],
)
def test_what_is_masked(value: str, payloads: tuple[str, ...]) -> None:
    """The long lines each; where there is none, the whole; never a mask of nothing."""
    assert mask_payloads(value) == payloads


@pytest.mark.parametrize("separator", list("\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029"))
def test_a_value_is_not_split_where_the_runner_does_not(separator: str) -> None:
    """It would never find the pieces: to the runner this is one line."""
    assert mask_payloads(f"abc{separator}def") == (f"abc{separator}def",)
    assert mask_payloads(f"long-enough{separator}ab") == (f"long-enough{separator}ab",)


@given(st.text(st.sampled_from("ab{ \t\r\n\x0b\u2028"), max_size=30))
def test_every_line_is_hidden(value: str) -> None:
    """But for short ones beside long ones, and blanks at the ends."""
    lines = [line.strip() for line in re.split(r"\r\n|\r|\n", value)]
    long = [line for line in lines if len(line) >= SHORTEST_LINE]
    assert set(long or filter(None, lines)) <= hidden(mask_payloads(value))
