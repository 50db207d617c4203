"""Report what happens to generated credentials at their issuers. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from codespaces_registry_secrets.model.generation import CredentialAction, CredentialChange
from codespaces_registry_secrets.model.plan import Note
from codespaces_registry_secrets.text.control_characters import one_line
from codespaces_registry_secrets.text.markdown import code, prose, row, table_head

COLUMNS = ("Change", "Registry and kind", "Credential", "Why")
_SIGNS: Mapping[CredentialAction, str] = {
    "generate": "+",
    "disable": "~",
    "delete": "-",
    "none": " ",
    "blocked": "!",
}
_PARTICIPLES: Mapping[str, str] = {
    "generate": "generated",
    "disable": "disabled",
    "delete": "deleted",
}
_MAX_CHARACTERS = 1000


def credential_lines(changes: Sequence[CredentialChange]) -> str:
    """A line for each change: `+ generate ECR aws-iam-access-key: there is no credential yet`."""
    return "\n".join(
        f"  {_SIGNS[change.action]} {change.action:<8} {change.registry} {change.kind}"
        f"{f' {one_line(change.id)}' if change.id else ''}: {one_line(change.reason)}"
        for change in changes
    )


def count_credentials(changes: Sequence[CredentialChange]) -> str:
    """`credentials: 1 generated, 1 to disable`; empty if nothing happens to any."""
    counts = Counter(_describe(change) for change in changes if change.action != "none")
    listed = ", ".join(f"{number} {description}" for description, number in counts.items())
    return f"credentials: {listed}" if listed else ""


def credential_failures(changes: Sequence[CredentialChange]) -> Iterator[Note]:
    """An error for each change that was started and failed."""
    for change in changes:
        if change.error:
            message = f"{change.registry}: cannot {change.action} a credential: {change.error}"
            yield Note("error", message, change.where)


def render_credentials(changes: Sequence[CredentialChange]) -> str:
    """The changes as a Markdown table; empty without any."""
    if not changes:
        return ""
    rows = [
        row(
            [
                f"{_SIGNS[change.action]} {_describe(change)}".strip(),
                f"{code(change.registry)} {code(change.kind)}",
                code(change.id) if change.id else "",
                prose(one_line(change.error or change.reason)[:_MAX_CHARACTERS]),
            ]
        )
        for change in changes
    ]
    return "\n".join([table_head(COLUMNS), *rows]) + "\n"


def credential_json(change: CredentialChange) -> dict[str, str | None]:
    """A change as the output `plan` has it."""
    return {
        "registry": change.registry,
        "kind": change.kind,
        "action": change.action,
        "reason": change.reason,
        "id": change.id,
        "outcome": change.status,
        "error": change.error,
    }


def _describe(change: CredentialChange) -> str:
    """`to generate`, `generated`, `failed to generate`, `not generated`, `blocked`, `unchanged`."""
    if change.action == "none":
        return "unchanged"
    if change.action == "blocked":
        return "blocked"
    participle = _PARTICIPLES[change.action]
    descriptions = {
        "planned": f"to {change.action}",
        "applied": participle,
        "failed": f"failed to {change.action}",
        "skipped": f"not {participle}",
    }
    return descriptions[change.status]
