"""Repositories whose dev containers cannot be read have a problem that says why."""

from __future__ import annotations

from codespaces_registry_secrets.github.auth import TimeoutConfig, connect
from codespaces_registry_secrets.github.dev_containers import read_dev_containers
from codespaces_registry_secrets.github.rate_limiter import RateLimiter
from codespaces_registry_secrets.inputs.action_inputs import read_inputs
from codespaces_registry_secrets.model.repositories import RepositoryInfo
from codespaces_registry_secrets.model.targets import Organization
from codespaces_registry_secrets.runtime.cancellation import Cancellation
from github_app import add_app, app_inputs
from github_sandbox import Sandbox, World
from runner_environment import input_variables

REPOSITORIES = [RepositoryInfo(f"octo-org/app-{number}", number) for number in (1, 2)]


def test_an_app_that_is_not_installed_can_read_none(sandbox: Sandbox, world: World) -> None:
    """The message is that of its installation."""
    add_app(world, {})
    app = {name.replace("_", "-"): value for name, value in app_inputs().items() if value}
    inputs = read_inputs(input_variables({**app, "api-url": sandbox.url}))
    limiter = RateLimiter(100_000, print, Cancellation())
    clients = connect(inputs, limiter, TimeoutConfig(backoff=0), print)

    index = read_dev_containers(REPOSITORIES, Organization("octo-org"), clients)

    assert list(index) == [1, 2]
    for containers in index.values():
        assert not containers.readable
        (problem,) = containers.problems
        assert "install" in problem
