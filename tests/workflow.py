"""A little of GitHub's workflows: enough to evaluate one that is written in this repository.

Source: "Evaluate expressions in workflows and actions", docs.github.com.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, TypeAlias

Contexts: TypeAlias = Mapping[str, Any]

_EXPRESSION = re.compile(r"\$\{\{(.*?)}}")


def text(value: object, contexts: Contexts) -> str:
    """A text with its expressions evaluated, as an input gets it."""
    return _EXPRESSION.sub(lambda found: _shown(evaluate(found[1], contexts)), _shown(value))


def condition(value: str, contexts: Contexts) -> bool:
    """Whether an `if:` holds, which is one expression."""
    (expression,) = _EXPRESSION.findall(value)
    return bool(evaluate(expression, contexts))


def evaluate(expression: str, contexts: Contexts) -> Any:
    """`||`, `&&`, `==`, `!=`, `!`, texts, the functions of a job's state, and names of contexts."""
    expression = expression.strip()
    for sign in ("||", "&&"):
        if sign in expression:
            left, right = (part.strip() for part in expression.split(sign, maxsplit=1))
            first = evaluate(left, contexts)
            return first if bool(first) == (sign == "||") else evaluate(right, contexts)
    for sign in ("==", "!="):
        if sign in expression:
            both = [evaluate(part, contexts) for part in expression.split(sign)]
            return (both[0] == both[1]) == (sign == "==")
    if expression.startswith("!"):
        return not evaluate(expression[1:], contexts)
    if expression in {"always()", "cancelled()"}:
        return expression == "always()"
    if expression.startswith("'"):
        return expression[1:-1]
    return _named(expression, contexts)


def _named(name: str, contexts: Contexts) -> Any:
    """What a name such as `steps.plan.outputs.matrix` stands for; empty where it is not there."""
    context, *path = name.split(".")
    value: Any = contexts[context]
    for part in path:
        value = value.get(part, "") if isinstance(value, Mapping) else ""
    return value


def _shown(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
