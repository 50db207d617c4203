"""Whatever GitHub does wrong at whichever endpoint, nothing is lost and nothing hangs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Future, ProcessPoolExecutor
from multiprocessing import get_context

import pytest

from end_to_end.faults import matrix
from end_to_end.faults.complaints import complaints
from end_to_end.faults.matrix import Case
from end_to_end.faults.runs import ROUTES

WORKERS = 8  # many cells do nothing but wait
Results = Mapping[Case, list[Future[list[str]]]]
# What the sandbox has and a run never asks for, besides the names of renamed repositories.
UNUSED = {
    "GET /app/installations",
    "GET /orgs/{organization}",
    "GET /orgs/{organization}/codespaces/secrets/{name}",
    "GET /repos/{owner}/{repository}/codespaces/secrets/{name}",
    "GET /user/codespaces/secrets/{name}",
    "GET /users/{login}",
}
LASTING = ("500", "502", "dropped before", "dropped after", "slow", "broken JSON")
# Those of the lists that have more than one page in a scene.
PAGED = {
    "/orgs/{organization}/codespaces/secrets",
    "/orgs/{organization}/codespaces/secrets/{name}/repositories",
    "/orgs/{organization}/properties/values",
    "/orgs/{organization}/repos",
    "/repos/{owner}/{repository}/actions/organization-secrets",
    "/repos/{owner}/{repository}/codespaces/secrets",
    "/user/codespaces/secrets",
    "/user/codespaces/secrets/{name}/repositories",
    "/user/repos",
    "/users/{login}/repos",
}


@pytest.fixture(scope="module")
def results() -> Iterator[Results]:
    """All cells, under way; in processes, as each of them needs a stdout of its own."""
    found: defaultdict[Case, list[Future[list[str]]]] = defaultdict(list)
    with ProcessPoolExecutor(WORKERS, get_context("spawn")) as pool:
        for case, cell, measure in matrix.cells():
            found[case].append(pool.submit(complaints, cell, measure))
        yield found
        pool.shutdown(cancel_futures=True)


def assert_well(results: Results, kind: str, fault: str, *, crowded: bool) -> None:
    """No cell has anything to complain of."""
    cells = results[Case(kind, fault, crowded)]
    assert cells
    found = [complaint for cell in cells for complaint in cell.result(timeout=600)]
    assert not found, "\n".join(found)


def both(kind: str, faults: Iterable[str]) -> pytest.MarkDecorator:
    """Each of the faults, in runs of one target and of twenty where that shows more."""
    cases = [(fault, crowded) for fault in faults for crowded in (False, True)]
    wanted = [case for case in cases if not case[1] or (kind, case[0]) not in matrix.ALONE]
    ids = [f"{fault}, {'twenty' if crowded else 'one'}" for fault, crowded in wanted]
    return pytest.mark.parametrize(("fault", "crowded"), wanted, ids=ids)


@both("each", matrix.PASSING)
def test_each_request_fails_once(results: Results, fault: str, crowded: bool) -> None:
    """It is sent again within the run, which ends green."""
    assert_well(results, "each", fault, crowded=crowded)


@both("once", matrix.ONCE)
def test_an_endpoint_makes_wait_once(results: Results, fault: str, crowded: bool) -> None:
    """For a limit, or beyond the time-out. The request is sent again, and the run ends green."""
    assert_well(results, "once", fault, crowded=crowded)


@both("lasting", {**matrix.LASTING, **matrix.ODD})
def test_an_endpoint_fails_for_good(results: Results, fault: str, crowded: bool) -> None:
    """The run is red and names the target; the others are done, and the next run does the rest.

    Nothing passes for an answer but what GitHub's API promises.
    """
    assert_well(results, "lasting", fault, crowded=crowded)


@both("late", matrix.LATE)
def test_an_endpoint_fails_after_all_was_fine(results: Results, fault: str, crowded: bool) -> None:
    """From the last request on: what is read right before a write, and what is written last."""
    assert_well(results, "late", fault, crowded=crowded)


@both("limits", matrix.LIMITS)
def test_an_endpoint_is_limited_for_long(results: Results, fault: str, crowded: bool) -> None:
    """The run ends with an error for all targets, and the next one does what is left."""
    assert_well(results, "limits", fault, crowded=crowded)


@both("pages", [*matrix.PAGES, "no more of it"])
def test_a_page_repeats(results: Results, fault: str, crowded: bool) -> None:
    """Or is not there: the list is not read forever, and not taken for whole."""
    assert_well(results, "pages", fault, crowded=crowded)


def test_every_endpoint_meets_every_fault() -> None:
    """In runs of one target and of twenty. A new endpoint or a lost one shows here."""
    met: defaultdict[str, set[Case]] = defaultdict(set)
    for case, cell, _ in matrix.cells():
        if cell.endpoint:
            met[f"{cell.endpoint.method} {cell.endpoint.route}"].add(case)
    every = {
        f"{method} {route}" for method, route in ROUTES if "/repositories/{rep" not in route[:20]
    }
    assert set(met) == every - UNUSED
    for endpoint, cases in met.items():
        for crowded in (False, True):
            assert Case("once", "429", crowded) in cases
            assert {Case("limits", fault, crowded) for fault in matrix.LIMITS} <= cases
            assert {Case("lasting", fault, crowded) for fault in LASTING} <= cases
            if endpoint.removeprefix("GET ") in PAGED:
                assert {Case("pages", fault, crowded) for fault in matrix.PAGES} <= cases
    assert {
        name.removeprefix("GET ")
        for name in met
        if Case("pages", "follows on itself", False) in met[name]
    } == PAGED
