"""Write the Actions secret of the journal at the sandbox."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from pydantic import SecretBytes

from codespaces_registry_secrets.errors import GitHubError
from codespaces_registry_secrets.github.auth import TimeoutConfig, connect
from codespaces_registry_secrets.github.journal_secret import JournalSecret
from codespaces_registry_secrets.github.rate_limiter import RateLimiter
from codespaces_registry_secrets.inputs.action_inputs import read_inputs
from codespaces_registry_secrets.runtime.cancellation import Cancellation
from contract.sandbox_client import OWNER_TOKEN, actions_values, small_world
from github_sandbox import Fault, Sandbox, World
from runner_environment import input_variables
from sandboxed_action import Clock

REPOSITORY, NAME = "octo-org/api", "ECR_CREDENTIAL"
SECRETS = f"/repos/{REPOSITORY}/actions/secrets"
VALUE = SecretBytes(b'{"password":"a-password-of-many-letters"}')

Make = Callable[..., JournalSecret]


@pytest.fixture
def clock() -> Clock:
    """GitHub's clock."""
    return Clock(datetime(2026, 1, 1, tzinfo=UTC))


@pytest.fixture
def world(clock: Clock) -> World:
    """The small world with the clock."""
    return small_world(clock)


@pytest.fixture
def make(sandbox: Sandbox) -> Make:
    """Create the client for a token."""

    def make(token: str = OWNER_TOKEN, repository: str = REPOSITORY) -> JournalSecret:
        inputs = read_inputs(input_variables({"token": token, "api-url": sandbox.url}))
        limiter = RateLimiter(100_000, print, Cancellation())
        timeouts = TimeoutConfig(backoff=0)
        return JournalSecret(connect(inputs, limiter, timeouts, print), repository, NAME)

    return make


def lines(sandbox: Sandbox) -> list[str]:
    """The requests so far."""
    return [f"{exchange.method} {exchange.path}" for exchange in sandbox.exchanges]


def test_a_secret_exists_after_it_was_written(make: Make, world: World) -> None:
    """The value is exact to the byte."""
    secret, value = make(), bytes(range(256))
    assert not secret.exists()
    secret.write(SecretBytes(value))
    assert secret.exists()
    assert actions_values(world, REPOSITORY) == {NAME: value}


def test_the_public_key_is_read_once(make: Make, sandbox: Sandbox, world: World) -> None:
    """A second value replaces the first one."""
    secret = make()
    secret.write(VALUE)
    secret.write(SecretBytes(b"second"))
    assert actions_values(world, REPOSITORY) == {NAME: b"second"}
    key, put = f"GET {SECRETS}/public-key", f"PUT {SECRETS}/{NAME}"
    assert lines(sandbox) == [key, put, put]


def test_a_stale_key_is_read_again(make: Make, sandbox: Sandbox, world: World) -> None:
    """GitHub rejects a value that is sealed with it, and the value is sealed again."""
    secret = make()
    secret.write(VALUE)
    world.actions_key(world.scope(f"repository:{REPOSITORY}")).replace_key()
    secret.write(SecretBytes(b"second"))
    assert actions_values(world, REPOSITORY) == {NAME: b"second"}
    key, put = f"GET {SECRETS}/public-key", f"PUT {SECRETS}/{NAME}"
    assert lines(sandbox) == [key, put, put, key, put]


def test_another_rejection_is_an_error(make: Make, sandbox: Sandbox, world: World) -> None:
    """With the same key, it is sent once. No message contains the value."""
    for number in range(100):
        world.put_actions_secret(f"repository:{REPOSITORY}", f"A_{number}")
    with pytest.raises(GitHubError, match="at most 100 secrets") as caught:
        make().write(VALUE)
    assert "a-password" not in str(caught.value)
    assert lines(sandbox).count(f"PUT {SECRETS}/{NAME}") == 1


def test_an_error_that_repeats_the_value_is_redacted(make: Make, sandbox: Sandbox) -> None:
    """GitHub does not do so; something between could."""
    body = '{"message": "no a-password-of-many-letters"}'
    sandbox.fail(Fault("PUT", status=400, body=body))
    with pytest.raises(GitHubError) as caught:
        make().write(VALUE)
    assert "a-password" not in str(caught.value)


def test_an_invisible_repository_is_an_error(make: Make) -> None:
    """404 is no answer to whether the secret exists; the message names the permission."""
    with pytest.raises(GitHubError, match=r"404: .*`secrets: write`"):
        make(repository="octo-org/nowhere").exists()


def test_a_missing_permission_is_named(make: Make, world: World) -> None:
    """A token that can only read knows that the secret exists, and cannot write it."""
    world.add_fine_grained_token(
        "github_pat_read", user="octocat", owner="octo-org", permissions={"secrets": "read"}
    )
    secret = make("github_pat_read")
    assert not secret.exists()
    with pytest.raises(GitHubError, match="secrets: write"):
        secret.write(VALUE)
    assert actions_values(world, REPOSITORY) == {}


def test_a_lost_response_is_repeated(make: Make, sandbox: Sandbox, world: World) -> None:
    """A second PUT of the same value changes nothing."""
    sandbox.fail(Fault("PUT", status=None, drop=True, when="after"))
    make().write(VALUE)
    assert actions_values(world, REPOSITORY) == {NAME: VALUE.get_secret_value()}


def test_the_time_is_that_of_github(make: Make, clock: Clock) -> None:
    """That of the last response."""
    clock.now = datetime(2027, 1, 2, 3, 4, 5, tzinfo=UTC)
    secret = make()
    secret.write(VALUE)
    assert secret.time == clock.now
