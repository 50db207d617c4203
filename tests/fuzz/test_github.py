"""GitHub can answer anything: a run ends in time, shows no value, and stores nothing wrong."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from fuzz.github_responses import Alteration, alterations
from fuzz.properties import examples, find_values
from fuzz.raw_server import RawServer, Reply
from fuzz.runs import CRASHES, Run, check_run, run_action
from fuzz.situations import ENV, SITUATIONS, VALUES, Baseline, Situation, baseline
from github_sandbox import Sandbox, World
from leaks import assert_no_value
from sandboxed_action import Action

situations = st.integers(0, len(SITUATIONS) - 1).map(lambda number: SITUATIONS[number])


@examples(12)
@given(situations, alterations())
def test_a_run_stores_nothing_wrong(situation: Situation, alteration: Alteration) -> None:
    """Each secret is as before or as the spec says, if a response breaks GitHub's schema."""
    expected = baseline(situation)
    world = situation.build()
    with altered_sandbox(world, expected, alteration) as (sandbox, endpoint):
        run = run_action(sandbox, {**situation.inputs, "spec": situation.spec}, ENV)
        writes = [one for one in sandbox.writes if one.path.startswith(endpoint)]
    check_run(run, VALUES)
    if alteration.breaks_schema and alteration.applied > 0:
        _check_stored(situation, expected, run, situation.stored(world))
    if run.code and endpoint.endswith("/codespaces/secrets") and alteration.times == "all":
        assert not writes, run


@examples(1)
@given(situations, alterations())
def test_a_process_ends_without_a_crash_or_a_value(
    situation: Situation, alteration: Alteration
) -> None:
    """As the runner starts it, with all that it prints and writes."""
    world = situation.build()
    with (
        tempfile.TemporaryDirectory() as folder,
        altered_sandbox(world, baseline(situation), alteration) as (sandbox, _),
    ):
        named = {name.replace("-", "_"): value for name, value in situation.inputs.items()}
        action = Action(sandbox, Path(folder))
        action.run_in(ENV["GITHUB_REPOSITORY"], None)
        env = {name: value for name, value in ENV.items() if not name.startswith("GITHUB_")}
        step = action.step(situation.spec, env, **named)
        assert_no_value(step, *VALUES)
    assert step.exit_code in {0, 1}, step.log
    assert not [sign for sign in CRASHES if sign in step.log], step.log
    assert step.exit_code == 0 or step.annotations("error"), step.log


@contextmanager
def altered_sandbox(
    world: World, expected: Baseline, alteration: Alteration
) -> Iterator[tuple[Sandbox, str]]:
    """A sandbox with altered responses of one endpoint, and the path of the endpoint.

    No value may reach the other server to which responses lead.
    """
    endpoints = expected.endpoints if alteration.whole else expected.readable
    endpoint = endpoints[alteration.endpoint % len(endpoints)]
    with RawServer(lambda *_: Reply((b"HTTP/1.1 200 OK\r\n\r\n{}",))) as other:
        with Sandbox(world) as sandbox:

            def alter(method: str, path: str, response: web.StreamResponse) -> web.StreamResponse:
                if (method, path) != endpoint or not alteration.applies(path):
                    return response
                url = f"{sandbox.url}{path}"
                return alteration.apply(path, response, url, f"http://{other.host}")

            sandbox.alter_responses(alter)
            yield sandbox, endpoint[1]
        elsewhere = "\n".join(one.text for one in other.received)
    assert not find_values(elsewhere, VALUES), elsewhere


def _check_stored(situation: Situation, expected: Baseline, run: Run, stored: object) -> None:
    """Each secret has its old or its new value; all have the new one if the run succeeded."""
    assert isinstance(stored, dict)
    if run.code == 0:
        assert stored == expected.after, run
        return
    assert any(name in error for error in run.errors for name in situation.mentions), run
    for key in {*expected.before, *expected.after, *stored}:
        allowed = (expected.before.get(key), expected.after.get(key))
        assert stored.get(key) in allowed, (key, run)
