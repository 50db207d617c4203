"""GitHub can answer anything: a run ends in time, shows no value, and stores nothing wrong."""

from __future__ import annotations

from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from fuzz.github_responses import Alteration, alterations
from fuzz.properties import examples, find_values
from fuzz.raw_server import RawServer, Reply
from fuzz.runs import Run, check_run, run_action
from fuzz.situations import ENV, SITUATIONS, VALUES, Baseline, Situation, baseline
from github_sandbox import Sandbox

situations = st.integers(0, len(SITUATIONS) - 1).map(lambda number: SITUATIONS[number])


@examples(60)
@given(situations, alterations())
def test_a_run_stores_nothing_wrong(situation: Situation, alteration: Alteration) -> None:
    """Each secret is as before or as the spec says, if a response breaks GitHub's schema."""
    expected = baseline(situation)
    world = situation.build()
    with RawServer(lambda *_: Reply((b"HTTP/1.1 200 OK\r\n\r\n{}",))) as other:
        with Sandbox(world) as sandbox:
            endpoints = expected.endpoints if alteration.whole else expected.readable
            endpoint = endpoints[alteration.endpoint % len(endpoints)]

            def alter(method: str, path: str, response: web.StreamResponse) -> web.StreamResponse:
                if (method, path) != endpoint or not alteration.applies(path):
                    return response
                url = f"{sandbox.url}{path}"
                return alteration.apply(path, response, url, f"http://{other.host}")

            sandbox.alter_responses(alter)
            run = run_action(sandbox, {**situation.inputs, "spec": situation.spec}, ENV)
            writes = [one for one in sandbox.writes if one.path.startswith(endpoint[1])]
        elsewhere = "\n".join(one.text for one in other.received)
    check_run(run, VALUES)
    assert not find_values(elsewhere, VALUES), elsewhere
    if alteration.breaks_schema and alteration.applied > 0:
        _check_stored(situation, expected, run, situation.stored(world))
    if run.code and endpoint[1].endswith("/codespaces/secrets") and alteration.times == "all":
        assert not writes, run


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
