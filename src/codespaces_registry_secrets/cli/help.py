"""The help of each command: its summary, what to know before using it, and examples.

The help of an option is in the docstring of its command.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

NAME = "codespaces-registry-secrets"
DESCRIPTION = (
    "Manage the private-registry secrets of GitHub Codespaces from a spec.\n\n"
    "Exit codes: 0 success, 1 an error, 2 `check` found that GitHub differs from the spec."
)


@dataclass(frozen=True)
class CommandHelp:
    """The texts of one command. Each example is a command line without the program's name.

    `module` is where the command's function is, if not in a module of its own. `function` is its
    name, if it is not that of the command.
    """

    summary: str
    details: str
    examples: tuple[str, ...]
    module: str = ""
    function: str = ""

    @property
    def text(self) -> str:
        """The text above the options, as Markdown."""
        return f"{self.summary}\n\n{self.details}"

    @property
    def epilogue(self) -> str:
        """The text below the options, as Markdown."""
        lines = "\n".join(f"    {NAME} {example}" for example in self.examples)
        return f"Examples:\n\n{lines}"


_VALUES = (
    "The token is that of `--token-file`, else `GH_TOKEN`, else `GITHUB_TOKEN`, else that of "
    "`gh auth login`. Values of `{env: NAME}` and `{secret: NAME}` are environment variables; "
    "`{file: PATH}` stays in the current folder."
)
COMMANDS: Mapping[str, CommandHelp] = {
    "plan": CommandHelp(
        "Show the changes that `apply` would make.",
        _VALUES,
        ("plan", "plan --only ACR --json | jq .changes"),
        module="run",
    ),
    "check": CommandHelp(
        "Like `plan`, but exit with 2 if GitHub differs from the spec.",
        _VALUES,
        ("check", "check --verify off"),
        module="run",
    ),
    "apply": CommandHelp(
        "Make the changes that the spec requires.",
        f"Shows the plan and asks before it writes, unless `--yes` is given. {_VALUES}",
        ("apply", "apply --only ACR --rotate always", "apply --yes --expect-digest DIGEST"),
        module="run",
    ),
    "validate": CommandHelp(
        "Check specs, without a token and without a network.",
        "Prints each error as `FILE:LINE:COLUMN: message`. No secret value is read, so a variable "
        "that is not set is no error.",
        ("validate", "validate specs/acr.yml specs/ghcr.yml", "validate - < spec.yml"),
    ),
    "schema": CommandHelp(
        "Print the JSON Schema of a spec, or of a plan.",
        "Editors complete and check a spec with it. A schema cannot express every rule, so "
        "`validate` finds more.",
        ("schema > spec.v1.json", "schema plan"),
    ),
    "init": CommandHelp(
        "Write a first spec and a workflow that applies it.",
        "On a terminal it asks for what the options leave open. It never overwrites a file without "
        "`--force`.",
        (
            "init",
            "init --registry acr --name mycompany --target organization:octo-org",
            "init --registry ecr --account 123456789012 --region eu-west-1 --use template",
        ),
    ),
    "import": CommandHelp(
        "Print a spec for the registry secrets that GitHub stores.",
        "The spec has the IDs, the targets, and who can use the secrets. GitHub never returns "
        "values: the spec names variables for user names and passwords, and has a placeholder for "
        "each server that `--server` does not give. `validate` reports the placeholders.",
        (
            "import organization:octo-org repository:octo-org/app > spec.yml",
            "import user:@me --server ACR=mycompany.azurecr.io",
        ),
        module="import_spec",
        function="import_spec",
    ),
    "explain": CommandHelp(
        "Show one registry of the spec: what is stored, and what a run would do.",
        "For each target: the stored secrets with their ages, why a run would or would not write "
        "them, and who can use them. Without `--state`, no value is required. The login is not "
        "verified; `plan` does that.",
        ("explain ACR", "explain ACR --state REGISTRY_SECRETS_STATE --json"),
    ),
    "doctor": CommandHelp(
        "Show why a codespace of a repository can or cannot log in to its registries.",
        "Reads the secrets of the repository, of its organization and of the token's user, and "
        "shows which of them a codespace gets. Without --only, also reads the files of the dev "
        "container, and shows the registry of each image that it pulls. It needs a token that can "
        "read all of these; what it cannot read is a warning. Exits with 1 if a codespace cannot "
        "log in.",
        ("doctor octo-org/api", "doctor octo-org/api --only ACR --json"),
    ),
}
