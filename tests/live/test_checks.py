"""Every check runs to its end in the sandbox, reports what it does, and leaves nothing behind."""

from __future__ import annotations

import pytest

from github_sandbox import Fault, Sandbox, World
from live.conftest import LOGIN, Runs, leftovers
from live.run import CHECKS


@pytest.mark.parametrize("name", CHECKS)
def test_a_check_sees_what_the_sandbox_does(name: str, runs: Runs, world: World) -> None:
    """Its row has the expected and the seen fact."""
    exit_code = runs.run(name)

    check = CHECKS[name]
    _, assumption, expected, seen, date = runs.row(name)
    assert (assumption, expected, seen) == (check.assumption, check.expected, check.expected)
    assert date.startswith("20")
    assert exit_code == 0
    assert leftovers(world) == []


def test_a_rate_limit_is_seen_and_the_removal_waits_for_it(
    runs: Runs, sandbox: Sandbox, world: World
) -> None:
    """The check stops at the first rejection; the removal is sent again after the wait."""
    limited = {"Retry-After": "77"}
    sandbox.fail(Fault(method="PUT", nth=30, status=403, headers=limited))
    sandbox.fail(Fault(method="DELETE", times=2, status=429, headers=limited))
    exit_code = runs.run("creating_secrets_in_a_minute")
    seen = runs.row("creating_secrets_in_a_minute")[3]
    assert seen == "29 created, then 403 with Retry-After 77"
    assert runs.waits.count(77) == 2
    assert exit_code == 1
    assert leftovers(world) == []


def test_a_different_github_is_reported(runs: Runs, world: World) -> None:
    """With what was expected; the other checks run."""
    world.archive(world.add_repository(f"{LOGIN}/crs-live-older").full_name)
    world.add_token("ghp_repo", user="octocat", scopes=("repo", "read:org"))
    exit_code = runs.run("team_without_read_org", "secrets_without_admin_org")
    assert "DIFFERENT team_without_read_org: 200, expected: 404" in runs.said
    assert "ok        secrets_without_admin_org: 403" in runs.said
    assert exit_code == 1
    assert leftovers(world) == []
