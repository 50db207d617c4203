"""The law of the state: a lost, stale or foreign record may cost a write, and never misses one.

Any sequence of runs, edits, changes by hand, kills, damage to the variable, and shards.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from github_sandbox import Fault, Sandbox, World
from sandboxed_action import TOKEN, TRIPLET, Action, Clock

NAMES = ("app", "web", "job")
HOME = "octo-org/ops"
VARIABLE = "CRS_STATE"
HEADER = "codespaces-registry-secrets state v1"
SERVERS = ("one.azurecr.io", "two.azurecr.io")
DAMAGE = ("", HEADER, f"{HEADER}\n{{}}", f'{HEADER}\n{{"variables":20,"registries":{{}}}}')

repositories = st.sampled_from(NAMES)
members = st.sampled_from(TRIPLET)


class StateHistories(RuleBasedStateMachine):
    """Three repositories with one triplet of a spec, and a variable with the state."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.clock = Clock(datetime(2026, 1, 1, 3, 0, tzinfo=UTC))
        self.world = World(self.clock)
        self.world.add_user("octocat")
        self.world.add_organization("octo-org", owners=("octocat",))
        for name in ("ops", *NAMES):
            self.world.add_repository(f"octo-org/{name}")
        self.world.add_token(TOKEN, user="octocat", scopes=("admin:org", "repo"))
        self.sandbox = Sandbox(self.world).__enter__()
        self.action = Action(self.sandbox, self.folder)
        self.password, self.username, self.server = 0, 0, SERVERS[0]
        self.earlier_states: list[str] = []

    def teardown(self) -> None:
        """Stop the server."""
        self.sandbox.__exit__(None, None, None)
        shutil.rmtree(self.folder)

    @rule()
    def run(self) -> None:
        """A run makes every value right, and the next one writes nothing."""
        self.clock.now += timedelta(minutes=1)
        assert self._run() == 0
        self._check_values()
        self.clock.now += timedelta(minutes=1)
        self.sandbox.clear_exchanges()
        assert self._run(mode="check") == 0
        assert self._run() == 0
        assert self.sandbox.writes == []
        self._keep_state()

    @rule(at_once=st.booleans(), count=st.integers(1, 3))
    def run_in_shards(self, *, at_once: bool, count: int) -> None:
        """All shards together make every value right, whatever they lose of each other's records."""
        self.clock.now += timedelta(minutes=1)
        shards = [f"{number}/{count}" for number in range(1, count + 1)]
        with ThreadPoolExecutor(count if at_once else 1) as pool:
            codes = list(pool.map(lambda shard: self._run(shard=shard), shards))
        assert codes == [0] * count
        self._check_values()
        self._keep_state()

    @rule(part=st.sampled_from(["password", "username", "server"]))
    def edit(self, part: str) -> None:
        """Change a source, or a literal of the spec."""
        if part == "password":
            self.password += 1
        elif part == "username":
            self.username += 1
        else:
            self.server = SERVERS[1 - SERVERS.index(self.server)]

    @rule(
        nth=st.integers(1, 25),
        carried_out=st.booleans(),
    )
    def kill_a_run(self, nth: int, *, carried_out: bool) -> None:
        """No request after the nth arrives; GitHub carried out the nth one, or not."""
        self.clock.now += timedelta(minutes=1)
        if carried_out:
            self.sandbox.fail(Fault(nth=nth, when="after", drop=True))
            nth += 1
        self.sandbox.fail(Fault(nth=nth, times=None, drop=True))
        self._run()
        self.sandbox.clear_faults()

    @rule(name=repositories, member=members)
    def change_by_hand(self, name: str, member: str) -> None:
        """Replace a secret."""
        self.clock.now += timedelta(minutes=1)
        self.world.put_secret(f"repository:octo-org/{name}", member, b"by hand")

    @rule(name=repositories, member=members)
    def delete_by_hand(self, name: str, member: str) -> None:
        """Delete a secret."""
        target = f"repository:octo-org/{name}"
        if member in self.world.secrets(target):
            self.world.delete_secret(target, member)

    @rule(damage=st.sampled_from(DAMAGE))
    def damage_the_state(self, damage: str) -> None:
        """Replace the variable by something that is no state."""
        self.world.put_variable(HOME, VARIABLE, damage)

    @rule()
    def lose_the_state(self) -> None:
        """Delete the variable."""
        if VARIABLE in self.world.variables(HOME):
            self.world.delete_variable(HOME, VARIABLE)

    @precondition(lambda self: self.earlier_states)
    @rule(data=st.data())
    def restore_an_earlier_state(self, data: st.DataObject) -> None:
        """A run that was slow writes back what it read long ago."""
        earlier = data.draw(st.sampled_from(self.earlier_states))
        self.world.put_variable(HOME, VARIABLE, earlier)

    @precondition(lambda self: self.earlier_states)
    @rule(name=repositories, other=repositories)
    def copy_records(self, name: str, other: str) -> None:
        """The records of one repository stand at another, as after a rename."""
        header, _, body = self.earlier_states[-1].partition("\n")
        content = json.loads(body)
        for registry in content["registries"].values():
            targets = registry["targets"].get("repository:octo-org", {})
            if name in targets:
                targets[other] = targets[name]
        self.world.put_variable(HOME, VARIABLE, f"{header}\n{json.dumps(content)}")

    @rule()
    def run_without_state(self) -> None:
        """What it writes is not recorded."""
        self.clock.now += timedelta(minutes=1)
        assert self._run(state="") == 0
        self._check_values()

    @invariant()
    def the_state_has_no_value(self) -> None:
        """At any time."""
        state = self.world.variables(HOME).get(VARIABLE, "")
        assert "secret-" not in state
        assert "azurecr" not in state

    def _keep_state(self) -> None:
        if VARIABLE in self.world.variables(HOME):
            self.earlier_states.append(self.world.variables(HOME)[VARIABLE])

    def _check_values(self) -> None:
        values = (self.server, f"user-{self.username}", f"secret-{self.password}")
        for name in NAMES:
            secrets = self.world.secrets(f"repository:octo-org/{name}")
            assert tuple(secrets[member].value.decode() for member in TRIPLET) == values

    def _run(self, **inputs: str) -> int:
        entry = {
            "id": "ACR",
            "server": self.server,
            "username": f"user-{self.username}",
            "password": {"env": "ACR_PASSWORD"},
            "targets": [{"repository": f"octo-org/{name}"} for name in NAMES],
        }
        spec = json.dumps({"version": 1, "registries": [entry]})
        environment = {
            "ACR_PASSWORD": f"secret-{self.password}",
            "GITHUB_REPOSITORY": HOME,
        }
        return self.action.run_in_process(spec, environment, **{"state": VARIABLE, **inputs})


StateHistories.TestCase.settings = settings(
    max_examples=settings().max_examples // 5,
    stateful_step_count=12,
    deadline=None,
    print_blob=True,
)
TestStateHistories = StateHistories.TestCase
