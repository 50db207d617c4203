"""Any sequence of spec edits, runs, crashes and manual changes: nothing is lost, runs converge."""

from __future__ import annotations

import json
import shutil
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Literal

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from github_sandbox import Fault, Sandbox, World
from sandboxed_action import TOKEN, TRIPLET, Action, stored_triplet

ORGANIZATION = "organization:octo-org"
NAMES = tuple(f"r{n}" for n in range(6))
OUTSIDE = ("NPM_TOKEN", "OTHER_CONTAINER_REGISTRY_SERVER", "OTHER_CONTAINER_REGISTRY_USER")
VALUES = {b"old", b"by hand", b"mycompany.azurecr.io", b"me"}
CREDENTIAL = {
    "server": "mycompany.azurecr.io",
    "username": "me",
    "password": {"env": "ACR_PASSWORD"},
}

names = st.lists(st.sampled_from(NAMES), unique=True, min_size=1, max_size=4)
members = st.sampled_from(TRIPLET)


class Histories(RuleBasedStateMachine):
    """An organization with a triplet of the spec and secrets of others, in a sandbox."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.world = World()
        self.world.add_user("octocat")
        self.world.add_organization("octo-org", owners=("octocat",))
        for name in NAMES:
            self.world.add_repository(f"octo-org/{name}")
        self.world.add_token(TOKEN, user="octocat", scopes=("admin:org", "repo"))
        for name in OUTSIDE:
            self.world.put_secret(ORGANIZATION, name, b"theirs", visibility="all")
        self.theirs = {name: self.world.secrets(ORGANIZATION)[name] for name in OUTSIDE}
        self.sandbox = Sandbox(self.world).__enter__()
        self.action = Action(self.sandbox, self.folder)
        self.edit("exact", ["r0"], "changed")
        self.password = 0

    def teardown(self) -> None:
        """Stop the server."""
        self.sandbox.__exit__(None, None, None)
        shutil.rmtree(self.folder)

    @initialize(listed=names)
    def begin(self, listed: list[str]) -> None:
        """Start with a triplet that exists."""
        repositories = [f"octo-org/{name}" for name in listed]
        stored_triplet(self.world, ORGANIZATION, visibility="selected", repositories=repositories)

    @rule(
        mode=st.sampled_from(["exact", "ensure", "remove", "keep"]),
        chosen=names,
        rotate=st.sampled_from(["changed", "missing", "always"]),
    )
    def edit(self, mode: str, chosen: list[str], rotate: str) -> None:
        """Change the selection and the policy."""
        self.mode, self.chosen = mode, {f"octo-org/{name}" for name in chosen}
        target: dict[str, object] = {"organization": "octo-org"}
        if mode != "keep":
            target["repositories"] = {"mode": mode, "include": chosen}
        entry = {"id": "ACR", "rotate": rotate, **CREDENTIAL, "targets": [target]}
        self.spec = json.dumps({"version": 1, "registries": [entry]})

    @rule()
    def run(self) -> None:
        """Without a failure, one run makes every change."""
        assert self._run() == 0
        assert self._run(mode="check", rotate="missing") == 0

    @rule(
        nth=st.integers(1, 20),
        when=st.sampled_from(["before", "after"]),
        drop=st.booleans(),
    )
    def crash(self, nth: int, when: Literal["before", "after"], *, drop: bool) -> None:
        """Every request from the nth on fails."""
        self.sandbox.fail(Fault(nth=nth, times=None, when=when, drop=drop))
        self._run()
        self.sandbox.clear_faults()

    @rule(member=members, listed=names)
    def edit_a_list_by_hand(self, member: str, listed: list[str]) -> None:
        """Replace the list of one member."""
        if member in self.world.secrets(ORGANIZATION):
            repositories = [f"octo-org/{name}" for name in listed]
            self.world.set_repositories(ORGANIZATION, member, repositories)

    @rule(member=members)
    def delete_a_secret_by_hand(self, member: str) -> None:
        """An incomplete triplet remains."""
        if member in self.world.secrets(ORGANIZATION):
            self.world.delete_secret(ORGANIZATION, member)

    @rule(chosen=names)
    def ensure_concurrently(self, chosen: list[str]) -> None:
        """Each run adds its own repository to the lists, and all of them stay."""
        if not set(TRIPLET) <= set(self.world.secrets(ORGANIZATION)):
            return
        with ThreadPoolExecutor(len(chosen)) as pool:
            codes = list(pool.map(self._ensure, chosen))
        assert codes == [0] * len(chosen)
        for member in TRIPLET:
            listed = self.world.secrets(ORGANIZATION)[member].repositories
            assert {f"octo-org/{name}" for name in chosen} <= set(listed)

    @invariant()
    def what_is_not_in_the_spec_is_untouched(self) -> None:
        """Not even another triplet, complete or not."""
        secrets = self.world.secrets(ORGANIZATION)
        assert {name: secrets[name] for name in OUTSIDE} == self.theirs

    def _ensure(self, name: str) -> int:
        target = {"organization": "octo-org", "repositories": {"mode": "ensure", "include": [name]}}
        spec = {"version": 1, "registries": [{"id": "ACR", "targets": [target]}]}
        return self.action.run_in_process(json.dumps(spec))

    def _run(self, **inputs: str) -> int:
        """Run the Action, and check that lists lose only what the spec removes."""
        before = self.world.secrets(ORGANIZATION)
        self.password += 1
        limits = {"removal_limit": "100%", **inputs}
        code = self.action.run_in_process(
            self.spec, {"ACR_PASSWORD": f"value {self.password}"}, **limits
        )
        after = self.world.secrets(ORGANIZATION)
        assert set(before) <= set(after)
        for member in set(TRIPLET) & set(before):
            kept = set(before[member].repositories)
            kept &= self.chosen if self.mode == "exact" else kept
            kept -= self.chosen if self.mode == "remove" else set()
            assert kept <= set(after[member].repositories)
            assert after[member].visibility == "selected"
            value = after[member].value
            assert value in VALUES or value.startswith(b"value ")
        return code


Histories.TestCase.settings = settings(
    max_examples=settings().max_examples // 5,
    stateful_step_count=15,
    deadline=None,
    print_blob=True,
)
TestHistories = Histories.TestCase
