"""Part (f): what it costs to read which images the dev containers of an organization pull."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from benchmarks.action import Action
from benchmarks.exchanges import count_by_kind
from benchmarks.processes import BenchError
from benchmarks.progress import log_progress
from benchmarks.report import Goal, Part, Row
from benchmarks.sandbox import Run, SandboxConfig
from benchmarks.workloads import ORGANIZATION, Workload, build_spec

COUNTS = (1_000, 5_000)
MAX_QUERIES = 40  # for 1,000 repositories
POINTS_PER_HOUR = 5_000  # of a user; each of these queries costs one point
SELECTION = 'repositories: {include: ["*"], devcontainer: true}'
NOTE = (
    "An organization whose triplet selects the repositories that pull from its registry: of four "
    "repositories, one has an image, one a Dockerfile beside its devcontainer.json, one a "
    "Dockerfile elsewhere, and one a Compose file elsewhere that builds. `queries`: requests to "
    "GraphQL, which cost one point each, because they have no connections. `other requests`: pages "
    "of the organization's repositories, of its secrets, its key, and the writes. `file by file`: "
    "the requests that the contents API would take."
)
FILES_READ = {0: 2, 1: 3, 2: 3, 3: 4}  # by the kind of the repository


def run_part(action: Action, *, quick: bool) -> Part:
    """Measure each number of repositories once; `quick` leaves out the largest."""
    runs: dict[int, Run] = {}
    for count in COUNTS[:1] if quick else COUNTS:
        log_progress(f"(f) {count:,} repositories")
        runs[count] = action.run_once(create_workload(count))
        if ORGANIZATION not in runs[count].secrets:
            raise BenchError("the triplet was not stored")
    rows = [build_row(count, run) for count, run in runs.items()]
    return Part("(f) Dev containers", rows, list(build_goals(runs)), NOTE)


def create_workload(count: int) -> Workload:
    """Create a triplet of an organization for the repositories whose dev containers need it."""
    spec = build_spec([ORGANIZATION], SELECTION)
    sandbox = SandboxConfig("dev-containers", count)
    return Workload(f"{count:,} dev containers", sandbox, spec, {}, (ORGANIZATION,))


def count_queries(run: Run) -> int:
    """The requests to GraphQL."""
    return count_by_kind(run.exchanges)["queries"].requests


def build_row(count: int, run: Run) -> Row:
    """Build the row of a run with this number of repositories."""
    queries = count_queries(run)
    return {
        "repositories": count,
        "queries": queries,
        "other requests": len(run.exchanges) - queries,
        "file by file": sum(FILES_READ[number % len(FILES_READ)] for number in range(count)),
        "received, MB": sum(exchange.received for exchange in run.exchanges) / 1e6,
        "seconds": run.measurement.seconds,
        "memory, MB": run.measurement.peak / 1e6,
    }


def build_goals(runs: Mapping[int, Run]) -> Iterator[Goal]:
    """Build the goals from the runs by their number of repositories."""
    first, largest = COUNTS
    yield Goal(f"{first:,} repositories: queries", count_queries(runs[first]), MAX_QUERIES)
    points = count_queries(runs[largest]) if largest in runs else None
    yield Goal(f"{largest:,} repositories: points", points, POINTS_PER_HOUR, "", "--quick")
