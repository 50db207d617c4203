"""The images that dev containers pull, case by case; the name of each case says the rule."""

from __future__ import annotations

import pytest

from devcontainers.dev_container_files import Case, read_cases, scan_in_rounds

ALL_CASES = read_cases()


@pytest.mark.parametrize("case", ALL_CASES, ids=str)
def test_the_images_of_a_dev_container(case: Case) -> None:
    containers = scan_in_rounds(case.files)
    assert sorted(map(str, containers.images)) == sorted(case.images)
    assert list(containers.problems) == sorted(case.problems)


def test_the_names_of_cases_are_unique() -> None:
    names = [case.name for case in ALL_CASES]
    assert len(names) == len(set(names))
