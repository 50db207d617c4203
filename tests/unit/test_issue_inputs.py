"""The inputs of the action that keeps an issue: what a workflow must say."""

from __future__ import annotations

import pytest

from codespaces_registry_secrets.errors import InvalidConfigError
from codespaces_registry_secrets.inputs.issue_inputs import read_issue_inputs

VARIABLES = {
    "INPUT_RESULT": "success",
    "INPUT_GITHUB-TOKEN": "ghs_token",
    "GITHUB_REPOSITORY": "octo-org/infra",
}


def test_the_required_variables_are_enough() -> None:
    """Everything else has a default."""
    inputs = read_issue_inputs(VARIABLES)
    assert (inputs.result, inputs.repository) == ("success", "octo-org/infra")


@pytest.mark.parametrize("name", VARIABLES)
@pytest.mark.parametrize("value", ["", " ", None])
def test_each_required_variable_is_named(name: str, value: str | None) -> None:
    """With the input where it belongs."""
    variables = {key: text for key, text in VARIABLES.items() if key != name}
    if value is not None:
        variables[name] = value
    with pytest.raises(InvalidConfigError) as caught:
        read_issue_inputs(variables)
    location = "input `result`" if name == "INPUT_RESULT" else "input `github-token`"
    assert str(caught.value).startswith(f"{location}: ")
    (error,) = caught.value.errors
    assert ("GITHUB_REPOSITORY" in error.message) == (name == "GITHUB_REPOSITORY")


def test_all_errors_are_told_at_once() -> None:
    with pytest.raises(InvalidConfigError) as caught:
        read_issue_inputs({"INPUT_FAILED": "some"})
    assert len(caught.value.errors) == 4
