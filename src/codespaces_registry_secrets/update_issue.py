"""Keep one issue about the last run of a spec: the last job of the reusable workflow rotate.yml.

It is the third program of the image, and runs with the argument `update-issue`. It is separate from
the Action, so that only a job without credentials has `issues: write`.
"""

from __future__ import annotations

from collections.abc import Mapping

from codespaces_registry_secrets.errors import DONE, FAILED, GitHubError
from codespaces_registry_secrets.github.auth import TimeoutConfig, connect_for_comment
from codespaces_registry_secrets.github.client import GitHubClient
from codespaces_registry_secrets.github.issues import find_issue, open_issue, update_issue
from codespaces_registry_secrets.github.rate_limiter import RateLimiter
from codespaces_registry_secrets.inputs.issue_inputs import (
    IssueInputs,
    issue_token,
    read_issue_inputs,
)
from codespaces_registry_secrets.model.plan import Note
from codespaces_registry_secrets.report.early_end import report_early_end
from codespaces_registry_secrets.report.issue import (
    find_problems,
    issue_marker,
    issue_title,
    render_issue,
)
from codespaces_registry_secrets.report.workflow_commands import WorkflowCommands
from codespaces_registry_secrets.runtime.cancellation import Cancellation

WRITES_PER_MINUTE = 60
MAX_WAIT_SECONDS = 60.0


def main(
    environ: Mapping[str, str],
    cancellation: Cancellation | None = None,
    timeouts: TimeoutConfig | None = None,
) -> int:
    """Update the issue. An invalid input fails the job; a failed request is only a warning."""
    commands = WorkflowCommands(environ)
    commands.log_libraries()
    cancellation = cancellation or Cancellation()
    try:
        with cancellation.raising():
            token = issue_token(environ)
            if token:
                commands.mask(token)
            inputs = read_issue_inputs(environ)
            limiter = RateLimiter(WRITES_PER_MINUTE, commands.info, cancellation, MAX_WAIT_SECONDS)
            secret = inputs.github_token.get_secret_value() if inputs.github_token else ""
            client = connect_for_comment(
                secret, inputs.api_url, limiter, timeouts or TimeoutConfig()
            )
            commands.info(keep_issue(client, inputs))
    except GitHubError as error:
        message = f"could not update the issue about {inputs.spec_file}: {error}"
        commands.note(Note("warning", message))
        return DONE
    except Exception as error:  # noqa: BLE001 - every error must reach the log and the summary
        report_early_end(error, commands)
        return FAILED
    return DONE


def keep_issue(client: GitHubClient, inputs: IssueInputs) -> str:
    """Open, update or close the issue; return what was done, in one sentence.

    Raises:
        GitHubError: the issue cannot be read or written.
    """
    if inputs.result in {"cancelled", "skipped"}:
        return f"The run was {inputs.result}, so the issue stays as it is."
    repository = inputs.repository
    issue = find_issue(client, repository, issue_marker(inputs.spec_file))
    problems = find_problems(inputs, client.server_time)  # after a response: GitHub's time
    body = render_issue(inputs, problems)
    if problems and issue is None:
        open_issue(client, repository, issue_title(inputs.spec_file), body)
        return "Opened an issue."
    if issue is None or not (problems or issue.state == "open"):
        return "The run found no problem, and there is no open issue."
    update_issue(client, repository, issue.number, "open" if problems else "closed", body)
    if not problems:
        return f"Closed issue #{issue.number}."
    return f"{'Updated' if issue.state == 'open' else 'Reopened'} issue #{issue.number}."
