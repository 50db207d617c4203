"""Runs of the Action with `generate`, over many nights: GitHub, an issuer, and what kills a run."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self

from codespaces_registry_secrets.runtime.cancellation import Cancellation
from github_sandbox import Fault, Sandbox, World
from issuers.id_tokens import IdTokens
from issuers.issuer_server import Fault as IssuerFault
from issuers.issuer_server import IssuerServer
from issuers.pauses import no_pauses
from runner import Step
from runner_environment import ID_TOKEN_VARIABLES
from sandboxed_action import TOKEN, Action, Clock

HOME = "octo-org/infra"
STORE = "REGISTRY_CREDENTIAL"
START = datetime(2026, 1, 1, 3, 0, tzinfo=UTC)
MEMBERS = tuple(f"REG_CONTAINER_REGISTRY_{part}" for part in ("SERVER", "USER", "PASSWORD"))


@dataclass(frozen=True)
class Kind:
    """A kind of `generate`: how to start its server, and what the spec says about it.

    `entry` are the keys of the registry without `generate`, and `generate` those of the kind.
    `environment` are the variables of the step that the spec names.
    """

    name: str
    start: Callable[[Callable[[], datetime], IdTokens], IssuerServer]
    entry: Callable[[IssuerServer], dict[str, Any]]
    generate: Callable[[IssuerServer], dict[str, Any]]
    environment: Callable[[IssuerServer], Mapping[str, str]] = field(default=lambda _: {})


class Nights:
    """Runs against a sandbox and an issuer within a `with` block, on one clock.

    `rotate`, `retire_after` and `targets` are of the registry `REG` in the spec, `entry` are more
    keys of it, or None for one to leave out, and `generate` more keys of its `generate`. `others`
    are other registries.
    """

    def __init__(self, kind: Kind, targets: tuple[str, ...] = ("app", "web", "job")) -> None:
        self.kind = kind
        self.targets = list(targets)
        self.clock = Clock(START)
        self.rotate: object = {"max-age": "30d"}
        self.retire_after = "24h"
        self.entry: dict[str, Any] = {}
        self.generate: dict[str, Any] = {}
        self.others: list[dict[str, Any]] = []
        self.world = World(self.clock)
        self.world.add_user("octocat")
        self.world.add_organization("octo-org", owners=("octocat",))
        for name in ("infra", "app", "web", "job", "docs"):
            self.world.add_repository(f"octo-org/{name}")
        self.world.add_token(TOKEN, user="octocat", scopes=("admin:org", "repo"))
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        self._stack.enter_context(no_pauses())
        folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory()))
        self.sandbox = self._stack.enter_context(Sandbox(self.world))
        self.id_tokens = self._stack.enter_context(IdTokens(now=self.clock))
        self.issuer = self._stack.enter_context(self.kind.start(self.clock, self.id_tokens))
        self.action = Action(self.sandbox, folder)
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    @property
    def spec(self) -> dict[str, Any]:
        """The spec of the next run."""
        entry = {
            "id": "REG",
            **self.kind.entry(self.issuer),
            "generate": {
                "kind": self.kind.name,
                "store": STORE,
                "retire-after": self.retire_after,
                **self.kind.generate(self.issuer),
                **self.generate,
            },
            "rotate": self.rotate,
            "targets": [{"repository": f"octo-org/{name}"} for name in self.targets],
            **self.entry,
        }
        entry = {key: value for key, value in entry.items() if value is not None}
        return {"version": 1, "registries": [entry, *self.others]}

    @property
    def environment(self) -> dict[str, str]:
        """The variables of the next step, with the journal that the workflow hands over."""
        return {
            "GITHUB_REPOSITORY": HOME,
            STORE: self.journal_text,
            **self.issuer.environment,
            **self.kind.environment(self.issuer),
            **self.id_tokens.environment,
        }

    @property
    def journal_text(self) -> str:
        """The value of the Actions secret, empty if there is none."""
        value = self.world.actions_secret_value(f"repository:{HOME}", STORE)
        return value.decode() if value else ""

    @property
    def journal(self) -> dict[str, Any]:
        """The journal, empty if there is none."""
        journal: dict[str, Any] = json.loads(self.journal_text or "{}")
        return journal

    def run(
        self,
        env: Mapping[str, str] | None = None,
        cancellation: Cancellation | None = None,
        /,
        **inputs: str,
    ) -> int:
        """Run, and return the exit code."""
        environment = {**self.environment, **(env or {})}
        spec = json.dumps(self.spec)
        return self.action.run_in_process(spec, environment, cancellation, **inputs)

    def step(
        self, env: Mapping[str, str] | None = None, *, id_token: bool = True, **inputs: str
    ) -> Step:
        """Run a step in a separate process; `id_token`: its job has `id-token: write`."""
        self.action.run_in(HOME, self.id_tokens.environment if id_token else None)
        hidden = (*ID_TOKEN_VARIABLES, "GITHUB_REPOSITORY")
        environment = {k: v for k, v in self.environment.items() if k not in hidden}
        return self.action.step(json.dumps(self.spec), {**environment, **(env or {})}, **inputs)

    def night(self, hours: float = 24) -> int:
        """Run so many hours later, and return the exit code."""
        self.clock.now += timedelta(hours=hours)
        return self.run()

    @property
    def previous(self) -> list[str]:
        """The ids of the older credentials in the journal."""
        return [one["id"] for one in self.journal.get("previous", ())]

    def run_killed(self, at: int, *, carried_out: bool) -> int:
        """Run, and let no request arrive after number `at`, at GitHub or the issuer.

        The last one is carried out or not. Return how many arrived.
        """
        count = 0

        def choose(_: str) -> IssuerFault | None:
            nonlocal count
            count += 1
            if count < at:
                return None
            return "after" if count == at and carried_out else "before"

        def choose_at_github(method: str, path: str) -> Fault | None:
            when = choose(f"{method} {path}")
            return Fault(drop=True, when=when) if when in {"before", "after"} else None

        self.sandbox.choose_faults(choose_at_github)
        self.issuer.on_request = choose
        try:
            self.run()
        finally:
            self.sandbox.choose_faults(lambda *_: None)
            self.issuer.on_request = lambda _: None
        return count

    def stored(self, name: str) -> tuple[str, str] | None:
        """User name and password at a target; None unless the triplet is complete."""
        secrets = self.world.secrets(f"repository:octo-org/{name}")
        if not all(member in secrets for member in MEMBERS):
            return None
        return secrets[MEMBERS[1]].value.decode(), secrets[MEMBERS[2]].value.decode()

    def refused(self) -> list[str]:
        """The targets whose stored credential the issuer's registry refuses."""
        stored = {name: self.stored(name) for name in ("app", "web", "job", "docs")}
        return [name for name, pair in stored.items() if pair and not self.issuer.accepts(*pair)]

    def is_mixed(self, name: str) -> bool:
        """Whether USER and PASSWORD at a target belong to different credentials."""
        secrets = self.world.secrets(f"repository:octo-org/{name}")
        return secrets[MEMBERS[1]].updated_at < secrets[MEMBERS[2]].updated_at
