"""The options of `plan`, `check` and `apply`: one for each input of the Action that fits a shell.

Names, values and defaults come from `Inputs`; only the help texts are here.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Any, Literal, get_args, get_origin

from cyclopts import Parameter
from pydantic.fields import FieldInfo

from codespaces_registry_secrets.cli.spec_file import ACCEPT_STDIN
from codespaces_registry_secrets.inputs.action_inputs import SHORTHAND, Inputs
from codespaces_registry_secrets.model.fields import format_duration

# Inputs that are no options. The arguments of a process are visible to every user of the machine,
# so no secret is one; the mode is the command; a spec is a file; the Action writes the comment.
NOT_OPTIONS = frozenset(
    {
        *("token", "github_token", "app_id", "app_private_key", "credentials"),
        *("mode", "spec", "comment"),
        *SHORTHAND,
    }
)
_PREFIX = "INPUT_"
HELP: Mapping[str, str] = {
    "spec_file": "The spec; `-` is standard input.",
    "only": "Act on these registries only. Separate IDs with commas, or repeat the option.",
    "rotate": "Override the rotation policy of every registry for this run.",
    "verify": "Whether to log in to a registry before its credential is stored. "
    "`auto`: a rejected login blocks the change, an unreachable registry is a warning. "
    "`required`: both block it.",
    "expiry_warning": "Warn if a credential is known to expire within this time.",
    "prune": "Delete the triplets at the targets of the spec that the spec does not name.",
    "removal_limit": "Block a change that removes more than this share of a list or of a target's "
    "triplets, and more than 3. `100%` lifts the limit.",
    "writes_per_minute": "The number of writes a minute on average.",
    "state": "The Actions variable of the repository that records what was stored.",
    "shard": "The part of the targets to act on, such as `2/5`.",
    "expect_digest": "Write nothing unless the plan has this digest.",
    "allowed_servers": "Registry servers that the spec can name, as globs. All if there are none.",
    "allowed_owners": "Owners that the spec can name, as globs. All if there are none.",
    "api_url": "The URL of GitHub's API.",
}


def input_fields() -> Mapping[str, FieldInfo]:
    """The inputs that are options, by the name of their field."""
    return {
        name: field
        for name, field in Inputs.model_fields.items()
        if name not in NOT_OPTIONS and str(field.alias).startswith(_PREFIX)
    }


def variable_of(name: str) -> str:
    """The environment variable of an input, by the name of its field."""
    return str(Inputs.model_fields[name].alias)


def option_parameters() -> list[inspect.Parameter]:
    """A keyword parameter for each option, for the parser of the arguments."""
    return [_parameter(name, field) for name, field in input_fields().items()]


def option_variables(options: Mapping[str, object]) -> Mapping[str, str]:
    """The environment variables that a step of the Action would have for these options.

    An option that is not set is left out, so that the default of the input counts.
    """
    fields = input_fields()
    return {
        variable_of(name): _text(value)
        for name, value in options.items()
        if value is not None and name in fields
    }


def _text(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return "\n".join(value) if isinstance(value, list) else str(value)


def _parameter(name: str, field: FieldInfo) -> inspect.Parameter:
    """Its value is text as for the input, which validates it; `Inputs` knows what is valid."""
    option = Parameter(help=HELP.get(name), show_default=_show_default(field), negative=())
    return inspect.Parameter(
        name,
        inspect.Parameter.KEYWORD_ONLY,
        default=None,
        annotation=Annotated[_value_type(field) | None, ACCEPT_STDIN, option]
        if name == "spec_file"
        else Annotated[_value_type(field) | None, option],
    )


def _value_type(field: FieldInfo) -> Any:  # noqa: ANN401 - a type, or a special form of typing
    """The type for the parser: a flag, a list of texts, a choice, or text."""
    types = [field.annotation, *get_args(field.annotation)]
    choice = next((item for item in types if get_origin(item) is Literal), None)
    if choice is not None:
        return choice
    if field.annotation is bool:
        return bool
    is_list = any(get_origin(item) in {frozenset, tuple} for item in types)
    return list[str] if is_list else str


def _show_default(field: FieldInfo) -> Any:  # noqa: ANN401 - False, or a function
    default = field.default
    if default is None or isinstance(default, bool) or default in ((), frozenset()):
        return False
    if isinstance(default, timedelta):
        default = format_duration(default)
    if isinstance(default, float):
        default = f"{default:.0%}"
    return lambda _: str(default)
