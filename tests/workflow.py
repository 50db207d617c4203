"""Evaluate the subset of GitHub's expressions that the workflows of this repository use.

Source: "Evaluate expressions in workflows and actions", docs.github.com.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, TypeAlias

Contexts: TypeAlias = Mapping[str, Any]

_EXPRESSION = re.compile(r"\$\{\{(.*?)}}")


def text(value: object, contexts: Contexts) -> str:
    """Replace the expressions in a text by their values."""
    return _EXPRESSION.sub(lambda match: _format(evaluate(match[1], contexts)), _format(value))


def condition(value: str, contexts: Contexts) -> bool:
    """Whether the condition of an `if:` is met. It must be a single expression."""
    (expression,) = _EXPRESSION.findall(value)
    return bool(evaluate(expression, contexts))


def evaluate(expression: str, contexts: Contexts) -> Any:
    """Evaluate operators, strings, `true`, `always()`, `cancelled()`, `toJSON`, and properties.

    The operators are `||`, `&&`, `==`, `!=` and `!`, without parentheses.
    """
    expression = expression.strip()
    for operator in ("||", "&&"):
        if operator in expression:
            left, right = (part.strip() for part in expression.split(operator, maxsplit=1))
            first = evaluate(left, contexts)
            return first if bool(first) == (operator == "||") else evaluate(right, contexts)
    for operator in ("==", "!="):
        if operator in expression:
            operands = [evaluate(part, contexts) for part in expression.split(operator)]
            return (operands[0] == operands[1]) == (operator == "==")
    if expression.startswith("!"):
        return not evaluate(expression[1:], contexts)
    return _operand(expression, contexts)


def _operand(expression: str, contexts: Contexts) -> Any:
    if expression in {"always()", "true", "cancelled()"}:
        return expression != "cancelled()"
    if expression.startswith("toJSON("):
        return json.dumps(evaluate(expression[len("toJSON(") : -1], contexts))
    if expression.startswith("'"):
        return expression[1:-1]
    return _property(expression, contexts)


def _property(name: str, contexts: Contexts) -> Any:
    """The value of a property such as `steps.plan.outputs.matrix`; empty if absent."""
    context, *path = name.split(".")
    value: Any = contexts[context]
    for part in path:
        value = value.get(part, "") if isinstance(value, Mapping) else ""
    return value


def _format(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
