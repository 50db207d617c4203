"""Any text can be the value of the state variable: a record may be lost, a write never."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import cache

from hypothesis import given
from hypothesis import strategies as st

from codespaces_registry_secrets.model.state import MemberRecord
from codespaces_registry_secrets.model.targets import Organization, Repository, Target, User
from codespaces_registry_secrets.model.triplet import Part
from codespaces_registry_secrets.state.document import (
    HEADER,
    DamagedValueError,
    Document,
    ForeignValueError,
    format_documents,
    merge_documents,
    parse_document,
)
from contract.sandbox_client import small_world
from fuzz.mutations import broken_data, broken_texts, to_json
from fuzz.properties import examples, within
from fuzz.runs import check_run, run_action
from github_sandbox import Sandbox, World
from runner_environment import GITHUB
from sandboxed_action import TOKEN, TRIPLET

START = datetime(2026, 1, 1, tzinfo=UTC)
LATER = START + timedelta(hours=1)
HOME, STATE = GITHUB["repository"], "REGISTRY_STATE"
TARGETS: tuple[Target, ...] = (
    Repository("octo-org/api"),
    Organization("octo-org"),
    User("octocat"),
)
PASSWORD = "value-of-the-password-not-to-show"
ENVIRONMENT = {"ACR_PASSWORD": PASSWORD}
SPEC = """
version: 1
registries:
  - id: ACR
    server: mycompany.azurecr.io
    username: me
    password: {env: ACR_PASSWORD}
    targets: [{repository: octo-org/api}, {organization: octo-org, visibility: all}]
"""
VALUES = {"SERVER": b"mycompany.azurecr.io", "USER": b"me", "PASSWORD": PASSWORD.encode()}
COVERAGE_GUIDED = "test_a_value_is_a_state_or_refused"


def _world(now: datetime = START) -> World:
    world = small_world(lambda: now)
    world.add_repository(HOME)
    world.add_token(TOKEN, user="octocat", scopes=("repo", "admin:org", "codespace"))
    return world


@cache
def _stored_text() -> str:
    """The value that a run leaves."""
    world = _world()
    with Sandbox(world) as sandbox:
        run = run_action(sandbox, {"spec": SPEC, "state": STATE}, ENVIRONMENT)
    assert run.code == 0, run
    return world.variables(HOME)[STATE]


def _documents() -> list[str]:
    members = {part: MemberRecord(part.encode()[:2] * 8, START) for part in Part}
    records = {(target, name): members for target in TARGETS for name in ("ACR", "GHCR")}
    salts = {"ACR": b"a" * 16, "GHCR": b"g" * 16}
    return [
        *format_documents(Document(salts, records)),
        *format_documents(Document(salts, records, variables=2)),
        f"{HEADER}\n",
        "another value",
    ]


TEXTS = _documents()


def _headed(data: object) -> str:
    return f"{HEADER}\n{to_json(data)}\n"


@st.composite
def values(draw: st.DrawFn, texts: list[str]) -> str:
    """A value that was changed as a text, or as data."""
    if draw(st.booleans()):
        return draw(broken_texts(texts) | st.text())
    bodies = [json.loads(body) for text in texts if (body := text.partition("\n")[2]).strip()]
    return _headed(draw(broken_data(bodies)))


@examples(80)
@given(values(TEXTS))
def test_a_value_is_a_state_or_refused(text: str) -> None:
    """What was read can be merged, written and read again, and is the same."""
    with within(), suppress(DamagedValueError, ForeignValueError):
        document = parse_document(text)
        merged = merge_documents([document, parse_document(TEXTS[0])])
        written = [parse_document(value) for value in format_documents(merged)]
        assert merge_documents(written) == merged


@examples(6)
@given(st.deferred(lambda: values([_stored_text(), *TEXTS[2:]])), st.booleans())
def test_a_run_with_any_state_stores_every_value(text: str, by_hand: bool) -> None:
    """Also if the secrets were changed by hand. What is no state is never overwritten."""
    world = _world(LATER)
    if by_hand:
        world.put_secret("repository:octo-org/api", TRIPLET[2], b"changed by hand")
    with suppress(UnicodeEncodeError):
        text.encode()
        world.put_variable(HOME, STATE, text)
        with Sandbox(world) as sandbox:
            run = run_action(sandbox, {"spec": SPEC, "state": STATE}, ENVIRONMENT)
        check_run(run, [TOKEN, PASSWORD])
        assert run.code == 0, run
        for target in ("repository:octo-org/api", "organization:octo-org"):
            stored = {name: secret.value for name, secret in world.secrets(target).items()}
            expected = {f"ACR_CONTAINER_REGISTRY_{part}": VALUES[part] for part in VALUES}
            assert stored == expected
        after = world.variables(HOME)[STATE]
        foreign = text.strip() and text.partition("\n")[0].rstrip("\r") != HEADER
        assert after == text if foreign else after.startswith(HEADER)
