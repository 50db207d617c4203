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
        f"  {_SIGNS[one.action]} {one.action:<8} {one.registry} {one.kind}"
        f"{f' {one_line(one.id)}' if one.id else ''}: {one_line(one.reason)}"
        for one in changes
    )


def count_credentials(changes: Sequence[CredentialChange]) -> str:
    """`credentials: 1 generated, 1 to disable`; empty if nothing happens to any."""
    counts = Counter(_describe(one) for one in changes if one.action != "none")
    listed = ", ".join(f"{number} {words}" for words, number in counts.items())
    return f"credentials: {listed}" if listed else ""


def credential_failures(changes: Sequence[CredentialChange]) -> Iterator[Note]:
    """An error for each change that was started and failed."""
    for one in changes:
        if one.error:
            message = f"{one.registry}: cannot {one.action} a credential: {one.error}"
            yield Note("error", message, one.where)


def render_credentials(changes: Sequence[CredentialChange]) -> str:
    """The changes as a Markdown table; empty without any."""
    if not changes:
        return ""
    rows = [
        row(
            [
                f"{_SIGNS[one.action]} {_describe(one)}".strip(),
                f"{code(one.registry)} {code(one.kind)}",
                code(one.id) if one.id else "",
                prose(one_line(one.error or one.reason)[:_MAX_CHARACTERS]),
            ]
        )
        for one in changes
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
    words = {
        "planned": f"to {change.action}",
        "applied": participle,
        "failed": f"failed to {change.action}",
        "skipped": f"not {participle}",
    }
    return words[change.status]
