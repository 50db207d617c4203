"""Run the checks in an organization, print what they see, and leave nothing behind."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from secrets import token_hex
from tempfile import TemporaryDirectory

import requests

from live.api import Api
from live.checks import Check, Live
from live.limit_checks import LIMIT_CHECKS
from live.list_checks import LIST_CHECKS
from live.organization import PREFIX, Resources, check_organization, remove
from live.settings import RefusedError, Settings
from live.write_checks import WRITE_CHECKS
from runner import RunnerError

CHECKS: Mapping[str, Check] = {
    check.name: check for check in (*LIST_CHECKS, *WRITE_CHECKS, *LIMIT_CHECKS)
}
AS_EXPECTED, DIFFERENT, INTERRUPTED = 0, 1, 130
LEFT = "Not everything could be removed: {}. The next run removes it at its start."
HEAD = ("Live check", "Assumption", "Expected", "Seen", "Date")


@dataclass(frozen=True)
class Finding:
    """What a check has seen; None if it failed."""

    check: Check
    seen: str | None

    @property
    def as_expected(self) -> bool:
        """Whether GitHub does what the sandbox does."""
        return self.seen == self.check.expected


def select_checks(names: Sequence[str]) -> list[Check]:
    """The checks with these names; without any, all.

    Raises:
        RefusedError: there is no such check.
    """
    unknown = sorted(set(names) - CHECKS.keys())
    if unknown:
        known = "\n".join(f"  {name}" for name in CHECKS)
        raise RefusedError(f"no such check: {', '.join(unknown)}. The checks are:\n{known}")
    return [check for name, check in CHECKS.items() if not names or name in names]


def run_checks(
    settings: Settings,
    checks: Sequence[Check],
    *,
    wait: Callable[[float], None],
    say: Callable[[str], None],
) -> int:
    """Run the checks, and return the exit code of the process.

    Raises:
        RefusedError: the organization is not for these tests. Nothing was changed.
    """
    api, repo_api = (
        Api(settings.api_url, token, wait) for token in (settings.token, settings.repo_token)
    )
    check_organization(api, settings.organization)
    for path in remove(api, settings.organization, PREFIX):
        say(f"removed {path}, which an earlier run left behind")
    resources = Resources(api, settings.organization, token_hex(4))
    findings: list[Finding] = []
    exit_code = INTERRUPTED
    try:
        for check in checks:
            with TemporaryDirectory() as folder:
                workspace = Path(folder) / "workspace"
                workspace.mkdir()
                live = Live(
                    settings.organization, api, repo_api, settings.token, resources, workspace
                )
                findings.append(observe(check, live, say))
        exit_code = AS_EXPECTED if all(item.as_expected for item in findings) else DIFFERENT
    except KeyboardInterrupt:
        say("interrupted")
    finally:
        is_clean = clean_up(resources, say)
        say(table(findings, datetime.now(UTC)))
    return exit_code if is_clean else exit_code or DIFFERENT


def observe(check: Check, live: Live, say: Callable[[str], None]) -> Finding:
    """Run a check; a failed one ends no other."""
    try:
        seen = check.observe(live)
    except (requests.RequestException, RunnerError, LookupError, ValueError) as error:
        say(f"FAILED    {check.name}: {''.join(traceback.format_exception_only(error)).strip()}")
        return Finding(check, None)
    finding = Finding(check, seen)
    expected = "" if finding.as_expected else f", expected: {check.expected}"
    say(f"{'ok       ' if finding.as_expected else 'DIFFERENT'} {check.name}: {seen}{expected}")
    return finding


def clean_up(resources: Resources, say: Callable[[str], None]) -> bool:
    """Remove what the run has created, and return whether that succeeded."""
    try:
        resources.remove()
    except (requests.RequestException, KeyboardInterrupt) as error:
        say(LEFT.format(error or "interrupted"))
        return False
    return True


def table(findings: Sequence[Finding], now: datetime) -> str:
    """The findings as a table in Markdown, for docs/decisions.md."""
    rows = [
        (
            f"`{item.check.name}`",
            item.check.assumption,
            item.check.expected,
            item.seen or "failed",
            f"{now:%Y-%m-%d}",
        )
        for item in findings
    ]
    return "\n".join(f"| {' | '.join(row)} |" for row in (HEAD, ("---",) * len(HEAD), *rows))
