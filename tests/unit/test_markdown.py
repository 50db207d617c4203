"""Text from outside is escaped in Markdown."""

from __future__ import annotations

import html

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codespaces_registry_secrets.text.control_characters import one_line
from codespaces_registry_secrets.text.markdown import code, prose, row
from rendering import HOSTILE, TABLE, assert_means_nothing, rendered


@pytest.mark.parametrize("shape", ["{}", "- {}", "- **Error** {}: {}"])
@pytest.mark.parametrize("shown", [code, prose])
@pytest.mark.parametrize("text", HOSTILE)
def test_text_in_a_paragraph_or_a_list_is_escaped(text: str, shown: object, shape: str) -> None:
    """At the start of a line, and after other words."""
    assert callable(shown)
    page = rendered(shape.format(*[shown(text)] * 2))

    assert_means_nothing(page, "p", "ul", "li", "strong")
    assert page.tags.count("ul") == shape.startswith("-")


@pytest.mark.parametrize("shown", [code, prose])
@pytest.mark.parametrize("text", HOSTILE)
def test_text_in_a_table_stays_in_its_cell(text: str, shown: object) -> None:
    """With pipes, backquotes and line ends in it."""
    assert callable(shown)
    head = row(["One", "Two", "Three"])
    page = rendered(f"{head}\n|---|---|---|\n{row(['a', shown(text), shown(text)])}\n")

    assert_means_nothing(page, *TABLE)
    assert (page.tags.count("tr"), page.tags.count("td")) == (2, 3)


@given(st.text(st.sampled_from("a1 `|\\*_[]()<>!#@&:/.-\n\r\t~$\u2028é") | st.characters()))
def test_code_shows_the_exact_text(text: str) -> None:
    """On one line, in a table and outside of one."""
    line = one_line(text)
    page = rendered(f"x {code(text)} x")
    assert page.tags == ["p", *(["code"] if line else [])]
    assert " ".join(page.text.split()) == " ".join(f"x {line} x".split())

    table = rendered(f"{row(['a', 'b'])}\n|---|---|\n{row([code(text), 'z'])}\n")
    assert table.tags.count("td") == 2
    assert one_line(table.text) == " ".join(f"a b {line} z".split())


@given(st.text(st.sampled_from("ab1 `|\\*_[]()<>!#@&:/.-\n~$'\"")) | st.text())
def test_prose_shows_every_word(text: str) -> None:
    """Except backquotes, which only mark code in messages."""
    page = rendered(f"- {prose(text)}")

    assert_means_nothing(page, "ul", "li")
    assert "".join(page.text.split()) == "".join(one_line(text).replace("`", "").split())


def test_plain_words_are_not_code() -> None:
    """Neighbouring words that must be code share one code span."""
    assert prose("It's missing (or hidden): give both.") == "It's missing (or hidden): give both."
    assert prose("run once with `removal-limit: 100%`; then") == (
        "run once with `removal-limit: 100%;` then"
    )
    assert prose("GitHub returned 404, see https://docs.github.com/en a_b") == (
        "GitHub returned 404, see `https://docs.github.com/en a_b`"
    )
    assert html.unescape(rendered(prose("a & b")).text).strip() == "a & b"
