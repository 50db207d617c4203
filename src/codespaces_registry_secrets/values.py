"""Values by name in one text, for the sources of a spec: a JSON object. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping

from pydantic import SecretStr

FORM = (
    'one JSON object of names and texts, such as `{"ACR_PASSWORD": "…"}`; write each text with '
    "`toJSON(secrets.NAME)`"
)

_RESERVED = ("INPUT_", "ACTIONS_", "GITHUB_", "RUNNER_")
RESERVED = (
    "names that start with INPUT_, ACTIONS_, GITHUB_ or RUNNER_ belong to the runner and to this "
    "Action; pass the value under another name"
)


def is_reserved(name: str) -> bool:
    """Whether the runner or this Action itself may keep something in the variable `name`.

    A spec also names the server that a value is sent to. It must not choose the token of the step,
    which is INPUT_TOKEN, or the runner's ACTIONS_RUNTIME_TOKEN.
    """
    return name.upper().startswith(_RESERVED)


def named(text: str) -> Mapping[str, SecretStr] | None:
    """The values by name, or None where `text` is no such object.

    `toJSON` makes `null` of a secret that is not set; it is taken for the empty text that a
    variable would be. What is wrong with a text is not told: it would show a part of it.
    """
    try:
        pairs = json.loads(text, object_pairs_hook=tuple)
    except (ValueError, RecursionError):
        return None
    if not isinstance(pairs, tuple) or len(dict(pairs)) < len(pairs):
        return None
    if not all(value is None or _is_text(value) for _, value in pairs):
        return None
    return {name: SecretStr(value or "") for name, value in pairs}


def _is_text(value: object) -> bool:
    """Whether it is text that has bytes; JSON can spell halves of characters, which have none."""
    if not isinstance(value, str):
        return False
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True
