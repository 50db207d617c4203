"""The journal of a generated credential: what the Action has created, stored and retired. Pure.

A run can die between any two requests. The journal is the value of an Actions secret, with the
password of the current credential, so the next run finishes with the same one. Its times are by
GitHub's clock.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime


@dataclass(frozen=True)
class Intent:
    """Written before a creation: the `ids` that the issuer listed at that moment.

    Any other id that appears is of a run that died before it wrote the new credential down.
    `account` is whose credentials were listed: those of another account are of other people.
    """

    ids: frozenset[str]
    at: datetime
    account: str = ""


@dataclass(frozen=True)
class CurrentCredential:
    """The newest credential. `stored` is when every target had it; None if that is not finished."""

    id: str
    username: str
    created: datetime
    expires: datetime | None = None
    stored: datetime | None = None


@dataclass(frozen=True)
class PreviousCredential:
    """An older credential that still exists at the issuer.

    `disabled` is when it was disabled, or None.
    """

    id: str
    created: datetime
    stored: datetime | None = None
    disabled: datetime | None = None


@dataclass(frozen=True)
class Journal:
    """What is known about the credentials of one `store`. `previous` has the oldest one first."""

    kind: str
    current: CurrentCredential | None = None
    previous: tuple[PreviousCredential, ...] = ()
    intent: Intent | None = None

    @property
    def ids(self) -> frozenset[str]:
        """The ids of the credentials that the Action created and wrote down."""
        known = [one.id for one in self.previous]
        return frozenset([*known, self.current.id] if self.current else known)

    @property
    def finished(self) -> bool:
        """Whether every target has the current credential."""
        return self.current is not None and self.current.stored is not None

    def is_orphan(self, credential_id: str) -> bool:
        """Whether a listed id is a credential of a run that died before it wrote it down."""
        intent = self.intent
        return intent is not None and credential_id not in intent.ids | self.ids

    def superseded_at(self, credential_id: str) -> datetime | None:
        """When every target first had a newer credential than this previous one; None if never."""
        order = [one.id for one in self.previous]
        newer = self.previous[order.index(credential_id) + 1 :]
        stored = [one.stored for one in (*newer, self.current) if one and one.stored]
        return min(stored, default=None)

    def of_account(self, account: str) -> Journal:
        """The journal without an intent for another account."""
        same = self.intent is not None and self.intent.account == account
        return self if same else replace(self, intent=None)

    def with_intent(self, ids: frozenset[str], at: datetime, account: str) -> Journal:
        """The journal to write before a credential is created."""
        return replace(self, intent=Intent(ids, at, account))

    def with_current(self, current: CurrentCredential) -> Journal:
        """The journal to write as soon as a credential is created.

        An issuer that was installed again can give an id a second time.
        """
        previous = tuple(one for one in self._all_as_previous() if one.id != current.id)
        return replace(self, current=current, previous=previous, intent=None)

    def with_stored(self, at: datetime) -> Journal:
        """The journal after every target has the current credential."""
        assert self.current is not None  # noqa: S101 - only a current credential can be stored
        return replace(self, current=replace(self.current, stored=at))

    def with_disabled(self, credential_id: str, at: datetime) -> Journal:
        """The journal after a previous credential was disabled."""
        previous = (
            replace(one, disabled=one.disabled or at) if one.id == credential_id else one
            for one in self.previous
        )
        return replace(self, previous=tuple(previous))

    def only(self, listed: frozenset[str]) -> Journal:
        """The journal without the previous credentials that no longer exist at the issuer."""
        return replace(self, previous=tuple(one for one in self.previous if one.id in listed))

    def _all_as_previous(self) -> Iterator[PreviousCredential]:
        yield from self.previous
        if self.current:
            yield PreviousCredential(self.current.id, self.current.created, self.current.stored)
