"""Any text can be a spec: it is loaded or rejected, and before it is valid no request is sent."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from codespaces_registry_secrets.errors import InvalidConfigError
from codespaces_registry_secrets.inputs.sources import Sources
from codespaces_registry_secrets.model.desired import Desired
from codespaces_registry_secrets.spec.load import load_desired
from codespaces_registry_secrets.spec.yaml_document import parse
from contract.sandbox_client import small_world
from fuzz.mutations import broken_bytes, broken_data, broken_texts, junk, to_json, to_yaml
from fuzz.properties import examples, find_values, within
from fuzz.runs import check_run, run_action
from fuzz.specs import ALLOWED_SERVERS, DOCUMENTS_OF_TEXTS, ENVIRONMENT, TEXTS
from github_sandbox import Sandbox
from sandboxed_action import TOKEN

LITERAL = "literal-password-not-to-show"
texts = (
    broken_texts(TEXTS)
    | broken_data(DOCUMENTS_OF_TEXTS).map(to_yaml)
    | broken_data(DOCUMENTS_OF_TEXTS).map(to_json)
)
# The test whose examples coverage can guide.
COVERAGE_GUIDED = "test_a_spec_is_loaded_or_rejected"


def load(text: str) -> tuple[Desired, ...] | None:
    """Load a spec; None if it is rejected. Every other exception is a bug."""
    sources = Sources(ENVIRONMENT, Path("nowhere"), lambda _: None)
    try:
        return load_desired(parse(text, "spec.yml"), sources.find_error)
    except InvalidConfigError as error:
        rejection = error
    assert rejection.errors
    assert all(one.message and one.location.file for one in rejection.errors)
    assert not find_values(str(rejection), [*ENVIRONMENT.values(), LITERAL])
    return None


@examples(80)
@given(texts | st.text())
def test_a_spec_is_loaded_or_rejected(text: str) -> None:
    """Within the deadline; a rejection has messages with places, and no value of a source."""
    with within():
        load(text)


@examples(80)
@given(broken_data(DOCUMENTS_OF_TEXTS), junk, st.sampled_from([to_json, to_yaml]))
def test_a_literal_password_is_in_no_message(data: Any, other: Any, write: Any) -> None:
    """Whatever is wrong with the rest of the spec, and however the password is nested."""
    for registry in data["registries"] if _has_registries(data) else []:
        if isinstance(registry, dict):
            registry["password"] = [LITERAL, other] if other == [] else LITERAL
    with within():
        load(write(data))


def _has_registries(data: Any) -> bool:
    return isinstance(data, dict) and isinstance(data.get("registries"), list)


@examples(6)
@given(broken_bytes(texts))
def test_no_request_is_sent_before_a_spec_is_valid(raw: bytes) -> None:
    """Of a run of the whole Action with this file. With a valid spec, it only plans."""
    world = small_world()
    world.add_token(TOKEN, user="octocat", scopes=("repo", "admin:org", "codespace"))
    with Sandbox(world) as sandbox:
        inputs = {"spec-file": "spec.yml", "mode": "plan", "allowed-servers": ALLOWED_SERVERS}
        run = run_action(sandbox, inputs, ENVIRONMENT, raw)
        check_run(run, [TOKEN, *ENVIRONMENT.values()])
        assert not sandbox.writes
        if load_bytes(raw) is None:
            assert run.code == 1, run
            assert not sandbox.exchanges, run
            assert all("spec" in error for error in run.errors), run


def load_bytes(raw: bytes) -> tuple[Desired, ...] | None:
    """Load the content of a file; None if it is rejected."""
    try:
        return load(raw.decode())
    except UnicodeDecodeError:
        return None
