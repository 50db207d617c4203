"""Ask for what the options of `init` leave open. Only for a terminal."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import get_args

from rich.prompt import Prompt

from codespaces_registry_secrets.cli.answers import Answers
from codespaces_registry_secrets.cli.starter_workflows import Use
from codespaces_registry_secrets.cli.terminal import Terminal
from codespaces_registry_secrets.errors import RegistrySecretsError
from codespaces_registry_secrets.model.registries import KINDS, server_error
from codespaces_registry_secrets.spec.starter import default_id

OTHER = "other"
USES: tuple[Use, ...] = get_args(Use)

# Returns why an answer is invalid, or None.
FindError = Callable[[str], str | None]


def ask_missing(answers: Answers, repository: str | None, terminal: Terminal) -> Answers:
    """Ask for each answer that is missing. An invalid one is asked for again.

    Raises:
        RegistrySecretsError: the input ended before all questions were answered.
    """
    try:
        return _ask_missing(answers, repository, terminal)
    except EOFError:
        raise RegistrySecretsError("the input ended; nothing was written") from None


def _ask_missing(answers: Answers, repository: str | None, terminal: Terminal) -> Answers:
    keys = _ask_server(answers.server_keys, terminal)
    registry = answers.id or _ask("ID of the registry", terminal, default_id(keys.get("registry")))
    username = answers.username
    if username is None:
        question = f"User name (empty for the Actions secret {registry.upper()}_USERNAME)"
        username = _ask(question, terminal, "") or None
    use = answers.use
    if use is None:
        choice = _ask("Workflow to write", terminal, "rotation", choices=USES)
        use = next(item for item in USES if item == choice)
    targets = answers.targets
    if not targets and use != "template":
        default = f"repository:{repository}" if repository else None
        question = "Targets, such as organization:octo-org, separated by spaces"
        targets = tuple(_ask(question, terminal, default).split())
    return replace(
        answers, server_keys=keys, id=registry, username=username, targets=targets, use=use
    )


def _ask_server(given: Mapping[str, str], terminal: Terminal) -> Mapping[str, str]:
    keys = dict(given)
    if not {"registry", "server"} & keys.keys():
        kind = _ask("Registry kind", terminal, None, choices=(*KINDS, OTHER))
        if kind == OTHER:
            return {**keys, "server": _ask("Server", terminal, None, find_error=server_error)}
        keys = {"registry": kind, **keys}
    kind_keys = KINDS[keys["registry"]].required if keys.get("registry") in KINDS else {}
    for key, key_format in kind_keys.items():
        if key not in keys:

            def find_error(
                text: str,
                pattern: str = key_format.pattern,
                description: str = key_format.description,
            ) -> str | None:
                return None if re.fullmatch(pattern, text) else f"must be {description}"

            keys[key] = _ask(f"{key} of the registry", terminal, None, find_error=find_error)
    return keys


def _ask(
    question: str,
    terminal: Terminal,
    default: str | None,
    *,
    choices: tuple[str, ...] = (),
    find_error: FindError = lambda _: None,
) -> str:
    """Ask until the answer is valid. Without a default, an empty answer is not."""
    while True:
        answer: str = Prompt.ask(
            question,
            console=terminal.err,
            choices=list(choices) or None,
            default="" if default is None else default,
            show_default=bool(default),
        )
        error = find_error(answer) if answer or default is not None else "an answer is required"
        if error is None:
            return answer.strip()
        terminal.message(error, "red")
