"""Requests of several threads, which must not get into each other's way."""

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
def restless() -> Iterator[None]:
    """Threads that take turns at every opportunity, as on a machine with much to do."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def test_each_request_gets_its_own_answer(sandbox: Sandbox, restless: None) -> None:
    """PyGithub's connection keeps a request in its attributes; threads that share it mix them up."""
    environ = {"INPUT_TOKEN": TOKEN, "INPUT_API-URL": sandbox.url, "INPUT_SPEC": "-"}
    pace = RateLimiter(100_000, print, Cancellation())
    sessions = connect(read_inputs(environ), pace, TimeoutConfig(backoff=0), lambda _: None)
    targets = [Repository(f"octo-org/svc-{number:03}") for number in range(120)] * 5

    def asked(target: Repository) -> str:
        url = f"/repos/{target.name}"
        return sessions.for_target(target).get(target, url, schemas.Repository).full_name

    assert run_concurrently(asked, targets, 20) == [target.name for target in targets]
    assert len(sandbox.exchanges) == len(targets)
