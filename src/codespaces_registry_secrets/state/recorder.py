"""Load the state before a run is planned, and record what the run wrote.

The state saves writes, and a run never depends on it: without it, each value is written once more.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial

from nacl.utils import random

from codespaces_registry_secrets.errors import (
    FinalError,
    GitHubError,
    describe_error,
    input_location,
)
from codespaces_registry_secrets.github.auth import GitHubClients
from codespaces_registry_secrets.github.variables import Variables
from codespaces_registry_secrets.inputs.action_inputs import Inputs
from codespaces_registry_secrets.inputs.sources import Sources
from codespaces_registry_secrets.model.desired import Credential
from codespaces_registry_secrets.model.plan import Change, Note, Outcome, Write
from codespaces_registry_secrets.model.state import MemberRecord, Records, State
from codespaces_registry_secrets.model.triplet import Part
from codespaces_registry_secrets.runtime.cancellation import Cancellation
from codespaces_registry_secrets.runtime.concurrency import run_concurrently
from codespaces_registry_secrets.state.document import Document
from codespaces_registry_secrets.state.fingerprints import SALT_BYTES, Fingerprints
from codespaces_registry_secrets.state.store import StateError, StateStore

# A cancelled run has 5 s to stop, and uses the first 3 s to finish the changes in progress.
SECONDS_AFTER_SIGNAL = 4.0


class StateRecorder:
    """Loads the state of one run, and saves it with what the run wrote.

    Without the input `state` it does neither.
    """

    def __init__(self, inputs: Inputs, clients: GitHubClients, sources: Sources) -> None:
        self._has_state = inputs.state is not None
        self._variables = Variables(clients, inputs.repository or "")
        self._store = StateStore(self._variables, inputs.state or "")
        self._fingerprints = Fingerprints(sources)
        self._new_salts: dict[str, bytes] = {}
        self._loaded: Records = {}
        self._usable = False

    def load(self, credentials: Iterable[Credential]) -> tuple[State | None, tuple[Note, ...]]:
        """The state to plan with; None without the input, and with a warning if it is not usable.

        Raises:
            FinalError: GitHub rejects the token, or a rate limit lasts too long.
            SourceError: the value of a credential is not available.
        """
        if not self._has_state:
            return None, ()
        try:
            document = self._store.read()
        except FinalError:
            raise
        except (GitHubError, StateError) as error:
            return None, (self._warning(f"cannot be read, so this run works without it: {error}"),)
        self._usable, self._loaded = True, document.records
        fingerprints = {
            credential: self._fingerprints.of(credential, document.salts[credential.name])
            for credential in dict.fromkeys(credentials)
            if credential.name in document.salts
        }
        state = State(self._store.name, document.records, fingerprints)
        return state, tuple(self._damage_warnings())

    def save(self, outcomes: Sequence[Outcome], cancellation: Cancellation) -> tuple[Note, ...]:
        """Record what a run wrote; a warning if that fails. Without a write, send no request."""
        relevant = [outcome for outcome in outcomes if any(map(_changes_record, outcome.writes))]
        if not self._usable or not relevant:
            return ()
        update = partial(self._store.update, partial(self._record, relevant))
        try:
            run_concurrently(lambda _: update(), [None], 1, partial(_check_time, cancellation))
        except Exception as error:  # noqa: BLE001 - an error must not lose the report of the run
            reason = describe_error(error)
            message = f"cannot be saved, so the next run writes some values again: {reason}"
            return (self._warning(message),)
        return ()

    def _record(self, outcomes: Sequence[Outcome], document: Document) -> Document:
        """The document with the writes of these outcomes; the same if it has them already."""
        salts = dict(document.salts)
        records = {key: dict(members) for key, members in document.records.items()}
        for outcome in outcomes:
            change = outcome.change
            key = (change.target, change.registry)
            members, loaded = records.setdefault(key, {}), self._loaded.get(key, {})
            fingerprints = self._fingerprints_of(change, salts)
            for write in filter(_changes_record, outcome.writes):
                if fingerprints is None or write.at is None:
                    members.pop(write.part, None)
                else:
                    record = MemberRecord(fingerprints[write.part], write.at)
                    stored = members.get(write.part)
                    members[write.part] = self._merge(record, stored, loaded.get(write.part))
        records = {key: members for key, members in records.items() if members}
        used = {registry for _, registry in records}
        salts = {registry: salt for registry, salt in salts.items() if registry in used}
        return replace(document, salts=salts, records=records)

    def _fingerprints_of(
        self, change: Change, salts: dict[str, bytes]
    ) -> Mapping[Part, bytes] | None:
        """The fingerprints of what a change wrote, None for a deletion; makes a missing salt.

        The salt is the one in the variable, which another run can have made since `load`.
        """
        if change.action == "delete" or change.credential is None:
            return None
        registry = change.registry
        if registry not in salts:
            salts[registry] = self._new_salts.setdefault(registry, random(SALT_BYTES))
        return self._fingerprints.of(change.credential, salts[registry])

    def _merge(
        self, record: MemberRecord, stored: MemberRecord | None, loaded: MemberRecord | None
    ) -> MemberRecord:
        """The record of this run, or the `stored` one if another run made a later one since `load`.

        This run wrote after it loaded the state, so its own record is later than any `loaded` one.
        """
        if stored is None or stored == loaded:
            return record
        return record.latest(stored, self._variables.time)

    def _damage_warnings(self) -> Iterator[Note]:
        for name in self._store.damaged:
            message = (
                f"the Actions variable {name} is empty or damaged, so its records are lost; the "
                "next run that writes values replaces it"
            )
            yield Note("warning", message, input_location("state"))

    def _warning(self, message: str) -> Note:
        return Note("warning", f"the state {self._store.name} {message}", input_location("state"))


def _changes_record(write: Write) -> bool:
    """Whether a write replaced or deleted a value; a change of the access does not."""
    return write.value or write.deleted


def _check_time(cancellation: Cancellation) -> None:
    if cancellation.seconds_since_signal > SECONDS_AFTER_SIGNAL:
        cancellation.check()
