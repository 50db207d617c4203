"""One generated credential: its journal in an Actions secret, and its issuer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta

from pydantic import SecretStr

from codespaces_registry_secrets.errors import (
    NO_REPOSITORY,
    CancelledError,
    GitHubError,
    describe_error,
)
from codespaces_registry_secrets.generate.issuer import (
    Issuer,
    NoIdTokenError,
    RejectedError,
)
from codespaces_registry_secrets.generate.journal import (
    JournalError,
    format_journal,
    parse_journal,
)
from codespaces_registry_secrets.generate.replaced_journals import ReplacedJournals
from codespaces_registry_secrets.github.journal_secret import JournalSecret
from codespaces_registry_secrets.inputs.sources import Sources
from codespaces_registry_secrets.model.desired import Credential, Desired
from codespaces_registry_secrets.model.generation import CredentialChange, ObservedGeneration
from codespaces_registry_secrets.model.generator import Generator, IssuedCredential
from codespaces_registry_secrets.model.journal import CurrentCredential, Journal

SKIPPED = "not done, because the step before it failed"


class ManagedCredential:
    """Creates, disables and deletes the credentials of one registry, and keeps their journal.

    `triplet` is one of the registry's. `make_issuer` is called once, when the issuer is needed.
    """

    def __init__(
        self,
        triplet: Desired,
        credential: Credential,
        generator: Generator,
        *,
        secret: JournalSecret,
        sources: Sources,
        make_issuer: Callable[[], Issuer],
    ) -> None:
        self.credential = credential
        self._triplet = triplet
        self._generator = generator
        self._secret = secret
        self._sources = sources
        self._make_issuer = make_issuer
        self._replaced = ReplacedJournals(sources.environ)
        self._value = sources.journal(generator.store)
        self._issuer: Issuer | None = None
        self._journal = Journal(generator.kind)
        self._password: SecretStr | None = None
        self._listed: dict[str, IssuedCredential] | None = None
        self._error = self._load()

    def _load(self) -> str | None:
        """Read the journal; why it cannot be used, or None."""
        store = self._generator.store
        if not self._secret.has_repository:
            return NO_REPOSITORY
        if self._value is None:
            return self._why_no_new_journal()
        if self._replaced.has(self._value):
            return (
                f"an earlier step of this job has written the Actions secret {store}, and this "
                "step has its old value; use the registry in one step of a job"
            )
        try:
            journal, password = parse_journal(self._value)
        except JournalError as error:
            return (
                f"the Actions secret {store} belongs to something else: {error}. It is never "
                "overwritten; set `store` to another name"
            )
        if journal.kind != self._generator.kind:
            return (
                f"the Actions secret {store} is the journal of `{journal.kind}`; set `store` to "
                f"another name for `{self._generator.kind}`"
            )
        self._journal = journal.of_account(self._generator.account)
        self._password = password
        self._use_current()
        return None

    def _why_no_new_journal(self) -> str | None:
        store = self._generator.store
        try:
            exists = self._secret.exists()
        except GitHubError as error:
            return f"cannot tell whether the Actions secret {store} exists: {error}"
        if not exists:
            return None
        return (
            f"the Actions secret {store} exists, and the step does not hand it over; add "
            f"`{store}: ${{{{ secrets.{store} }}}}` to its `env:`"
        )

    def _use_current(self) -> None:
        """Make the values of the current credential those to store."""
        current = self._journal.current
        if current is None or self._password is None:
            return
        self.credential = self.credential.with_generated(current.id, current.expires)
        self._sources.add_generated(self.credential, current.username, self._password)

    def observe(self, now: datetime, *, ask_issuer: bool, must_see: bool) -> ObservedGeneration:
        """What journal and issuer show at `now`, by GitHub's clock.

        `must_see`: whether a job without an ID token is an error.
        """
        observed = ObservedGeneration(
            registry=self._triplet.registry,
            generator=self._generator,
            rotate=self._triplet.rotate,
            where=self.credential.where,
            journal=self._journal,
            error=self._error,
            must_see=False,
        )
        if self._error or not ask_issuer:
            return observed
        try:
            issuer = self._issuer = self._issuer or self._make_issuer()
            listed = issuer.list_credentials()
        except NoIdTokenError as error:
            return replace(observed, issuer_error=str(error), must_see=must_see)
        except Exception as error:  # noqa: BLE001 - the other registries continue
            return replace(observed, issuer_error=describe_error(error), must_see=True)
        self._listed = {one.id: one for one in listed}
        observed = replace(
            observed, listed=listed, limit=issuer.limit, can_disable=issuer.can_disable
        )
        return self._with_last_use(observed, issuer, now)

    def _with_last_use(
        self, observed: ObservedGeneration, issuer: Issuer, now: datetime
    ) -> ObservedGeneration:
        unused_for: dict[str, timedelta] = {}
        errors: dict[str, str] = {}
        for credential_id in observed.replaced_long_ago(now):
            try:
                unused = issuer.unused_for(credential_id)
            except Exception as error:  # noqa: BLE001 - as above
                errors[credential_id] = describe_error(error)
            else:
                unused_for |= {credential_id: unused} if unused is not None else {}
        return replace(observed, unused_for=unused_for, use_errors=errors)

    def carry_out(
        self, changes: Iterable[CredentialChange], check_cancelled: Callable[[], None]
    ) -> tuple[CredentialChange, ...]:
        """Carry out the changes in their order, and return them with what became of each.

        After a failure, the rest is skipped: a creation needs the place of what was to be deleted.
        """
        results: list[CredentialChange] = []
        failed = False
        for change in changes:
            if change.action in {"none", "blocked"}:
                results.append(change)
            elif failed:
                results.append(replace(change, status="skipped", error=SKIPPED))
            else:
                results.append(self._try(change, check_cancelled))
                failed = results[-1].status != "applied"
        if not failed and not any(change.action == "generate" for change in results):
            self._remove_intent()
        return tuple(results)

    def _try(
        self, change: CredentialChange, check_cancelled: Callable[[], None]
    ) -> CredentialChange:
        try:
            check_cancelled()
            self._carry_out(change)
        except CancelledError as error:
            return replace(change, status="skipped", error=str(error))
        except Exception as error:  # noqa: BLE001 - the other registries continue
            return replace(change, status="failed", error=describe_error(error))
        return replace(change, id=change.id or self.current_id, status="applied")

    @property
    def current_id(self) -> str | None:
        """The id of the current credential; None before the first one."""
        return self._journal.current.id if self._journal.current else None

    def _carry_out(self, change: CredentialChange) -> None:
        assert self._issuer is not None  # noqa: S101 - it has listed what is changed
        assert self._listed is not None  # noqa: S101 - as above
        if change.id is None:
            self._create(self._issuer, self._listed)
        elif change.action == "disable":
            self._issuer.disable(change.id)
            self._write(self._journal.with_disabled(change.id, self._time))
        else:
            self._issuer.delete(change.id)
            self._listed.pop(change.id, None)
            if change.id in self._journal.ids:
                self._write(self._journal.only(frozenset(self._listed)))

    def _create(self, issuer: Issuer, listed: Mapping[str, IssuedCredential]) -> None:
        ids = frozenset(listed)
        account = self._generator.account
        self._write(self._journal.only(ids).with_intent(ids, self._time, account))
        try:
            new = issuer.create(tuple(listed.values()))
        except RejectedError:
            self._remove_intent()
            raise
        created = self._time
        # The issuer's clock only tells the lifetime, because it can differ from GitHub's.
        expires = created + (new.expires - new.created) if new.expires else None
        current = CurrentCredential(new.id, new.username, created, expires)
        self._write(self._journal.with_current(current), new.password)
        # Only now: a credential that is not in the journal is deleted by the next run.
        self._use_current()

    def _remove_intent(self) -> None:
        """Remove an intent without orphans: what a person creates from now on is no orphan."""
        if self._journal.intent and self._listed is not None:
            with suppress(GitHubError):  # the next run removes it
                self._write(replace(self._journal, intent=None))

    @property
    def unfinished(self) -> bool:
        """Whether there is a credential that is not known to be at every target."""
        return self._journal.current is not None and not self._journal.finished

    def mark_stored(self, at: datetime) -> None:
        """Write down that every target has the current credential since `at`.

        Raises:
            GitHubError: the journal could not be written, so the next run stores it again.
        """
        self._write(self._journal.with_stored(at))

    @property
    def _time(self) -> datetime:
        """GitHub's time, of its last response."""
        return self._secret.time

    def _write(self, journal: Journal, password: SecretStr | None = None) -> None:
        """Write the journal, with the `password` of a new current credential if there is one."""
        password = password or self._password
        value = format_journal(journal, password)
        self._secret.write(value)
        self._replaced.replace(self._value, value)
        self._journal, self._password, self._value = journal, password, value
