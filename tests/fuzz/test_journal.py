"""Any value can be that of a journal: one that is broken is refused, and nothing is deleted."""

from __future__ import annotations

import copy
import io
import json
from collections.abc import Mapping
from contextlib import redirect_stdout, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretBytes

from codespaces_registry_secrets.generate.journal import (
    JournalError,
    format_journal,
    parse_journal,
    password_to_mask,
)
from fuzz.mutations import broken_bytes, broken_data, broken_texts, to_json
from fuzz.properties import examples, within
from fuzz.runs import check_run, run_action
from generated import HOME, MEMBERS, STORE, Nights
from generated_kinds import GITLAB
from issuers.gitlab import DeployToken, GitLab
from sandboxed_action import TOKEN

TARGET = "repository:octo-org/app"
COVERAGE_GUIDED = "test_a_value_is_a_journal_or_refused"


@dataclass(frozen=True)
class Prepared:
    """What some nights leave: a current credential, an old one, and an intent."""

    journal: Mapping[str, Any]
    tokens: Mapping[int, DeployToken]
    stored: Mapping[str, bytes]
    now: datetime

    @property
    def documents(self) -> list[Mapping[str, Any]]:
        """Valid journals: as the nights left it, before the first credential, and with an intent."""
        at = self.now.isoformat()
        account = "an account"
        intent = {"ids": ["1", "2"], "at": at, "account": account}
        first = {"version": 1, "kind": GITLAB.name, "intent": intent}
        return [self.journal, {**self.journal, "intent": intent}, first]


@cache
def prepared() -> Prepared:
    """Create a credential, and another one 31 nights later."""
    with redirect_stdout(io.StringIO()), Nights(GITLAB, targets=("app",)) as nights:
        assert nights.night() == 0
        assert nights.night(31 * 24) == 0
        tokens = copy.deepcopy(_gitlab(nights).deploy_tokens)
        assert len(tokens) == 2
        secrets = nights.world.secrets(TARGET)
        stored = {name: secrets[name].value for name in MEMBERS}
        return Prepared(nights.journal, tokens, stored, nights.clock.now)


def _gitlab(nights: Nights) -> GitLab:
    assert isinstance(nights.issuer, GitLab)
    return nights.issuer


@st.composite
def values(draw: st.DrawFn) -> bytes:
    """A journal that was changed as data, as text or as bytes, or any other value."""
    documents = prepared().documents
    if draw(st.integers(0, 2)):
        return to_json(draw(broken_data(documents))).encode()
    texts = [json.dumps(document) for document in documents]
    return draw(broken_bytes(broken_texts(texts)) | st.binary())


@examples(80)
@given(values())
def test_a_value_is_a_journal_or_refused(raw: bytes) -> None:
    """A journal is the same after it was written; something of it is always masked."""
    value = SecretBytes(raw)
    with within():
        assert password_to_mask(value).get_secret_value() or raw == b""
        with suppress(JournalError):
            journal, password = parse_journal(value)
            assert parse_journal(format_journal(journal, password)) == (journal, password)


@examples(6)
@given(values(), st.sampled_from([1, 25, 24 * 40]))
def test_a_run_deletes_nothing_because_of_a_broken_journal(raw: bytes, hours: int) -> None:
    """It creates nothing either, and keeps the value. Foreign credentials stay in any case."""
    ready = prepared()
    with suppress(UnicodeDecodeError), Nights(GITLAB, targets=("app",)) as nights:
        text = raw.decode()
        nights.clock.now = ready.now + timedelta(hours=hours)
        gitlab = _gitlab(nights)
        gitlab.deploy_tokens = copy.deepcopy(dict(ready.tokens))
        gitlab._last_id = max(ready.tokens)
        foreign = gitlab.make_by_hand()
        for name, member in ready.stored.items():
            nights.world.put_secret(TARGET, name, member)
        nights.world.put_actions_secret(f"repository:{HOME}", STORE, value=raw)
        if "\0" in text:
            return  # no variable of a step has it
        run = run_action(
            nights.sandbox,
            {"spec": json.dumps(nights.spec)},
            {**nights.environment, STORE: text},
        )
        known = [token.secret for token in ready.tokens.values()]
        check_run(run, [TOKEN, gitlab.token, *known])
        assert foreign in gitlab.live()
        if not _is_journal(text):
            assert run.code == 1, run
            assert any(STORE in error for error in run.errors), run
            assert set(gitlab.live()) == {foreign, *map(str, ready.tokens)}
            assert nights.journal_text == text
            assert not nights.sandbox.writes


def _is_journal(text: str) -> bool:
    """Whether the Action reads it as a journal of this kind."""
    with suppress(JournalError):
        return parse_journal(SecretBytes(text.encode()))[0].kind == GITLAB.name
    return False
