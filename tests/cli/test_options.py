"""The options of `plan`, `check` and `apply` are the inputs of the Action."""

from __future__ import annotations

import pytest

from codespaces_registry_secrets.cli.options import (
    HELP,
    NOT_OPTIONS,
    input_fields,
    option_variables,
)
from codespaces_registry_secrets.cli.repository import repository_of_remote
from codespaces_registry_secrets.inputs.action_inputs import Inputs, read_inputs


def test_every_input_is_an_option_with_help_or_has_a_reason() -> None:
    """A new input is an option as soon as it has a text in HELP."""
    inputs = {name for name, field in Inputs.model_fields.items() if "INPUT_" in str(field.alias)}
    assert HELP.keys() | NOT_OPTIONS == inputs
    assert not HELP.keys() & NOT_OPTIONS
    assert input_fields().keys() == HELP.keys()


def test_no_secret_is_an_argument() -> None:
    """Every user of a machine can read the arguments of its processes."""
    secrets = {name for name, field in Inputs.model_fields.items() if "Secret" in str(field)}
    assert secrets
    assert secrets <= NOT_OPTIONS


def test_options_become_inputs() -> None:
    """Lists, flags and texts; an option that is not set keeps the default of the input."""
    options = {"only": ["acr", "GHCR,ECR"], "prune": False, "verify": "off", "state": None}
    inputs = read_inputs({"INPUT_TOKEN": "t", **option_variables(options)})
    assert inputs.only == {"ACR", "GHCR", "ECR"}
    assert (inputs.prune, inputs.verify, inputs.state) == (False, "off", None)


@pytest.mark.parametrize(
    ("url", "repository"),
    [
        ("https://github.com/octo-org/app.git", "octo-org/app"),
        ("https://github.com/octo-org/app", "octo-org/app"),
        ("https://octocat:token@github.com/octo-org/app.git", "octo-org/app"),
        ("git@github.com:octo-org/app.js.git", "octo-org/app.js"),
        ("ssh://git@github.com:22/octo-org/app", "octo-org/app"),
        ("git@octo.ghe.com:octo-org/app.git", "octo-org/app"),
        ("https://gitlab.com/octo-org/app.git", None),
        ("https://github.com/octo-org/group/app.git", None),
        ("../app.git", None),
        ("", None),
    ],
)
def test_a_remote_on_github_names_the_repository(url: str, repository: str | None) -> None:
    assert repository_of_remote(url) == repository
