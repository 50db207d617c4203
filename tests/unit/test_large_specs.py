"""The time to load a spec grows linearly with its size."""

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
INVALID = "  - id: %dR\n    targetz: [{organization: octo-org, repositories: [api, 'x[']}]\n"


def load(entry: str, number: int) -> int:
    """The number of triplets or errors in a spec with `number` registries."""
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
    """The number of function calls to load a spec with `number` registries."""
    count = 0

    def profile(_frame: object, event: str, _argument: object) -> None:
        nonlocal count
        count += event in {"call", "c_call"}

    before = sys.getprofile()
    sys.setprofile(profile)
    try:
        load(entry, number)
    finally:
        sys.setprofile(before)
    return count


@pytest.mark.parametrize("entry", [ENTRY, INVALID], ids=["valid", "invalid"])
def test_twice_the_registries_take_twice_the_calls(entry: str) -> None:
    """Counted in calls, because seconds depend on the machine."""
    assert calls(entry, 400) < 2.2 * calls(entry, 200)


def test_ten_thousand_registries_are_loaded() -> None:
    """They exceed neither the size limit nor the limit of nodes."""
    assert load(ENTRY, 10_000) == 10_000


def test_aliases_to_a_long_text_are_rejected_at_once() -> None:
    """Checking the expanded text would take minutes."""
    text = f"version: 1\ndefaults: &long {'y' * 400_000}\nregistries: [{'*long, ' * 50_000}]\n"

    with pytest.raises(
        InvalidConfigError, match="aliases expand to more than 4,194,304 characters"
    ):
        parse(text, "spec.yml")


@pytest.mark.parametrize(
    "number", ["1" + ":1" * 200_000, "1" + ":1" * 200_000 + ".5", "0x" + "f" * 9_000]
)
def test_a_long_number_is_rejected_at_once(number: str) -> None:
    """Python would compute for minutes, or could not print it."""
    with pytest.raises(InvalidConfigError, match="YAML cannot read this number or date; quote it"):
        parse(f"version: 1\nregistries: [{{id: {number}}}]\n", "spec.yml")
