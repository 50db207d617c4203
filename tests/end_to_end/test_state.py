"""The input `state`: only what differs is written, and changes by hand are noticed."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from github_sandbox import Fault, Sandbox, World
from sandboxed_action import ACR_SPEC, TOKEN, TRIPLET, Action, Clock, stored_triplet

START = datetime(2026, 1, 1, 3, 0, tzinfo=UTC)
HEADER = "codespaces-registry-secrets state v1"
HOME = "octo-org/ops"
APP = "repository:octo-org/app"
SPEC = ACR_SPEC + "    targets: [{repository: octo-org/app}]\n"
SERVER, USER, PASSWORD = TRIPLET


@pytest.fixture
def clock() -> Clock:
    """A clock at the start of a year."""
    return Clock(START)


@pytest.fixture
def world(clock: Clock) -> World:
    """An organization with that clock, and a repository that runs the workflow."""
    world = World(clock)
    world.add_user("octocat")
    world.add_organization("octo-org", plan="team", owners=("octocat",))
    for name in ("ops", "app", "web"):
        world.add_repository(f"octo-org/{name}")
    world.add_token(TOKEN, user="octocat", scopes=("repo", "admin:org", "codespace"))
    return world


@pytest.fixture
def nights(clock: Clock, world: World, sandbox: Sandbox, action: Action) -> Nights:
    """Runs with the state `CRS_STATE`, a night apart."""
    return Nights(clock, world, sandbox, action)


class Nights:
    """Runs the Action once in each night."""

    def __init__(self, clock: Clock, world: World, sandbox: Sandbox, action: Action) -> None:
        self.clock, self.world, self.sandbox, self.action = clock, world, sandbox, action

    def run(self, password: str = "p1", spec: str = SPEC, **inputs: str) -> int:
        """Let a night pass, run, and return the exit code."""
        self.clock.now += timedelta(days=1)
        self.sandbox.clear_exchanges()
        environment = {"ACR_PASSWORD": password, "GITHUB_REPOSITORY": HOME}
        return self.action.run_in_process(spec, environment, **{"state": "CRS_STATE", **inputs})

    @property
    def written(self) -> list[str]:
        """The secrets that the last run wrote."""
        return [
            exchange.path.rpartition("/")[2]
            for exchange in self.sandbox.writes
            if "/codespaces/" in exchange.path
        ]

    @property
    def variable_requests(self) -> list[str]:
        """The verbs of the requests for variables in the last run."""
        return [e.method for e in self.sandbox.exchanges if "/actions/variables" in e.path]

    @property
    def variable(self) -> str:
        """The value of the variable."""
        return self.world.variables(HOME)["CRS_STATE"]

    def change_by_hand(self, member: str) -> None:
        """Replace a secret an hour after the last run."""
        self.clock.now += timedelta(hours=1)
        self.world.put_secret(APP, member, b"by hand")

    def spoil(self, value: str, name: str = "CRS_STATE") -> None:
        """Replace the value of a variable by hand."""
        self.world.put_variable(HOME, name, value)


def test_an_unchanged_night_writes_nothing(nights: Nights) -> None:
    """Even with a source without an age. It takes one request more than without a state."""
    assert nights.run() == 0
    assert nights.written == [PASSWORD, USER, SERVER]

    assert nights.run() == 0
    assert nights.written == []
    assert nights.variable_requests == ["GET"]


def test_the_first_run_reads_and_creates_the_variable(nights: Nights) -> None:
    """It reads once to plan, and twice around its write."""
    nights.run()

    assert nights.variable_requests == ["GET", "GET", "POST", "GET"]


def test_a_new_password_takes_one_write_at_each_target(nights: Nights) -> None:
    """And one write of the variable."""
    spec = SPEC.replace("app}]", "app}, {repository: octo-org/web}]")
    nights.run(spec=spec)

    assert nights.run("p2", spec) == 0
    assert nights.written == [PASSWORD, PASSWORD]
    assert nights.variable_requests == ["GET", "GET", "PATCH", "GET"]
    assert {
        nights.world.secrets(f"repository:octo-org/{n}")[PASSWORD].value for n in ("app", "web")
    } == {b"p2"}


@pytest.mark.parametrize(
    ("old", "new", "member"),
    [("username: me", "username: you", USER), ("mycompany.azurecr.io", "other.azurecr.io", SERVER)],
)
def test_an_edited_literal_is_written(nights: Nights, old: str, new: str, member: str) -> None:
    """Although nothing dates it."""
    nights.world.put_actions_secret(f"repository:{HOME}", "ACR_PASSWORD")
    spec = SPEC.replace("{env:", "{secret:")
    nights.run(spec=spec)

    assert nights.run(spec=spec.replace(old, new)) == 0
    assert nights.written == [member]
    assert nights.run(spec=spec.replace(old, new)) == 0
    assert nights.written == []


def test_a_change_by_hand_is_drift(nights: Nights, capsys: pytest.CaptureFixture[str]) -> None:
    """`check` exits with 2 and says when; `apply` writes the member again."""
    nights.run()
    nights.change_by_hand(USER)
    capsys.readouterr()

    assert nights.run(mode="check") == 2
    assert "USER changed outside of this Action at 2026-01-02 04:00 UTC" in capsys.readouterr().out
    assert nights.run() == 0
    assert nights.written == [USER]
    assert nights.world.secrets(APP)[USER].value == b"me"
    assert nights.run(mode="check") == 0


@pytest.mark.parametrize(("seconds", "noticed"), [(-2, True), (-1, False), (10, False), (11, True)])
def test_seconds_around_a_write_are_its_own(nights: Nights, seconds: int, *, noticed: bool) -> None:
    """From a second before the recorded write to 10 s behind it."""
    nights.run()
    at = nights.world.secrets(APP)[PASSWORD].updated_at + timedelta(seconds=seconds)
    nights.world.put_secret(APP, PASSWORD, b"by hand", updated_at=at)

    assert nights.run(mode="check") == (2 if noticed else 0)


def test_missing_warns_of_a_change_by_hand(
    nights: Nights, capsys: pytest.CaptureFixture[str]
) -> None:
    """And never overwrites it."""
    nights.run()
    nights.change_by_hand(PASSWORD)

    assert nights.run(rotate="missing") == 0
    assert nights.written == []
    assert "PASSWORD changed outside of this Action at" in capsys.readouterr().out
    assert nights.world.secrets(APP)[PASSWORD].value == b"by hand"


def test_always_and_max_age_write_all_members(nights: Nights) -> None:
    """The state does not hold them back."""
    nights.run()
    nights.run(rotate="always")
    assert nights.written == [PASSWORD, USER, SERVER]

    nights.clock.now += timedelta(days=30)
    nights.run(spec=SPEC.replace("    targets", "    rotate: {max-age: 20d}\n    targets"))
    assert nights.written == [PASSWORD, USER, SERVER]


def test_a_repair_keeps_the_members_that_are_recorded(nights: Nights) -> None:
    """The state tells that they belong to the credential."""
    nights.run()
    nights.world.delete_secret(APP, USER)

    assert nights.run() == 0
    assert nights.written == [USER]


def test_what_is_not_recorded_is_written_and_is_no_drift(nights: Nights) -> None:
    """A lost entry costs a write."""
    stored_triplet(nights.world, APP)

    assert nights.run(mode="check") == 0
    assert nights.run() == 0
    assert nights.written == [PASSWORD, USER, SERVER]


def test_a_lost_state_is_written_again(nights: Nights) -> None:
    """Deleting the variable resets it."""
    nights.run()
    nights.world.delete_variable(HOME, "CRS_STATE")

    assert nights.run() == 0
    assert nights.written == [PASSWORD, USER, SERVER]
    assert nights.run() == 0
    assert nights.written == []


@pytest.mark.parametrize(
    "damage",
    ["", " \n", HEADER, f"{HEADER}\n{{", f'{HEADER}\n{{"variables":1}}', f"{HEADER}\n[]"],
)
def test_a_damaged_state_is_replaced(
    nights: Nights, damage: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """With a warning."""
    nights.run()
    nights.spoil(damage)

    assert nights.run() == 0
    assert nights.written == [PASSWORD, USER, SERVER]
    assert "CRS_STATE is empty or damaged" in capsys.readouterr().out
    assert nights.run() == 0
    assert nights.written == []


@pytest.mark.parametrize("value", ["debug", "{}", f"x{HEADER}\n{{}}", HEADER.replace("v1", "v2")])
def test_a_value_of_something_else_is_never_overwritten(
    nights: Nights, value: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """One warning, and the run does what it does without a state."""
    nights.spoil(value)

    for _ in range(2):
        assert nights.run() == 0
        assert nights.written == [PASSWORD, USER, SERVER]
        assert nights.variable_requests == ["GET"]
        output = capsys.readouterr().out
        assert output.count("::warning") == 1
        assert "belongs to something else; set `state` to another name" in output
    assert nights.variable == value


@pytest.mark.parametrize("status", [403, 500, 503])
def test_a_state_that_cannot_be_read_is_not_used(
    nights: Nights, status: int, capsys: pytest.CaptureFixture[str]
) -> None:
    """One warning, and nothing is written back."""
    nights.run()
    before = nights.variable
    nights.sandbox.fail(Fault(path="actions/variables", status=status, times=None))
    capsys.readouterr()

    assert nights.run("p2") == 0
    assert nights.written == [PASSWORD, USER, SERVER]
    assert set(nights.variable_requests) == {"GET"}
    assert capsys.readouterr().out.count("::warning") == 1
    nights.sandbox.clear_faults()
    assert nights.variable == before
    assert nights.run("p2") == 0
    assert nights.written == [PASSWORD, USER, SERVER]  # written since the recorded time


@pytest.mark.parametrize("status", [403, 500])
def test_a_state_that_cannot_be_saved_costs_a_write(
    nights: Nights, status: int, capsys: pytest.CaptureFixture[str]
) -> None:
    """The run succeeds with one warning."""
    fault = Fault(method="POST", path="actions/variables", status=status, times=None)
    nights.sandbox.fail(fault)

    assert nights.run() == 0
    output = capsys.readouterr().out
    assert output.count("::warning") == 1
    assert "the state CRS_STATE cannot be saved" in output
    nights.sandbox.clear_faults()
    assert nights.run() == 0
    assert nights.written == [PASSWORD, USER, SERVER]


def test_a_token_without_the_permission_names_it(
    nights: Nights, capsys: pytest.CaptureFixture[str]
) -> None:
    """A fine-grained token that can manage the secrets and nothing else."""
    nights.world.add_fine_grained_token(
        "limited", user="octocat", owner="octo-org", permissions={"codespaces_secrets": "write"}
    )

    assert nights.run(token="limited") == 0
    assert nights.written == [PASSWORD, USER, SERVER]
    assert "variables: write" in capsys.readouterr().out


def test_the_ages_of_sources_are_not_read(
    nights: Nights, capsys: pytest.CaptureFixture[str]
) -> None:
    """The state tells what is stored, so a token needs no `secrets: read`."""
    permissions = {"codespaces_secrets": "write", "actions_variables": "write"}
    nights.world.add_fine_grained_token(
        "limited", user="octocat", owner="octo-org", permissions=permissions
    )
    spec = SPEC.replace("{env:", "{secret:")

    for written in ([PASSWORD, USER, SERVER], []):
        assert nights.run(spec=spec, token="limited") == 0
        assert nights.written == written
    assert not [e for e in nights.sandbox.exchanges if "/actions/secrets/" in e.path]
    assert "::warning" not in capsys.readouterr().out


def test_a_run_that_writes_nothing_saves_nothing(nights: Nights) -> None:
    """`plan` and `check` only read."""
    for mode in ("plan", "check"):
        nights.run(mode=mode)
        assert nights.variable_requests == ["GET"]
    assert "CRS_STATE" not in nights.world.variables(HOME)


def test_the_variable_has_no_value_and_no_plain_hash(nights: Nights) -> None:
    """Only names, salted fingerprints and times."""
    nights.run("a password")

    header, body = nights.variable.rstrip("\n").split("\n")
    assert header == HEADER
    assert "a password" not in body
    assert "mycompany" not in body
    registry = json.loads(body)["registries"]["ACR"]
    assert set(registry) == {"salt", "fingerprints", "targets"}
    assert len(registry["fingerprints"]) == 3
    members = registry["targets"]["repository:octo-org"]["app"]
    assert [datetime.fromtimestamp(time, UTC) for _, time in members] == [nights.clock.now] * 3


def test_a_deleted_triplet_leaves_the_state(nights: Nights) -> None:
    """`prune` forgets what it deletes."""
    spec = SPEC.replace("app}]", "app}, {repository: octo-org/web}]")
    nights.run(spec=spec)
    two = SPEC + SPEC.partition("registries:")[2].replace("ACR", "DEV").replace(
        "mycompany", "devcompany"
    ).replace("DEV_PASSWORD", "ACR_PASSWORD")
    nights.run(spec=two)
    assert '"DEV"' in nights.variable

    assert nights.run(spec=spec, prune="true", removal_limit="100%") == 0
    assert '"DEV"' not in nights.variable
    assert nights.run(spec=spec) == 0
    assert nights.written == []


def test_without_a_state_a_notice_says_what_nothing_can_tell(
    nights: Nights, capsys: pytest.CaptureFixture[str]
) -> None:
    """Once, where an edited literal can be unnoticed."""
    nights.world.put_actions_secret(f"repository:{HOME}", "ACR_PASSWORD")
    spec = SPEC.replace("{env:", "{secret:").replace("app}]", "app}, {repository: octo-org/web}]")
    nights.run(spec=spec, state="")
    assert "set `state`" not in capsys.readouterr().out

    nights.run(spec=spec, state="")
    output = capsys.readouterr().out
    assert output.count("set `state` to notice edits") == 1
    assert "2 triplets" in output
    nights.run(spec=spec)
    assert "set `state`" not in capsys.readouterr().out
