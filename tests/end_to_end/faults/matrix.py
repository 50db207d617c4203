"""The matrix: every endpoint by every fault, in runs of one target and of twenty."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import product

from end_to_end.faults.runs import Cell, Clean, Endpoint, clean
from end_to_end.faults.scenes import SCENES, Scene
from github_sandbox import Fault

HALF_JSON = '{"total_count": 3, "secr'
SECONDARY = '{"message": "You have exceeded a secondary rate limit."}'
SOON, LATER = {"retry-after": "1"}, {"retry-after": "3600"}
RESET = {"x-ratelimit-remaining": "0", "x-ratelimit-reset": str(int(time.time()))}

PASSING = {
    "500": Fault(status=500),
    "502": Fault(status=502),
    "dropped before": Fault(drop=True),
    "dropped after": Fault(drop=True, when="after"),
    "dropped midway": Fault(status=None, tear=True),
}
SLOW = {"slow": Fault(status=None, delay=1.5)}  # a request may take 1 s here
ONCE = {
    "429": Fault(status=429, headers=SOON),
    "403": Fault(status=403, headers=SOON, body=SECONDARY),
    "403 with a reset": Fault(status=403, headers=RESET),
    **SLOW,
}
LASTING = {**PASSING, **SLOW, "broken JSON": Fault(status=200, body=HALF_JSON)}
# More that is not GitHub's.
ODD = {
    "broken JSON after": Fault(status=200, body=HALF_JSON, when="after"),
    "HTML": Fault(status=200, body="<html>Unicorn!</html>"),
    "nothing": Fault(status=200, body=""),
    "another shape": Fault(status=200, body="[]"),
    "a refusal of another shape": Fault(status=403, body="[1]"),
    "no key": Fault(status=200, body='{"key_id": "1", "key": "bm8ga2V5"}'),
}
LIMITS = {
    "429": Fault(status=429, headers=LATER),
    "403": Fault(status=403, headers=LATER, body=SECONDARY),
}
PAGES = {
    "follows on itself": Fault(status=None, repeat="itself"),
    "as the one before": Fault(status=None, repeat="items"),
    "as the first, forever": Fault(status=None, repeat="forever"),
}
NO_MORE = Fault(status=None, headers={"Link": ""})
# What comes after all was fine: some lists are read again right before they are sent.
LATE = {
    "500": LASTING["500"],
    "broken JSON": LASTING["broken JSON"],
    "a page that repeats": PAGES["as the one before"],
}
# One target shows what these have to show.
ALONE = {
    ("each", "dropped midway"),
    ("once", "403"),
    ("once", "403 with a reset"),
    ("once", "slow"),
    ("lasting", "dropped midway"),
    *(("lasting", fault) for fault in ODD),
    *(("late", fault) for fault in LATE),
}


@dataclass(frozen=True)
class Case:
    """What a test is about: a kind of fault, which one, and whether there are twenty targets."""

    kind: str
    fault: str
    crowded: bool


def cells() -> Iterator[tuple[Case, Cell, Clean]]:
    """Every cell, and the run without a fault that it is measured by."""
    for scene, crowded in product(SCENES, (False, True)):
        measure = clean(scene, crowded=crowded)
        for kind, fault, cell in _of(scene, crowded=crowded):
            if not crowded or (kind, fault) not in ALONE:
                yield Case(kind, fault, crowded), replace(cell, crowded=crowded), measure


def _of(scene: Scene, *, crowded: bool) -> Iterator[tuple[str, str, Cell]]:
    # In a crowd the others ask for most of what there is.
    if scene.target not in {other.target for other in before(scene) if crowded or scene.late}:
        for name, fault in PASSING.items():
            yield "each", name, Cell(scene, replace(fault, each=True))
    for endpoint in own(scene):
        if not scene.late:
            yield from _usual(scene, endpoint)
        for name, fault in LATE.items() if endpoint.times > 1 else ():
            late = endpoint.fails(fault, times=None, nth=endpoint.times)
            if fault.repeat is None:
                yield "late", name, Cell.red(scene, late, endpoint)
    yield from _pages(scene)


def before(scene: Scene) -> tuple[Scene, ...]:
    """The scenes that come first."""
    return SCENES[: SCENES.index(scene)]


def own(scene: Scene, *, small_pages: bool = False) -> list[Endpoint]:
    """The endpoints that are tried in a scene."""
    known = {(one.method, one.route) for other in before(scene) for one in clean(other).endpoints}
    used = clean(scene, small_pages=small_pages).endpoints
    return [one for one in used if one.route in scene.again or (one.method, one.route) not in known]


def _usual(scene: Scene, endpoint: Endpoint) -> Iterator[tuple[str, str, Cell]]:
    """An endpoint that fails once, or from the first request on."""
    for name, fault in ONCE.items():
        yield "once", name, Cell(scene, endpoint.fails(fault), endpoint)
    for name, fault in {**LASTING, **_odd(endpoint)}.items():
        yield "lasting", name, Cell.red(scene, endpoint.fails(fault, times=None), endpoint)
    for name, fault in LIMITS.items():
        cell = Cell(scene, endpoint.fails(fault, times=None), endpoint, "limited")
        yield "limits", name, cell


def _odd(endpoint: Endpoint) -> Mapping[str, Fault]:
    """What is odd for an endpoint: not another time, and not what it may say."""
    odd = dict(ODD)
    if endpoint.method == "GET":  # nothing is carried out
        del odd["broken JSON after"]
    if not endpoint.route.endswith("/public-key"):
        del odd["no key"]
    if endpoint.route.endswith(("/repos", "/values")):
        odd["another shape"] = replace(odd["another shape"], body="{}")
    return odd


def _pages(scene: Scene) -> Iterator[tuple[str, str, Cell]]:
    """A list of which a page repeats, at once or late; or of which GitHub counts more than comes."""
    usual = {(one.method, one.route): one.times for one in own(scene)}
    for endpoint in own(scene, small_pages=True):
        further = endpoint.times - usual[endpoint.method, endpoint.route]
        for name, fault in PAGES.items() if further else ():
            spoilt = endpoint.fails(fault, times=None)
            if fault.repeat == "items":
                spoilt = replace(spoilt, path=endpoint.pattern_of_further_pages)
                late = replace(spoilt, nth=further)
                yield (
                    "late",
                    "a page that repeats",
                    Cell.red(scene, late, endpoint, small_pages=True),
                )
            yield "pages", name, Cell.red(scene, spoilt, endpoint, small_pages=True)
        if further and endpoint.counted:
            short = endpoint.fails(NO_MORE, times=None)
            yield "pages", "no more of it", Cell.red(scene, short, endpoint, small_pages=True)
