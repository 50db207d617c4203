"""Create, store and retire the generated credentials of a run.

The order is the law: list, write the intent, create, write the journal, verify, store at every
target, write that down. Old credentials are retired by later runs. So a run that dies between any
two requests leaves a credential that the next run finishes with, or an orphan that it deletes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial

from codespaces_registry_secrets.errors import CancelledError, GitHubError
from codespaces_registry_secrets.generate.issuer import Issuer, IssuerContext
from codespaces_registry_secrets.generate.journal import password_to_mask
from codespaces_registry_secrets.generate.kinds import make_issuer
from codespaces_registry_secrets.generate.managed_credential import ManagedCredential
from codespaces_registry_secrets.github.auth import GitHubClients
from codespaces_registry_secrets.github.journal_secret import JournalSecret
from codespaces_registry_secrets.inputs.action_inputs import Inputs
from codespaces_registry_secrets.inputs.sources import Sources
from codespaces_registry_secrets.model.desired import Credential, Desired
from codespaces_registry_secrets.model.generation import CredentialChange, ObservedGeneration
from codespaces_registry_secrets.model.generator import Generator
from codespaces_registry_secrets.model.plan import Note, Outcome
from codespaces_registry_secrets.runtime.concurrency import run_concurrently

AT_ONCE = 10


class Generation:
    """The generated credentials of one run, by the `store` of their journals."""

    def __init__(self, inputs: Inputs, clients: GitHubClients, sources: Sources) -> None:
        self._inputs = inputs
        self._clients = clients
        self._sources = sources
        self._managed: dict[str, ManagedCredential] = {}
        self._unavailable: frozenset[str] = frozenset()

    def mask(self, desired: Sequence[Desired]) -> None:
        """Mask the passwords in the journals, before anything is logged. Sends no request."""
        credentials = (triplet.credential for triplet in desired)
        stores = {one.generator.store for one in credentials if one and one.generator}
        for store in sorted(stores):
            value = self._sources.journal(store)
            if value is not None:
                self._sources.mask(password_to_mask(value))

    def load(self, desired: Sequence[Desired]) -> tuple[Desired, ...]:
        """Read the journals, and return the triplets with the current credentials."""
        generated = {
            triplet.credential.generator.store: triplet
            for triplet in desired
            if triplet.credential and triplet.credential.generator
        }
        loaded = run_concurrently(self._load, list(generated.values()), AT_ONCE)
        self._managed = dict(zip(generated, loaded, strict=True))
        return tuple(
            replace(triplet, credential=self.current(triplet.credential)) for triplet in desired
        )

    def _load(self, triplet: Desired) -> ManagedCredential:
        assert triplet.credential is not None  # noqa: S101 - chosen by its generator
        assert triplet.credential.generator is not None  # noqa: S101 - as above
        generator = triplet.credential.generator
        return ManagedCredential(
            triplet,
            triplet.credential,
            generator,
            secret=JournalSecret(self._clients, self._inputs.repository or "", generator.store),
            sources=self._sources,
            make_issuer=partial(self._make_issuer, triplet.registry, generator),
        )

    def _make_issuer(self, registry: str, generator: Generator) -> Issuer:
        values = {
            key: self._sources.username(source)
            if key == "username" or isinstance(source, str)
            else self._sources.password(source)
            for key, source in generator.sources
        }
        # On the command line, the repository can be an option.
        environ = {
            **self._sources.environ,
            "GITHUB_REPOSITORY": self._inputs.repository or "",
        }
        context = IssuerContext(registry, generator, environ, self._sources.mask, values)
        return make_issuer(context)

    def current(self, credential: Credential | None) -> Credential | None:
        """The credential, with the values that are current now if it is a generated one."""
        if credential is None or credential.generator is None:
            return credential
        managed = self._managed.get(credential.generator.store)
        return managed.credential if managed else credential

    def observe(self, now: datetime) -> Mapping[str, ObservedGeneration]:
        """What journals and issuers show. A shard asks no issuer: it stores what is there."""
        managed = list(self._managed.values())
        ask = partial(
            ManagedCredential.observe,
            now=now,
            ask_issuer=not self.stores_only,
            must_see=self._inputs.mode == "apply",
        )
        observed = run_concurrently(ask, managed, AT_ONCE)
        return dict(zip(self._managed, observed, strict=True))

    def set_unavailable(self, stores: Iterable[str]) -> None:
        """Set the stores whose credential this run does not store at any target."""
        self._unavailable = frozenset(stores)

    @property
    def stores_only(self) -> bool:
        """Whether the run creates, disables and deletes nothing."""
        shard = self._inputs.shard
        return shard is not None and shard.of > 1

    def carry_out(
        self, changes: Sequence[CredentialChange], check_cancelled: Callable[[], None]
    ) -> tuple[CredentialChange, ...]:
        """Carry out the changes of each store in their order, and return what became of them."""
        by_store = {
            store: [change for change in changes if change.store == store]
            for store in self._managed
        }
        results = run_concurrently(
            lambda store: self._managed[store].carry_out(by_store[store], check_cancelled),
            list(by_store),
            AT_ONCE,
        )
        return tuple(change for changes in results for change in changes)

    def finish(self, outcomes: Sequence[Outcome], now: datetime) -> tuple[Note, ...]:
        """Write down each credential that every target has now, since this run.

        Return a warning for each journal that could not be written.
        """
        if self.stores_only:  # the other shards have other targets
            return ()
        # A target without a change can have an older one if the current one is unavailable.
        unfinished = {
            store: one
            for store, one in self._managed.items()
            if one.unfinished and store not in self._unavailable
        }
        warnings = (
            _mark_stored(managed, [o for o in outcomes if _stores(o, store)], now)
            for store, managed in unfinished.items()
        )
        return tuple(warning for warning in warnings if warning)


def _mark_stored(
    managed: ManagedCredential, outcomes: Sequence[Outcome], now: datetime
) -> Note | None:
    """Write down that each of the outcomes stored the credential, if that is so."""
    if not all(map(_has_current, outcomes)):
        return None
    times = [write.at for outcome in outcomes for write in outcome.writes if write.at]
    try:
        managed.mark_stored(max([now, *times]))
    except (GitHubError, CancelledError) as error:
        credential = managed.credential
        message = (
            f"{credential.name}: the journal {credential.store} cannot be written, so the next run "
            f"stores the credential again: {error}"
        )
        return Note("warning", message, credential.where)
    return None


def _stores(outcome: Outcome, store: str) -> bool:
    credential = outcome.change.credential
    return credential is not None and credential.store == store


def _has_current(outcome: Outcome) -> bool:
    """Whether a target certainly has the current credential after a run."""
    return outcome.status == "applied" or outcome.change.action == "none"
