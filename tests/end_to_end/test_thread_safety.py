"""Requests of concurrent threads do not mix."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest

from codespaces_registry_secrets.github import schemas
from codespaces_registry_secrets.github.auth import TimeoutConfig, connect
from codespaces_registry_secrets.github.rate_limiter import RateLimiter
from codespaces_registry_secrets.inputs.action_inputs import read_inputs
from codespaces_registry_secrets.model.targets import Repository
from codespaces_registry_secrets.runtime.cancellation import Cancellation
from codespaces_registry_secrets.runtime.concurrency import run_concurrently
from github_sandbox import Sandbox
from sandboxed_action import TOKEN


@pytest.fixture
def frequent_thread_switches() -> Iterator[None]:
    """Switch threads as often as possible, as on a busy machine."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def test_each_thread_gets_its_own_response(
    sandbox: Sandbox, frequent_thread_switches: None
) -> None:
    """A connection of PyGithub keeps its request in attributes, so threads must not share one."""
    environ = {"INPUT_TOKEN": TOKEN, "INPUT_API-URL": sandbox.url, "INPUT_SPEC": "-"}
    limiter = RateLimiter(100_000, print, Cancellation())
    clients = connect(read_inputs(environ), limiter, TimeoutConfig(backoff=0), lambda _: None)
    targets = [Repository(f"octo-org/svc-{number:03}") for number in range(120)] * 5

    def get_name(target: Repository) -> str:
        url = f"/repos/{target.name}"
        return clients.for_target(target).get(target, url, schemas.Repository).full_name

    assert run_concurrently(get_name, targets, 20) == [target.name for target in targets]
    assert len(sandbox.exchanges) == len(targets)
