"""The work that a spec makes grows as the spec does, and no faster."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from codespaces_registry_secrets.errors import InvalidConfigError
from codespaces_registry_secrets.inputs.sources import Sources
from codespaces_registry_secrets.spec.load import load_desired
from codespaces_registry_secrets.spec.yaml_document import MAX_BYTES, parse

HEAD = """\
version: 1
defaults: {server: registry.example.com, username: me, password: {env: P}}
registries:
"""
ENTRY = "  - id: R%d\n    targets: [{organization: octo-org, repositories: [api, web]}]\n"
FAULTY = "  - id: %dR\n    targetz: [{organization: octo-org, repositories: [api, 'x[']}]\n"


def load(entry: str, number: int) -> int:
    """How many triplets or faults a spec of so many registries has."""
    text = HEAD + "".join(entry % n for n in range(number))
    assert len(text) < MAX_BYTES
    try:
        return len(
            load_desired(
                parse(text, "spec.yml"), Sources({"P": "x"}, Path(), lambda _: None).find_error
            )
        )
    except InvalidConfigError as error:
        return len(error.errors)


def calls(entry: str, number: int) -> int:
    """How many functions are called for so many registries."""
    count = 0

    def counted(_frame: object, event: str, _argument: object) -> None:
        nonlocal count
        count += event in {"call", "c_call"}

    before = sys.getprofile()
    sys.setprofile(counted)
    try:
        load(entry, number)
    finally:
        sys.setprofile(before)
    return count


@pytest.mark.parametrize("entry", [ENTRY, FAULTY], ids=["good", "faulty"])
def test_twice_the_registries_are_twice_the_work(entry: str) -> None:
    """Counted in calls, since seconds tell of the machine as well."""
    assert calls(entry, 400) < 2.2 * calls(entry, 200)


def test_ten_thousand_registries_are_not_too_many() -> None:
    """They are refused neither for their size nor as an alias bomb."""
    assert load(ENTRY, 10_000) == 10_000


def test_aliases_to_a_long_text_are_refused_at_once() -> None:
    """A hundred thousand of them would be checked for minutes."""
    text = f"version: 1\ndefaults: &long {'y' * 400_000}\nregistries: [{'*long, ' * 50_000}]\n"

    with pytest.raises(
        InvalidConfigError, match="aliases expand to more than 4,194,304 characters"
    ):
        parse(text, "spec.yml")


@pytest.mark.parametrize(
    "number", ["1" + ":1" * 200_000, "1" + ":1" * 200_000 + ".5", "0x" + "f" * 9_000]
)
def test_a_long_number_is_refused_at_once(number: str) -> None:
    """Python would calculate for minutes, or could not print it."""
    with pytest.raises(InvalidConfigError, match="YAML cannot read this number or date; quote it"):
        parse(f"version: 1\nregistries: [{{id: {number}}}]\n", "spec.yml")
