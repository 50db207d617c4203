"""The answers that `init` needs, from options or a terminal, and the registry that they describe.

Pure.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from codespaces_registry_secrets.cli.starter_workflows import Use
from codespaces_registry_secrets.errors import (
    ConfigError,
    InvalidConfigError,
    Location,
    input_location,
)
from codespaces_registry_secrets.inputs.action_inputs import Inputs
from codespaces_registry_secrets.inputs.parsers import parse_target
from codespaces_registry_secrets.model.allowlist import Allowlist
from codespaces_registry_secrets.model.registries import KIND_KEYS
from codespaces_registry_secrets.model.targets import SCOPES, Repository, Target
from codespaces_registry_secrets.spec.load import load_desired
from codespaces_registry_secrets.spec.starter import Starter, default_id, render_spec
from codespaces_registry_secrets.spec.yaml_document import parse

SPEC_FILE: str = Inputs.model_fields["spec_file"].default
# Stands for a repository that does not exist yet.
NEW_REPOSITORY = Repository("owner/repository")


@dataclass(frozen=True)
class Answers:
    """The answers to the questions of `init`, valid or not; None or empty if there is none."""

    server_keys: Mapping[str, str]
    id: str | None
    username: str | None
    targets: tuple[str, ...]
    use: Use | None


def build_starter(answers: Answers, use: Use, repository: str | None) -> Starter:
    """The registry that the answers describe.

    Raises:
        InvalidConfigError: an answer is missing or invalid; each error names its option.
    """
    registry = default_id(answers.server_keys.get("registry"))
    targets, errors = _targets(answers.targets, use, repository)
    starter = Starter(answers.id or registry, answers.server_keys, answers.username, targets)
    errors = [*errors, *find_errors(starter)]
    if errors:
        raise InvalidConfigError(errors)
    return replace(starter, id=starter.id.upper())


def _targets(
    names: Sequence[str], use: Use, repository: str | None
) -> tuple[tuple[Target, ...], list[ConfigError]]:
    where = input_location("target")
    if use == "template":
        message = "not valid with --use template: each new repository is its own target"
        return (NEW_REPOSITORY,), [ConfigError(where, message)] if names else []
    if not names and not repository:
        message = "required, because no remote of git names a repository of GitHub"
        return (NEW_REPOSITORY,), [ConfigError(where, message)]
    errors = []
    targets = []
    for text in names or (f"repository:{repository}",):
        try:
            scope, _, name = parse_target(text).partition(":")
        except ValueError as error:
            errors.append(ConfigError(where, f"{text}: {error}"))
        else:
            targets.append(SCOPES[scope](name))
    return tuple(targets) or (NEW_REPOSITORY,), errors


def find_errors(starter: Starter) -> list[ConfigError]:
    """What the spec of a starter would have as errors, with the options that they come from."""
    try:
        document = parse(render_spec(starter), SPEC_FILE)
        load_desired(document, lambda *_: None, allowed=Allowlist())
    except InvalidConfigError as error:
        return [ConfigError(_option(item.location.path), item.message) for item in error.errors]
    return []


def _option(path: str) -> Location:
    """The option that the key at a path of the spec comes from."""
    key = re.match(r"registries\[0\]\.(\w+)", path)
    name = "target" if key and key[1] == "targets" else key and key[1]
    options = {"id", "username", "target", "server", *KIND_KEYS}
    return input_location(name if name in options else "registry")
