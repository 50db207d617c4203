"""The input `state`: only what differs is written, and changes by hand are noticed."""

from __future__ import annotations

import json
import signal
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from github_app import add_app, app_inputs
from github_sandbox import Fault, Sandbox, World
from sandboxed_action import ACR_SPEC, TOKEN, TRIPLET, Action, Clock, stored_triplet

START = datetime(2026, 1, 1, 3, 0, tzinfo=UTC)
HEADER = "codespaces-registry-secrets state v1"
HOME = "octo-org/app"  # the repository that runs the workflow
APP = "repository:octo-org/app"
SPEC = ACR_SPEC + "    targets: [{repository: octo-org/app}]\n"
WEB = SPEC.replace("octo-org/app", "octo-org/web")
ENVIRONMENT = {"ACR_PASSWORD": "p1", "GITHUB_REPOSITORY": HOME}
SERVER, USER, PASSWORD = TRIPLET


@pytest.fixture
def clock() -> Clock:
    """A clock at the start of a year."""
    return Clock(START)


@pytest.fixture
def world(clock: Clock) -> World:
    """A small organization with that clock."""
    world = World(clock)
    world.add_user("octocat")
    world.add_organization("octo-org", plan="team", owners=("octocat",))
    for name in ("app", "web"):
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
        environment = {**ENVIRONMENT, "ACR_PASSWORD": password}
        return self.action.run_in_process(spec, environment, **{"state": "CRS_STATE", **inputs})

    @property
    def written(self) -> list[str]:
        """The secrets that the last run wrote."""
        return [path.rpartition("/")[2] for path in self.paths_written]

    def run_again(self, spec: str, password: str = "p1") -> int:
        """Run in the same night, maybe while another run is in progress."""
        environment = {**ENVIRONMENT, "ACR_PASSWORD": password}
        return self.action.run_in_process(spec, environment, state="CRS_STATE")

    @property
    def paths_written(self) -> list[str]:
        """The paths of the secrets that the last run wrote."""
        return [e.path for e in self.sandbox.writes if "/codespaces/" in e.path]

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
    """It reads to plan and around its write, and finds out whether a 404 means that it may not."""
    nights.run()

    assert nights.variable_requests == ["GET", "GET", "GET", "POST", "GET"]


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


@pytest.mark.parametrize("policy", ["missing", "{when: missing, max-age: 20d}"])
def test_missing_does_not_claim_to_keep_what_it_writes(
    nights: Nights, policy: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A repair and `max-age` write a member that was changed by hand."""
    nights.run()
    nights.change_by_hand(PASSWORD)
    if "max-age" in policy:
        nights.clock.now += timedelta(days=30)
    else:
        nights.world.delete_secret(APP, USER)

    assert nights.run(spec=SPEC.replace("    targets", f"    rotate: {policy}\n    targets")) == 0
    assert PASSWORD in nights.written
    assert "keeps it as it is" not in capsys.readouterr().out


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


def test_each_damaged_variable_has_a_warning(
    nights: Nights, capsys: pytest.CaptureFixture[str]
) -> None:
    """They are read concurrently."""
    nights.spoil(f'{HEADER}\n{{"variables":3,"registries":{{}}}}')
    for name in ("CRS_STATE_2", "CRS_STATE_3"):
        nights.spoil("", name)

    assert nights.run(mode="plan") == 0

    output = capsys.readouterr().out
    assert output.count("::warning") == 2
    for name in ("CRS_STATE_2", "CRS_STATE_3"):
        assert f"the Actions variable {name} is empty or damaged" in output


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


@pytest.mark.parametrize("status", [403, 422, 500])
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
        assert set(nights.variable_requests) == {"GET"}
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


def test_an_interrupted_change_continues_where_it_stopped(nights: Nights) -> None:
    """What was written is recorded, although the change failed."""
    nights.sandbox.fail(Fault(method="PUT", path=USER, status=422, times=None))
    assert nights.run() == 1
    nights.sandbox.clear_faults()

    assert nights.run() == 0
    assert nights.written == [USER, SERVER]


def test_a_write_with_a_lost_response_is_repeated(nights: Nights) -> None:
    """Nothing tells whether GitHub carried it out, and it is no change by hand."""
    nights.run()
    nights.sandbox.fail(Fault(method="PUT", when="after", drop=True, times=None))
    assert nights.run("p2") == 1
    nights.sandbox.clear_faults()

    assert nights.run("p2", mode="check") == 0
    assert nights.run("p2") == 0
    assert nights.written == [PASSWORD]


def test_a_token_that_cannot_see_the_repository_has_no_state(
    nights: Nights, capsys: pytest.CaptureFixture[str]
) -> None:
    """GitHub returns 404, as for a variable that does not exist."""
    nights.sandbox.fail(Fault(path="actions/variables", status=404, times=None))

    assert nights.run() == 0
    output = capsys.readouterr().out
    assert "the state CRS_STATE cannot be read, so this run works without it" in output
    assert "`variables: write`" in output
    assert set(nights.variable_requests) == {"GET"}


@pytest.mark.parametrize(("permission", "written"), [("read", 3), ("write", 0)])
def test_the_app_needs_to_write_variables(
    nights: Nights, permission: str, written: int, capsys: pytest.CaptureFixture[str]
) -> None:
    """At the owner of the repository that runs the workflow."""
    permissions = {"codespaces_secrets": "write", "actions_variables": permission}
    add_app(nights.world, {"octo-org": permissions})

    assert nights.run(**app_inputs()) == 0
    assert ("variables: write" in capsys.readouterr().out) == (permission == "read")
    assert nights.run(**app_inputs()) == 0
    assert len(nights.written) == written


def test_the_app_needs_an_installation_for_the_state(
    world: World, action: Action, capsys: pytest.CaptureFixture[str]
) -> None:
    """The workflow can run at another owner than the targets."""
    world.add_organization("ops-org", owners=("octocat",))
    world.add_repository("ops-org/ops")
    add_app(world, {"octo-org": {"codespaces_secrets": "write"}})
    environment = {**ENVIRONMENT, "GITHUB_REPOSITORY": "ops-org/ops"}

    code = action.run_in_process(SPEC, environment, state="CRS_STATE", **app_inputs())

    assert code == 0
    assert (
        "the state CRS_STATE cannot be read, so this run works without it"
        in capsys.readouterr().out
    )


def test_a_former_name_of_the_repository_of_the_workflow_is_followed(
    world: World, nights: Nights, capsys: pytest.CaptureFixture[str]
) -> None:
    """To read, to create and to change the variable."""
    world.rename(HOME, "octo-org/new")
    spec = SPEC.replace("octo-org/app", "octo-org/web")

    for password, written in (("p1", 3), ("p2", 1), ("p2", 0)):
        assert nights.run(password, spec) == 0
        assert len(nights.written) == written
    assert "::warning" not in capsys.readouterr().out
    assert list(world.variables("octo-org/new")) == ["CRS_STATE"]


def test_records_of_another_run_stay(nights: Nights) -> None:
    """Each run adds its own records."""
    nights.run()
    nights.run(spec=WEB)

    for spec in (SPEC, WEB):
        assert nights.run(spec=spec) == 0
        assert nights.written == []


def save_between_read_and_write(nights: Nights) -> None:
    """Save the records of `octo-org/web` while a slower run for `octo-org/app` is about to write."""
    nights.run()
    nights.sandbox.clear_exchanges()
    nights.sandbox.fail(Fault(method="PATCH", status=None, delay=1.5))
    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(nights.run_again, SPEC, "p2")
        while nights.variable_requests.count("GET") < 2:
            time.sleep(0.01)
        time.sleep(0.3)
        assert nights.run_again(WEB) == 0
        assert slow.result() == 0


def test_a_record_that_a_slower_run_replaces_costs_a_write(nights: Nights) -> None:
    """GitHub has no compare-and-swap for variables."""
    save_between_read_and_write(nights)

    assert nights.run("p2") == 0
    assert nights.written == []
    assert nights.run(spec=WEB) == 0
    assert nights.written == [PASSWORD, USER, SERVER]


def test_a_run_that_reads_its_record_back_restores_it(nights: Nights) -> None:
    """The slower run has replaced it before that."""
    nights.sandbox.fail(Fault(method="GET", path="CRS_STATE", nth=8, status=None, delay=2))

    save_between_read_and_write(nights)

    assert nights.run("p2") == 0
    assert nights.written == []
    assert nights.run(spec=WEB) == 0
    assert nights.written == []


def test_two_runs_that_write_different_values_at_once_never_miss_one(nights: Nights) -> None:
    """The first run writes last and saves first; the times of their writes are equal."""
    nights.run()
    nights.sandbox.clear_exchanges()
    nights.sandbox.fail(Fault(method="PUT", status=None, delay=1.5))
    nights.sandbox.fail(Fault(method="GET", path="CRS_STATE", nth=3, status=None, delay=3))
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(nights.run_again, SPEC, "p2")
        while not nights.variable_requests:
            time.sleep(0.01)
        time.sleep(0.5)
        assert nights.run_again(SPEC, "p3") == 0
        assert first.result() == 0
    assert nights.world.secrets(APP)[PASSWORD].value == b"p2"

    assert nights.run("p3", mode="check") == 0
    assert nights.run("p3") == 0
    assert nights.written == [PASSWORD]
    assert nights.run("p3") == 0
    assert nights.written == []


def test_many_targets_use_several_variables(world: World, nights: Nights) -> None:
    """Each within GitHub's limit. A night without a change reads them and writes nothing."""
    names = [f"octo-org/{'n' * 90}-{number:03}" for number in range(400)]
    for name in names:
        world.add_repository(name)
    spec = ACR_SPEC + "    targets:\n" + "".join(f"      - repository: {n}\n" for n in names)

    assert nights.run(spec=spec) == 0
    assert sorted(world.variables(HOME)) == ["CRS_STATE", "CRS_STATE_2"]
    assert nights.run(spec=spec) == 0
    assert nights.written == []
    assert nights.variable_requests == ["GET", "GET"]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("GITHUB_STATE", "GitHub rejects variables named GITHUB_…"),
        ("github_state", "GitHub rejects variables named GITHUB_…"),
        ("1STATE", "must be the name of an Actions variable"),
        ("MY-STATE", "must be the name of an Actions variable"),
        ("MY STATE", "must be the name of an Actions variable"),
        ("ZUSTÄNDE", "must be the name of an Actions variable"),
    ],
)
def test_a_name_that_github_refuses_is_an_error_of_the_input(
    nights: Nights, name: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Before any request."""
    assert nights.run(state=name) == 1
    output = capsys.readouterr().out
    assert "input `state`: " in output
    assert message in output
    assert nights.sandbox.exchanges == []


def test_the_repository_of_the_workflow_must_be_known(
    action: Action, capsys: pytest.CaptureFixture[str]
) -> None:
    """GitHub always sets it. The command line has an option."""
    assert action.run_in_process(SPEC, {"ACR_PASSWORD": "p1"}, state="CRS_STATE") == 1
    output = capsys.readouterr().out
    assert "input `state`: GITHUB_REPOSITORY is not set" in output
    assert "in a command, set `--repository`" in output


@pytest.mark.parametrize("stop_signal", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_stopped_run_loses_no_change(
    world: World, nights: Nights, stop_signal: signal.Signals
) -> None:
    """A signal leaves time to save the records. After SIGKILL, some values are written again."""
    names = [f"octo-org/svc-{number:02}" for number in range(30)]
    for name in names:
        world.add_repository(name)
    spec = ACR_SPEC + "    targets:\n" + "".join(f"      - repository: {n}\n" for n in names)
    nights.sandbox.fail(Fault(method="PUT", status=None, delay=0.2, times=None))
    started = nights.action.start(spec, ENVIRONMENT, state="CRS_STATE")
    while len(nights.sandbox.writes) < 40:
        time.sleep(0.01)
    signalled_at = time.monotonic()
    started.process.send_signal(stop_signal)
    started.end()
    assert time.monotonic() - signalled_at < 5
    written = Counter(e.path for e in nights.sandbox.writes if "/codespaces/" in e.path)
    nights.sandbox.clear_faults()

    assert nights.run(spec=spec) == 0
    again = Counter(nights.paths_written)
    assert len(written | again) == 90
    if stop_signal != signal.SIGKILL:
        assert not written & again
    for name in names:
        secrets = world.secrets(f"repository:{name}")
        assert [secrets[member].value for member in (USER, PASSWORD)] == [b"me", b"p1"]
