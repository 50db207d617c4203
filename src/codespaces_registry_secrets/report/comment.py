"""Keep the comment with the report of a run on its pull request.

The comment is an extra: no failure of it changes the exit code of the run.
"""

from __future__ import annotations

from posixpath import normpath
from typing import Literal
from urllib.parse import quote

from codespaces_registry_secrets.errors import (
    CancelledError,
    GitHubError,
    describe_error,
    input_location,
)
from codespaces_registry_secrets.github.auth import TimeoutConfig, connect_for_comment
from codespaces_registry_secrets.github.client import GitHubClient
from codespaces_registry_secrets.github.comments import keep_comment
from codespaces_registry_secrets.github.rate_limiter import RateLimiter
from codespaces_registry_secrets.inputs.action_inputs import Inputs
from codespaces_registry_secrets.inputs.event import Event, read_event
from codespaces_registry_secrets.model.plan import Note
from codespaces_registry_secrets.report.run_output import RunOutput
from codespaces_registry_secrets.report.summary import Report, render_report
from codespaces_registry_secrets.runtime.cancellation import Cancellation
from codespaces_registry_secrets.text.control_characters import replace_control_characters

# GitHub counts characters, and rejects a longer body with 422. No text has more of them than bytes.
MAX_BYTES = 65_536
# The rate limit of GITHUB_TOKEN is another one than that of `token`. No run waits long for it.
MAX_WAIT_SECONDS = 60.0
_PERMISSION_ERRORS = {403, 404}


def update_comment(
    inputs: Inputs | None,
    report: Report,
    output: RunOutput,
    cancellation: Cancellation,
    timeouts: TimeoutConfig,
) -> None:
    """Write the report of the run into the comment; a note says why, if that is not possible.

    Without the input `comment`, or if the run was cancelled, do nothing. `inputs` is None if the
    inputs that a comment needs are invalid, which the run reports.
    """
    if inputs is None or not inputs.comment or cancellation.requested:
        return
    event = read_event(inputs.event_path)
    missing = _what_is_missing(inputs, event)
    if missing:
        output.note(missing)
        return
    try:
        with cancellation.raising():  # the run is done, so a signal ends it at once
            client = _connect(inputs, output, cancellation, timeouts)
            marker = comment_marker(inputs)
            body = render_comment(marker, report)
            keep_comment(client, inputs.repository or "", event.pull_request or 0, marker, body)
    except CancelledError:
        return
    except Exception as error:  # noqa: BLE001 - it must not fail a run that is done
        output.note(_describe(error, event))


def _what_is_missing(inputs: Inputs, event: Event) -> Note | None:
    if event.pull_request is None:
        message = f"no comment: the event `{inputs.event}` has no pull request"
        return Note("notice", message, input_location("comment"))
    if inputs.github_token is None or not inputs.repository:
        message = "no comment: `github-token` and GITHUB_REPOSITORY must not be empty"
        return Note("warning", message, input_location("github-token"))
    return None


def _connect(
    inputs: Inputs, output: RunOutput, cancellation: Cancellation, timeouts: TimeoutConfig
) -> GitHubClient:
    token = inputs.github_token.get_secret_value() if inputs.github_token else ""
    limiter = RateLimiter(inputs.writes_per_minute, output.info, cancellation, MAX_WAIT_SECONDS)
    return connect_for_comment(token, inputs.api_url, limiter, timeouts)


def _describe(error: Exception, event: Event) -> Note:
    status = error.status if isinstance(error, GitHubError) else None
    if event.from_fork and status in _PERMISSION_ERRORS:
        reason = (
            "GitHub gives the workflow of a pull request from a fork a token that can only read; "
            "the summary of the run has the plan"
        )
        return _no_comment(event, reason, "notice")
    return _no_comment(event, describe_error(error))


def _no_comment(event: Event, reason: str, level: Literal["notice", "warning"] = "warning") -> Note:
    message = f"no comment on pull request #{event.pull_request}: {reason}"
    return Note(level, message, input_location("comment"))


def comment_marker(inputs: Inputs) -> str:
    """The HTML comment that a comment begins with. It names the spec: each has its own comment.

    An inline spec has no name, so it is that of the workflow and the job. GITHUB_WORKFLOW_REF is
    `owner/name/path@ref`; the ref depends on the event. Percent-encoding keeps a name from ending
    the HTML comment: that takes a `>`.
    """
    if inputs.spec is None and not inputs.shorthand:
        name = normpath(inputs.spec_file)
    else:
        path = inputs.workflow_ref.partition("@")[0] or inputs.workflow
        name = f"{path}#{inputs.job}"
    return f"<!-- codespaces-registry-secrets: {quote(name, safe='/#')} -->"


def render_comment(marker: str, report: Report) -> str:
    """The body of the comment: what the summary shows, in the size that GitHub accepts."""
    markdown = render_report(report, MAX_BYTES - len(marker) - 1)
    return f"{marker}\n{replace_control_characters(markdown)}"
