"""YAML that is written as text."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from codespaces_registry_secrets.errors import InvalidConfigError
from codespaces_registry_secrets.spec.yaml_document import parse
from codespaces_registry_secrets.spec.yaml_text import MAX_WIDTH, list_item, scalar, sequence
from codespaces_registry_secrets.text.control_characters import CONTROL_CHARACTER


@given(st.text())
def test_any_text_is_read_back_or_refused(text: str) -> None:
    """A spec refuses control characters; everything else is exact."""
    document = f"- {scalar(text)}\n"
    if CONTROL_CHARACTER.search(text):
        with pytest.raises(InvalidConfigError, match="control character"):
            parse(document, "spec.yml")
    else:
        assert parse(document, "spec.yml").data == [text]


@pytest.mark.parametrize("text", ["yes", "null", "1", "1e3", "2027-01-31", "@me", "svc-*", "", "~"])
def test_what_yaml_reads_as_something_else_is_quoted(text: str) -> None:
    assert scalar(text) == f'"{text}"'


@pytest.mark.parametrize("text", ["api", "octo-org/api", "mycompany.azurecr.io", "a_b"])
def test_plain_names_have_no_quotes(text: str) -> None:
    assert scalar(text) == text


@given(st.lists(st.sampled_from(["api", "svc-*", "a" * 60]), max_size=5))
def test_a_list_has_one_line_if_it_fits(items: list[str]) -> None:
    lines = sequence("repositories", items)
    assert yaml.safe_load("\n".join(lines)) == {"repositories": items}
    assert all(len(line) <= MAX_WIDTH for line in lines)
    assert (len(lines) == 1) == (len(f"repositories: [{', '.join(map(scalar, items))}]") <= 100)


def test_an_item_of_a_list_is_indented() -> None:
    lines = list_item(["id: A", "", "targets:"])
    assert lines == ["- id: A", "", "  targets:"]
