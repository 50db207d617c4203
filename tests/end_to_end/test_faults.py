"""The fault matrix: after any fault at any endpoint nothing is lost and nothing hangs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from concurrent.futures import Future, ProcessPoolExecutor, wait
from multiprocessing import get_context

import pytest

from end_to_end.faults import matrix
from end_to_end.faults.failures import find_failures
from end_to_end.faults.matrix import Group
from end_to_end.faults.runs import ROUTES, Case, baseline

PROCESSES = {False: 4, True: 8}  # for the quick cases, and for the rest
pytestmark = pytest.mark.xdist_group("faults")  # they share the runs
# Endpoints of the sandbox that a run never requests, except the names of renamed repositories.
UNUSED = {
    "DELETE /repos/{owner}/{repository}/actions/secrets/{name}",
    "GET /app/installations",
    "GET /orgs/{organization}",
    "GET /orgs/{organization}/codespaces/secrets/{name}",
    "GET /repos/{owner}/{repository}/actions/secrets",
    "GET /repos/{owner}/{repository}/codespaces/secrets/{name}",
    "GET /user/codespaces/secrets/{name}",
    "GET /users/{login}",
}
# With `generate`: test_generate_kills loses each request of such a run.
OF_JOURNALS = {
    "GET /repos/{owner}/{repository}/actions/secrets/public-key",
    "PUT /repos/{owner}/{repository}/actions/secrets/{name}",
}
LASTING = ("500", "502", "dropped before", "dropped after", "slow", "broken JSON")
# Lists with more than one page in a scenario.
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


MAX_SECONDS_OF_A_CASE = 900


class Results:
    """Runs cases in processes, because each of them needs its own stdout.

    An extent, the quick cases or the rest of the matrix, runs as a whole: many cases only wait.
    """

    def __init__(self) -> None:
        self._extents: dict[bool, Mapping[Group, list[Future[list[str]]]]] = {}

    def failures(self, group: Group, *, rest: bool) -> list[str]:
        """Return the failures of the cases of a group."""
        return [one for case in self.run(rest=rest)[group] for one in case.result(0)]

    def run(self, *, rest: bool) -> Mapping[Group, list[Future[list[str]]]]:
        """Run an extent to its end, unless it ran before."""
        if rest not in self._extents:
            quick = matrix.quick_cases()
            cases = [one for one in matrix.all_cases() if one not in quick] if rest else quick
            started: defaultdict[Group, list[Future[list[str]]]] = defaultdict(list)
            with ProcessPoolExecutor(PROCESSES[rest], get_context("spawn")) as pool:
                for group, case in cases:
                    expected = baseline(case.scenario, many=case.many)
                    started[group].append(pool.submit(find_failures, case, expected))
                # A case that hangs ends this, with its group, and not only the job of CI.
                for group, futures in started.items():
                    _, hanging = wait(futures, MAX_SECONDS_OF_A_CASE)
                    assert not hanging, group
            self._extents[rest] = dict(started)
        return self._extents[rest]


@pytest.fixture(scope="module")
def results() -> Results:
    """Run the quick cases, for all tests together."""
    results = Results()
    results.run(rest=False)
    return results


def assert_well(results: Results, kind: str, fault: str, *, many: bool, rest: bool) -> None:
    """No case of the group fails."""
    failures = results.failures(Group(kind, fault, many), rest=rest)
    assert not failures, "\n".join(failures)


def both(kind: str, faults: Iterable[str]) -> pytest.MarkDecorator:
    """Each of the faults with one target, and with twenty where that shows more.

    Representatives run in the default set, and the rest of the matrix with `script/test --all`.
    """
    parameters = [
        pytest.param(
            fault,
            many,
            rest,
            id=f"{fault}, {'twenty' if many else 'one'}{', the rest' if rest else ''}",
            marks=pytest.mark.slow if rest else (),
        )
        for rest in (False, True)
        for fault in faults
        for many in (False, True)
        if not many or (kind, fault) not in matrix.ALONE
    ]
    return pytest.mark.parametrize(("fault", "many", "rest"), parameters)


@both("each", matrix.TRANSIENT)
def test_each_request_fails_once(results: Results, fault: str, many: bool, rest: bool) -> None:
    """It is sent again within the run, which succeeds."""
    assert_well(results, "each", fault, many=many, rest=rest)


@both("once", matrix.ONCE)
def test_an_endpoint_makes_wait_once(results: Results, fault: str, many: bool, rest: bool) -> None:
    """For a limit, or beyond the time-out. The request is sent again, and the run succeeds."""
    assert_well(results, "once", fault, many=many, rest=rest)


@both("lasting", {**matrix.LASTING, **matrix.UNEXPECTED})
def test_an_endpoint_fails_for_good(results: Results, fault: str, many: bool, rest: bool) -> None:
    """The run fails and names the target; the other targets are written.

    The next run writes the failed one. A response that GitHub's API does not document is an error.
    """
    assert_well(results, "lasting", fault, many=many, rest=rest)


@both("late", matrix.LATE)
def test_an_endpoint_fails_after_all_was_fine(
    results: Results, fault: str, many: bool, rest: bool
) -> None:
    """From the last request on: what is read right before a write, and what is written last."""
    assert_well(results, "late", fault, many=many, rest=rest)


@both("limits", matrix.LIMITS)
def test_an_endpoint_is_limited_for_long(
    results: Results, fault: str, many: bool, rest: bool
) -> None:
    """The run ends with an error for all targets, and the next one writes the rest."""
    assert_well(results, "limits", fault, many=many, rest=rest)


@both("pages", [*matrix.PAGES, "no more of it"])
def test_a_page_repeats(results: Results, fault: str, many: bool, rest: bool) -> None:
    """Or is not there: the list is not read forever, and not taken for whole."""
    assert_well(results, "pages", fault, many=many, rest=rest)


def test_every_endpoint_meets_every_fault() -> None:
    """In runs of one target and of twenty. A new or a removed endpoint fails this test."""
    met: defaultdict[str, set[Group]] = defaultdict(set)
    for group, case in matrix.all_cases():
        if case.endpoint:
            met[f"{case.endpoint.method} {case.endpoint.route}"].add(group)
    every = {
        f"{method} {route}" for method, route in ROUTES if "/repositories/{rep" not in route[:20]
    }
    assert set(met) == every - UNUSED - OF_JOURNALS
    for endpoint, groups in met.items():
        for many in (False, True):
            assert Group("once", "429", many) in groups
            assert {Group("limits", fault, many) for fault in matrix.LIMITS} <= groups
            assert {Group("lasting", fault, many) for fault in LASTING} <= groups
            if endpoint.removeprefix("GET ") in PAGED:
                assert {Group("pages", fault, many) for fault in matrix.PAGES} <= groups
    assert {
        name.removeprefix("GET ")
        for name in met
        if Group("pages", "follows on itself", False) in met[name]
    } == PAGED


def test_the_quick_cases_have_every_fault_every_endpoint_and_every_scenario() -> None:
    """Each fault also with each HTTP method that it can have in the matrix."""
    full, quick = matrix.all_cases(), matrix.quick_cases()

    assert {group for group, _ in quick} == {group for group, _ in full}
    assert {matrix.request_of(case) for _, case in quick} == {
        matrix.request_of(case) for _, case in full
    }
    assert with_methods(quick) == with_methods(full)
    assert len(quick) < len(full) / 5


def with_methods(cases: Iterable[tuple[Group, Case]]) -> set[tuple[Group, str]]:
    """Each group with the methods of its requests."""
    return {(group, case.endpoint.method) for group, case in cases if case.endpoint}
