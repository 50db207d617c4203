"""The law of `generate`: what a target holds is accepted, whatever kills or refuses a run.

Any sequence of nights, kills, refusals, changes of the spec and credentials of other people. The
one exception is a triplet that is cut between PASSWORD and USER.
"""

from __future__ import annotations

from datetime import timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from generated import START, Kind, Nights
from generated_kinds import KINDS
from github_sandbox import Fault

requests = st.integers(1, 45)


class GenerateHistories(RuleBasedStateMachine):
    """Three repositories with one triplet, whose credential the Action creates."""

    def __init__(self) -> None:
        super().__init__()
        self.nights: Nights | None = None
        self.foreign: set[str] = set()

    @initialize(
        kind=st.deferred(lambda: st.sampled_from(KINDS)),
        rotate=st.sampled_from(["always", {"max-age": "5d"}]),
    )
    def start(self, kind: Kind, rotate: object) -> None:
        """Any kind."""
        self.nights = Nights(kind).__enter__()
        self.nights.rotate = rotate

    def teardown(self) -> None:
        """Stop the servers."""
        if self.nights:
            self.nights.__exit__(None, None, None)

    @property
    def now(self) -> Nights:
        """The world, which exists after `start`."""
        assert self.nights
        return self.nights

    @rule(hours=st.sampled_from([1, 24, 24, 24, 30, 24 * 6, 24 * 40]))
    def night(self, hours: int) -> None:
        """A run without trouble finishes everything, and the next one has nothing to finish."""
        self.now.clock.now += timedelta(hours=hours)
        code = self.now.run()
        foreign = self.foreign & set(self.now.issuer.live())
        assert foreign == self.foreign
        if code:  # people can take all places
            assert len(self.now.issuer.live()) == self.now.issuer.limit
            assert self.foreign
            return
        assert self.now.refused() == []
        journal = self.now.journal
        assert journal["stored"]
        known = {journal["id"], *(one["id"] for one in journal["previous"])}
        assert set(self.now.issuer.live()) <= known | self.foreign
        assert journal["id"] in self.now.issuer.live()

    @rule(at=requests, carried_out=st.booleans())
    def kill_a_run(self, at: int, *, carried_out: bool) -> None:
        """No request arrives after this one."""
        self.now.clock.now += timedelta(hours=24)
        self.now.run_killed(at, carried_out=carried_out)

    @rule(at=requests, status=st.sampled_from([403, 429, 500]))
    def refuse_at_the_issuer(self, at: int, status: int) -> None:
        """One request of the issuer, and those after it, are refused."""
        self.now.clock.now += timedelta(hours=24)
        count = 0

        def choose(_: str) -> int | None:
            nonlocal count
            count += 1
            return status if count >= at % 6 else None

        self.now.issuer.on_request = choose
        self.now.run()
        self.now.issuer.on_request = lambda _: None

    @rule(at=st.integers(1, 30), method=st.sampled_from([None, "PUT"]))
    def refuse_at_github(self, at: int, method: str | None) -> None:
        """One request of GitHub is refused."""
        self.now.clock.now += timedelta(hours=24)
        self.now.sandbox.fail(Fault(method=method, nth=at, status=422))
        self.now.run()
        self.now.sandbox.clear_faults()

    @rule(mode=st.sampled_from(["plan", "check"]))
    def look(self, mode: str) -> None:
        """A plan changes nothing at the issuer, nor at GitHub."""
        before = self.now.issuer.live(), self.now.journal_text
        self.now.sandbox.clear_exchanges()
        self.now.run(mode=mode)
        assert (self.now.issuer.live(), self.now.journal_text) == before
        assert self.now.sandbox.writes == []

    @rule()
    def create_by_hand(self) -> None:
        """A person creates a credential, which no run touches.

        Not while a run can have left an orphan: it is deleted, as documented, if the issuer does
        not tell the two apart by a name.
        """
        full = len(self.now.issuer.live()) >= self.now.issuer.limit
        if self.now.journal.get("intent") or full or len(self.foreign) > 1:
            return
        self.foreign.add(self.now.issuer.make_by_hand())

    @rule(name=st.sampled_from(["app", "web", "job", "docs"]))
    def change_the_targets(self, name: str) -> None:
        """Add a target, or take one away with its triplet."""
        if name not in self.now.targets:
            self.now.targets.append(name)
        elif len(self.now.targets) > 1:
            self.now.targets.remove(name)
            for member in self.now.world.secrets(f"repository:octo-org/{name}"):
                self.now.world.delete_secret(f"repository:octo-org/{name}", member)

    @invariant()
    def every_target_has_an_accepted_credential(self) -> None:
        """At every moment between two runs."""
        if self.nights and self.nights.clock.now > START:
            assert all(map(self.nights.is_mixed, self.nights.refused()))

    @invariant()
    def the_limit_holds(self) -> None:
        """An issuer never has more than it allows."""
        if self.nights:
            assert len(self.nights.issuer.live()) <= self.nights.issuer.limit


GenerateHistories.TestCase.settings = settings(
    max_examples=settings().max_examples // 6,
    stateful_step_count=15,
    deadline=None,
    print_blob=True,
)
TestGenerateHistories = GenerateHistories.TestCase
