"""Times in the sandbox, by the clock of its world."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from contract.sandbox_client import PREFIXES, TARGETS, Client, client_of
from github_sandbox import Fault, Sandbox, World

START = datetime(2031, 3, 4, 5, 6, 7, tzinfo=UTC)


class Clock:
    """A clock that a test sets; its zone is not UTC."""

    def __init__(self) -> None:
        self.at = START.astimezone(timezone(timedelta(hours=9)))

    def __call__(self) -> datetime:
        return self.at

    def advance(self, **time: float) -> None:
        """Advance the clock."""
        self.at += timedelta(**time)


@pytest.fixture
def clock() -> Clock:
    """The clock of the world."""
    return Clock()


@pytest.fixture
def world(clock: Clock) -> World:
    """`octocat` owns `octo-org`; the clock is in another year."""
    world = World(now=clock)
    world.add_user("octocat")
    world.add_organization("octo-org", owners=("octocat",))
    world.add_repository("octo-org/api")
    world.add_token("ghp_owner", user="octocat", scopes=("repo", "admin:org", "codespace"))
    return world


def test_every_response_is_dated_by_the_clock_of_the_world(
    client: Client, sandbox: Sandbox, clock: Clock
) -> None:
    """One `Date` in a response, an error and a fault; it follows the clock."""
    sandbox.fail(Fault(path="/user/codespaces"))
    for path in ("/user", "/nope", PREFIXES["user"]):
        dates = client.get(path).raw.headers.getlist("Date")
        assert dates == ["Tue, 04 Mar 2031 05:06:07 GMT"]
    clock.advance(days=1, seconds=2)
    assert client.get("/user").headers["Date"] == "Wed, 05 Mar 2031 05:06:09 GMT"


def test_a_fault_can_set_the_date(client: Client, sandbox: Sandbox) -> None:
    """Like any other header."""
    date = "Thu, 01 Jan 2032 00:00:00 GMT"
    sandbox.fail(Fault(status=None, headers={"Date": date}))
    assert client.get("/user").headers["Date"] == date


def test_the_rate_limit_resets_in_an_hour(client: Client) -> None:
    """By the same clock as `Date`."""
    reset = int(client.get("/user").headers["x-ratelimit-reset"])
    assert datetime.fromtimestamp(reset, UTC) == START + timedelta(hours=1)


def test_a_token_expires_by_the_clock_of_the_world(
    sandbox: Sandbox, world: World, clock: Clock
) -> None:
    """A header contains its expiry until then."""
    world.add_token("ghp_ending", user="octocat", expires=START + timedelta(hours=1))
    with client_of(sandbox, "ghp_ending") as client:
        response = client.get("/user")
        expiry = response.headers["github-authentication-token-expiration"]
        assert (response.status_code, expiry) == (200, "2031-03-04 06:06:07 UTC")
        clock.advance(minutes=59)
        assert client.get("/user").status_code == 200
        clock.advance(minutes=1)
        assert client.get("/user").status_code == 401


def test_an_installation_token_expires_by_the_clock_of_the_world(
    world: World, clock: Clock
) -> None:
    """It is issued and expires by the same clock."""
    app = world.add_app(app_id=1, public_key_pem="", installations={"octo-org": {}})
    value, _, expires = world.issue_installation_token(app.installations[0], {}, None)
    assert expires == START + timedelta(hours=1)
    assert world.token(value) is not None
    clock.advance(hours=1)
    assert world.token(value) is None


@pytest.mark.parametrize("scope", PREFIXES)
def test_updated_at_can_lag(scope: str, client: Client, world: World, clock: Clock) -> None:
    """In the secret and in the list, never before `created_at`; the stored time is exact."""
    path, target = PREFIXES[scope], TARGETS[scope]
    world.updated_at_lag = timedelta(minutes=5)
    for minutes, shown in ((0, "05:06:07"), (4, "05:06:07"), (6, "05:11:07")):
        clock.advance(minutes=minutes)
        world.put_secret(target, "A", b"v")
        alone, listed = client.get(f"{path}/A").json(), client.get(path).json()["secrets"]
        assert alone["created_at"] == "2031-03-04T05:06:07Z"
        assert alone["updated_at"] == f"2031-03-04T{shown}Z"
        assert listed == [alone]
        assert world.secrets(target)["A"].updated_at == clock.at


def test_updated_at_is_exact_without_a_lag(client: Client, world: World) -> None:
    """Even if a test set it before `created_at`."""
    for day in (2, 1):
        world.put_secret("user:octocat", "A", b"v", updated_at=datetime(2031, 1, day, tzinfo=UTC))
    shown = client.get(f"{PREFIXES['user']}/A").json()
    assert (shown["created_at"][:10], shown["updated_at"][:10]) == ("2031-01-02", "2031-01-01")
