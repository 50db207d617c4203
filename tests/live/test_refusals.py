"""A run that is not set up, or not for this organization, ends at once and changes nothing."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from github_sandbox import Sandbox, World
from live.__main__ import main
from live.conftest import LOGIN, TARGET, Runs
from live.run import CHECKS
from live.settings import ORGANIZATION, PURPOSES, REPO_TOKEN, TOKEN, RefusedError

ROOT = Path(__file__).parents[2]
PRODUCTION = "octo-org"


def test_the_script_names_all_variables_that_are_not_set() -> None:
    """With the purpose of each, before anything is sent."""
    environ = {name: value for name, value in os.environ.items() if name not in PURPOSES}
    script = subprocess.run(
        [ROOT / "script" / "test", "--live"],
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert script.returncode == 2
    assert "Set:" in script.stderr
    for name, purpose in PURPOSES.items():
        assert f"  {name}: {purpose}" in script.stderr


@pytest.mark.parametrize("name", [ORGANIZATION, TOKEN, REPO_TOKEN])
@pytest.mark.parametrize("value", ["", None], ids=["empty", "missing"])
def test_one_missing_variable_ends_the_run(
    name: str,
    value: str | None,
    runs: Runs,
    sandbox: Sandbox,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Only this one is named."""
    environ = runs.environ()
    del environ[name]
    assert main([], environ if value is None else {**environ, name: value}) == 2
    message = capsys.readouterr().err
    assert [other for other in PURPOSES if f"  {other}: " in message] == [name]
    assert sandbox.exchanges == []


def test_a_check_that_does_not_exist_ends_the_run(
    runs: Runs, sandbox: Sandbox, capsys: pytest.CaptureFixture[str]
) -> None:
    """The message has the names of all."""
    assert main(["no_such_check"], runs.environ()) == 2
    message = capsys.readouterr().err
    assert "no such check: no_such_check" in message
    assert all(f"  {name}" in message for name in CHECKS)
    assert sandbox.exchanges == []


def test_the_tokens_are_not_sent_unencrypted(
    runs: Runs, capsys: pytest.CaptureFixture[str]
) -> None:
    """Only to loopback, where the sandbox is."""
    environ = {**runs.environ(), "GITHUB_API_URL": "http://api.github.example"}
    assert main([], environ) == 2
    assert "https://" in capsys.readouterr().err


def test_an_organization_whose_name_does_not_say_so_is_refused(
    runs: Runs, sandbox: Sandbox, world: World
) -> None:
    """No request is sent, even if it is empty and the token could change it."""
    world.add_organization(PRODUCTION, owners=("octocat",))
    with pytest.raises(RefusedError, match="octo-org is not an organization for these tests"):
        runs.run(login=PRODUCTION)
    assert sandbox.exchanges == []


def test_an_organization_with_another_secret_is_refused(
    runs: Runs, sandbox: Sandbox, world: World
) -> None:
    """Whatever its name is; the secret is named."""
    world.put_secret(TARGET, "ACR_CONTAINER_REGISTRY_USER", b"v")
    world.put_secret(TARGET, "CRS_LIVE_OLD", b"v")
    with pytest.raises(RefusedError, match="the secret ACR_CONTAINER_REGISTRY_USER"):
        runs.run()
    assert sandbox.writes == []


def test_an_organization_with_another_repository_is_refused(
    runs: Runs, sandbox: Sandbox, world: World
) -> None:
    """Also if it is on a later page of the list."""
    world.add_repository(f"{LOGIN}/app")
    for number in range(120):
        world.add_repository(f"{LOGIN}/crs-live-{number}")
    with pytest.raises(RefusedError, match="the repository app"):
        runs.run()
    assert sandbox.writes == []


@pytest.mark.parametrize("plan", ["free", "no access"])
def test_an_organization_without_access_is_refused(
    plan: str, runs: Runs, sandbox: Sandbox, world: World
) -> None:
    """The message has the plan, the role and the scope that are needed."""
    login = "other-live-tests"
    world.add_user("stranger")
    owner = "octocat" if plan == "free" else "stranger"
    world.add_organization(login, plan="free" if plan == "free" else "team", owners=(owner,))
    with pytest.raises(RefusedError, match=r"Team or Enterprise plan.* an owner.* admin:org"):
        runs.run(login=login)
    assert sandbox.writes == []
