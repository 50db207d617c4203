"""The fault matrix: every endpoint by every fault, in runs of one target and of twenty."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import product
from typing import TypeAlias

from end_to_end.faults.runs import Case, Endpoint, baseline
from end_to_end.faults.scenarios import SCENARIOS, Scenario
from github_sandbox import Fault

HALF_JSON = '{"total_count": 3, "secr'
SECONDARY_LIMIT = '{"message": "You have exceeded a secondary rate limit."}'
SOON, LATER = {"retry-after": "1"}, {"retry-after": "3600"}
RESET = {"x-ratelimit-remaining": "0", "x-ratelimit-reset": str(int(time.time()))}

TRANSIENT = {
    "500": Fault(status=500),
    "502": Fault(status=502),
    "dropped before": Fault(drop=True),
    "dropped after": Fault(drop=True, when="after"),
    "dropped midway": Fault(status=None, tear=True),
}
SLOW = {"slow": Fault(status=None, delay=1.5)}  # the time-out is 1 s in these tests
ONCE = {
    "429": Fault(status=429, headers=SOON),
    "403": Fault(status=403, headers=SOON, body=SECONDARY_LIMIT),
    "403 with a reset": Fault(status=403, headers=RESET),
    **SLOW,
}
LASTING = {**TRANSIENT, **SLOW, "broken JSON": Fault(status=200, body=HALF_JSON)}
# Responses that the API does not document.
UNEXPECTED = {
    "broken JSON after": Fault(status=200, body=HALF_JSON, when="after"),
    "HTML": Fault(status=200, body="<html>Unicorn!</html>"),
    "nothing": Fault(status=200, body=""),
    "another shape": Fault(status=200, body="[]"),
    "a 403 of another shape": Fault(status=403, body="[1]"),
    "no key": Fault(status=200, body='{"key_id": "1", "key": "bm8ga2V5"}'),
}
LIMITS = {
    "429": Fault(status=429, headers=LATER),
    "403": Fault(status=403, headers=LATER, body=SECONDARY_LIMIT),
}
PAGES = {
    "follows on itself": Fault(status=None, repeat="itself"),
    "as the one before": Fault(status=None, repeat="items"),
    "as the first, forever": Fault(status=None, repeat="forever"),
}
WITHOUT_LINK = Fault(status=None, headers={"Link": ""})
# Faults after a first success: some lists are read again right before they are sent.
LATE = {
    "500": LASTING["500"],
    "broken JSON": LASTING["broken JSON"],
    "a page that repeats": PAGES["as the one before"],
}
# Faults for which runs of twenty targets show nothing more than runs of one.
ALONE = {
    ("each", "dropped midway"),
    ("once", "403"),
    ("once", "403 with a reset"),
    ("once", "slow"),
    ("lasting", "dropped midway"),
    *(("lasting", fault) for fault in UNEXPECTED),
    *(("late", fault) for fault in LATE),
}


# Scenario, method and route.
Request: TypeAlias = tuple[str, str, str]


@dataclass(frozen=True)
class Group:
    """What one test checks: a kind of fault, the fault, and whether there are twenty targets."""

    kind: str
    fault: str
    many: bool


def all_cases() -> list[tuple[Group, Case]]:
    """Return the whole matrix: every fault at every endpoint of every scenario."""
    return [
        (Group(kind, fault, many), replace(case, many=many))
        for scenario, many in product(SCENARIOS, (False, True))
        for kind, fault, case in _cases(scenario, many=many)
        if not many or (kind, fault) not in ALONE
    ]


def quick_cases() -> list[tuple[Group, Case]]:
    """Return the representatives of the matrix that run on every push.

    Two rules choose them. Each fault, with one target and with twenty, runs once with each HTTP
    method, because reads, writes and deletions are handled by different code: at the request that
    was chosen least often so far, so that faults spread over requests. After that, each request of
    a scenario that no fault chose runs with the first fault of the matrix that it can have.
    """
    cases = all_cases()
    chosen: dict[int, None] = {}
    times: Counter[Request] = Counter()
    by_fault: dict[tuple[Group, str], list[int]] = {}
    by_request: dict[Request, list[int]] = {}
    for number, (group, case) in enumerate(cases):
        method = case.endpoint.method if case.endpoint else ""
        by_fault.setdefault((group, method), []).append(number)
        by_request.setdefault(request_of(case), []).append(number)
    for candidates in by_fault.values():
        number = min(candidates, key=lambda number: times[request_of(cases[number][1])])
        chosen[number] = None
        times[request_of(cases[number][1])] += 1
    for request, candidates in by_request.items():
        if not times[request]:
            chosen[candidates[0]] = None
    return [cases[number] for number in sorted(chosen)]


def request_of(case: Case) -> Request:
    """Return the scenario and the request that a case is about; empty for each request of a run."""
    endpoint = case.endpoint
    return (
        case.scenario.name,
        endpoint.method if endpoint else "",
        endpoint.route if endpoint else "",
    )


def _cases(scenario: Scenario, *, many: bool) -> Iterator[tuple[str, str, Case]]:
    # The other targets of a run request most of the endpoints already.
    if scenario.target not in {
        other.target for other in earlier_scenarios(scenario) if many or scenario.late
    }:
        for name, fault in TRANSIENT.items():
            yield "each", name, Case(scenario, replace(fault, each=True))
    for endpoint in own_endpoints(scenario):
        if not scenario.late:
            yield from _common_faults(scenario, endpoint)
        for name, fault in LATE.items() if endpoint.times > 1 else ():
            late = endpoint.fails(fault, times=None, nth=endpoint.times)
            if fault.repeat is None:
                yield "late", name, Case.failing(scenario, late, endpoint)
    yield from _pages(scenario)


def earlier_scenarios(scenario: Scenario) -> tuple[Scenario, ...]:
    """Return the scenarios that come earlier in `SCENARIOS`."""
    return SCENARIOS[: SCENARIOS.index(scenario)]


def own_endpoints(scenario: Scenario, *, small_pages: bool = False) -> list[Endpoint]:
    """Return the endpoints whose faults this scenario tests."""
    earlier = {
        (endpoint.method, endpoint.route)
        for other in earlier_scenarios(scenario)
        for endpoint in baseline(other).endpoints
    }
    used = baseline(scenario, small_pages=small_pages).endpoints
    return [
        endpoint
        for endpoint in used
        if endpoint.route in scenario.again or (endpoint.method, endpoint.route) not in earlier
    ]


def _common_faults(scenario: Scenario, endpoint: Endpoint) -> Iterator[tuple[str, str, Case]]:
    """Yield the faults of an endpoint that fail once or from the first request on."""
    for name, fault in ONCE.items():
        yield "once", name, Case(scenario, endpoint.fails(fault), endpoint)
    for name, fault in {**LASTING, **_unexpected(endpoint)}.items():
        yield "lasting", name, Case.failing(scenario, endpoint.fails(fault, times=None), endpoint)
    for name, fault in LIMITS.items():
        case = Case(scenario, endpoint.fails(fault, times=None), endpoint, "limited")
        yield "limits", name, case


def _unexpected(endpoint: Endpoint) -> Mapping[str, Fault]:
    """Return the undocumented responses for an endpoint, without those that it may return."""
    faults = dict(UNEXPECTED)
    if endpoint.method == "GET":  # executes nothing
        del faults["broken JSON after"]
    if not endpoint.route.endswith("/public-key"):
        del faults["no key"]
    if endpoint.route.endswith(("/repos", "/values")):
        faults["another shape"] = replace(faults["another shape"], body="{}")
    return faults


def _pages(scenario: Scenario) -> Iterator[tuple[str, str, Case]]:
    """Yield the faults of a paginated list: a page repeats, at once or later, or pages are missing."""
    usual = {
        (endpoint.method, endpoint.route): endpoint.times for endpoint in own_endpoints(scenario)
    }
    for endpoint in own_endpoints(scenario, small_pages=True):
        further = endpoint.times - usual[endpoint.method, endpoint.route]
        for name, fault in PAGES.items() if further else ():
            repeated = endpoint.fails(fault, times=None)
            if fault.repeat == "items":
                repeated = replace(repeated, path=endpoint.pattern_of_further_pages)
                late = replace(repeated, nth=further)
                yield (
                    "late",
                    "a page that repeats",
                    Case.failing(scenario, late, endpoint, small_pages=True),
                )
            yield "pages", name, Case.failing(scenario, repeated, endpoint, small_pages=True)
        if further and endpoint.counted:
            short = endpoint.fails(WITHOUT_LINK, times=None)
            yield (
                "pages",
                "no more of it",
                Case.failing(scenario, short, endpoint, small_pages=True),
            )
