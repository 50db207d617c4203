"""The text of the issue about the runs of a spec. Pure.

It has counts and times only: neither names of repositories nor messages.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from posixpath import normpath
from urllib.parse import quote

from codespaces_registry_secrets.inputs.issue_inputs import IssueInputs
from codespaces_registry_secrets.model.fields import format_duration, format_time
from codespaces_registry_secrets.report.wording import count
from codespaces_registry_secrets.text.control_characters import one_line
from codespaces_registry_secrets.text.markdown import code

MAX_TITLE_CHARACTERS = 256  # GitHub rejects a longer title with 422
_TITLE = "Codespaces registry secrets need attention"
_FOOTER = (
    "Its summary names the triplets and the reasons. Each run updates this issue, and the first "
    "run without a problem closes it."
)


def issue_marker(spec_file: str) -> str:
    """The HTML comment that the issue begins with. It names the spec: each has its own issue.

    Percent-encoding keeps a name from ending the HTML comment: that takes a `>`.
    """
    name = quote(normpath(spec_file), safe="/")
    return f"<!-- codespaces-registry-secrets issue: {name} -->"


def issue_title(spec_file: str) -> str:
    """The title, with the path of the spec."""
    return f"{_TITLE}: {one_line(spec_file)}"[:MAX_TITLE_CHARACTERS]


def find_problems(inputs: IssueInputs, now: datetime) -> tuple[str, ...]:
    """A line for each reason to open the issue; empty if all is well."""
    return tuple(_problems(inputs, now))


def _problems(inputs: IssueInputs, now: datetime) -> Iterator[str]:
    if inputs.failed:
        yield f"{count(inputs.failed, 'triplet')} could not be written."
    if inputs.blocked:
        yield f"{count(inputs.blocked, 'triplet')} with a blocked change."
    if inputs.result == "failure" and not (inputs.failed or inputs.blocked):
        if inputs.failed is None:
            yield "The run ended without a plan, such as for an invalid spec or a rejected token."
        else:
            yield "The run failed, although no triplet failed or is blocked."
    expiry = inputs.next_expiry.astimezone(UTC) if inputs.next_expiry else None
    if expiry and expiry <= now:
        yield f"A credential expired at {format_time(expiry)}."
    elif expiry and expiry - now <= inputs.expiry_warning:
        left = format_duration(expiry - now)
        yield f"A credential expires at {format_time(expiry)}, in {left}."


def render_issue(inputs: IssueInputs, problems: Sequence[str]) -> str:
    """The body of the issue: the problems of the last run, or that it found none."""
    spec, run = code(inputs.spec_file), f"[last run]({inputs.run_url})"
    lines = [issue_marker(inputs.spec_file)]
    if problems:
        lines += [f"The {run} of {spec} found:", "", *(f"- {line}" for line in problems), ""]
        lines.append(_FOOTER)
    else:
        lines.append(f"The {run} of {spec} found no problem.")
    return "\n".join(lines) + "\n"
