"""The pure parts of script/bench: what it counts, what it prints, what it holds to be good."""

from __future__ import annotations

import json

import pytest

from benchmarks import against_gh, pace, work
from benchmarks.exchanges import (
    Exchange,
    Tally,
    kind,
    refused,
    refused_again,
    surplus,
    tallies,
    writing_seconds,
)
from benchmarks.report import Goal, Part, json_of, markdown, text
from codespaces_registry_secrets.spec.yaml_document import parse

SECRETS = "/repos/octo-org/app/codespaces/secrets"
PART = Part(
    "(x) Made up",
    [
        {"work": "one", "seconds": 0.12345, "values": Tally(3, 100, 400), "runs": 5},
        {"work": "many more", "seconds": 1234.5, "values": Tally(), "runs": None},
    ],
    [Goal("quick", 0.5, 0.6, "s"), Goal("small", None, 40, "MB", "no docker")],
    "A note.",
)


def exchange(
    method: str, path: str, *, status: int = 200, began: float = 0.0, ended: float = 0.1
) -> Exchange:
    figures = {"status": status, "began": began, "ended": ended, "sent": 10, "received": 20}
    return Exchange.read({"method": method, "path": path, **figures})


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("GET", SECRETS, "secrets"),
        ("GET", "/user/codespaces/secrets", "secrets"),
        ("GET", f"{SECRETS}/public-key", "keys"),
        ("GET", "/orgs/octo-org/codespaces/secrets/A_USER/repositories", "lists"),
        ("GET", "/repos/octo-org/app/actions/secrets/A", "ages"),
        ("GET", "/orgs/octo-org/repos", "repositories"),
        ("GET", "/repos/octo-org/app", "repositories"),
        ("PUT", f"{SECRETS}/A_USER", "values"),
        ("PUT", "/orgs/octo-org/codespaces/secrets/A_USER/repositories", "lists set"),
        ("DELETE", "/orgs/octo-org/codespaces/secrets/A_USER/repositories/7", "lists set"),
        ("DELETE", f"{SECRETS}/A_USER", "other"),
        ("GET", "/user", "other"),
    ],
)
def test_a_request_has_a_kind(method: str, path: str, expected: str) -> None:
    """By method and path."""
    assert kind(method, path) == expected


def test_requests_are_counted_with_their_bytes() -> None:
    """Each kind has its tally; what goes beyond what is allowed of a kind is too many."""
    found = tallies([exchange("GET", SECRETS), exchange("GET", SECRETS), exchange("GET", "/user")])
    assert found["secrets"] == Tally(2, sent=20, received=40)
    assert found["keys"] == Tally()
    assert surplus(found, {"secrets": 2, "other": 1, "keys": 1}) == 0
    assert surplus(found, {"secrets": 1}) == 2


def test_a_refusal_counts_when_the_client_could_know() -> None:
    """Requests that were on their way when the first refusal was answered could not."""
    writes = [
        exchange("PUT", f"{SECRETS}/A", status=201, began=0, ended=1),
        exchange("PUT", f"{SECRETS}/B", status=403, began=1, ended=2),
        exchange("PUT", f"{SECRETS}/C", status=429, began=1.5, ended=2.5),
        exchange("PUT", f"{SECRETS}/C", status=429, began=2.5, ended=3),
        exchange("GET", SECRETS, status=403, began=5, ended=6),
    ]
    assert len(refused(writes)) == 3
    assert [one.began for one in refused_again(writes)] == [2.5]
    assert refused_again(writes[:1]) == []
    assert writing_seconds(writes) == 3
    assert writing_seconds([]) == 0


@pytest.mark.parametrize(("writes", "seconds"), [(80, 0), (81, 6), (160, 6), (900, 66)])
def test_the_bound_is_what_the_limit_leaves(writes: int, seconds: float) -> None:
    """80 writes go at once, and 80 more each 6 seconds later."""
    assert pace.bound(writes) == seconds


def test_a_table_is_aligned() -> None:
    """Names to the left, figures to the right; a goal says whether it is met."""
    assert text(PART).splitlines() == [
        "(x) Made up",
        "",
        "work       seconds      values  runs",
        "---------  -------  ----------  ----",
        "one          0.123  3 (0.5 kB)     5",
        "many more  1,234.5           -     -",
        "",
        "A note.",
        "",
        "goal      figure  at most",
        "-----  ---------  -------  ---------",
        "quick    0.500 s  0.600 s        met",
        "small  no docker    40 MB  not taken",
    ]


def test_a_table_is_markdown() -> None:
    """As docs/performance.md has it."""
    lines = markdown(PART).splitlines()
    assert lines[0] == "## (x) Made up"
    assert "| work | seconds | values | runs |" in lines
    assert "| --- | ---: | ---: | ---: |" in lines
    assert "| one | 0.123 | 3 (0.5 kB) | 5 |" in lines
    assert "| quick | 0.500 s | 0.600 s | met |" in lines


def test_figures_are_not_rounded_in_json() -> None:
    """Rows by column, and each goal with its verdict."""
    found = json.loads(json.dumps(json_of(PART)))
    assert found["rows"][0]["seconds"] == 0.12345
    assert found["rows"][0]["values"] == {"requests": 3, "sent": 100, "received": 400}
    assert [goal["met"] for goal in found["goals"]] == [True, None]


@pytest.mark.parametrize(("figure", "met"), [(1.0, True), (1.01, False)])
def test_a_goal_is_met_up_to_its_bound(figure: float, met: bool) -> None:
    """What reaches the bound is good enough."""
    assert Goal("a share", figure, 1.0).met is met


def test_without_gh_its_goals_are_not_taken() -> None:
    """And the row has no figures of it."""
    ours = {"ours": 1.0, "times": 3}
    found = {work.new_at_repositories(count).name: ours for count in (1, 100)}
    assert {goal.verdict for goal in against_gh.goals(found)} == {"not taken"}
    assert against_gh.row("100", ours)["ours / gh"] is None


@pytest.mark.parametrize(
    "made",
    [
        work.no_change(),
        work.list_change(),
        work.new_at_organization(),
        work.new_at_repositories(3),
        work.rotation_in_large(200),
    ],
    ids=lambda made: made.name,
)
def test_a_spec_of_the_bench_is_yaml(made: work.Work) -> None:
    """It names each target once."""
    document = parse(made.spec, "spec.yml")
    assert document is not None
    assert all(made.spec.count(target.replace(":", ": ")) == 1 for target in made.targets)
