"""A plugin of pytest for the tests of mutants: the same examples in each run, and no shrinking."""

from __future__ import annotations

import pytest
from hypothesis import Phase, settings


@pytest.hookimpl(trylast=True)
def pytest_configure() -> None:
    """Replace the profile of Hypothesis, after tests/conftest.py has loaded its own."""
    settings.register_profile(
        "mutation",
        settings(),
        max_examples=10,
        derandomize=True,
        database=None,
        phases=(Phase.explicit, Phase.generate),
        deadline=None,
    )
    settings.load_profile("mutation")
