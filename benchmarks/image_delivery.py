"""A part of part (d): the time to the first request, of a built and of a pulled image."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks import local_registry
from benchmarks.action import prepare_step
from benchmarks.docker_images import BaseCopy, inspect, pull, push, remove
from benchmarks.local_registry import LocalRegistry
from benchmarks.processes import BenchError, Measurement, measure
from benchmarks.progress import log_progress
from benchmarks.report import Goal, Row
from benchmarks.sandbox import ROOT, run_against_sandbox
from benchmarks.workloads import new_at_repositories
from image_build.dockerfile import BASE

NO_DOCKER = "cannot connect to the Docker daemon"
NO_REGISTRY = "docker-registry is not installed (Debian: apt install docker-registry)"
QUICK = "left out by --quick"
MEASUREMENTS = tuple(
    f"{way} image, base {state}: first request"
    for state in ("present", "absent")
    for way in ("built", "pulled")
)
LARGEST_RATIO = 0.25
MEGABYTE = 1_000_000
# What Docker prints about a layer that it need not download.
PRESENT = "Already exists"


def measure_delivery(*, quick: bool) -> Iterator[tuple[Row, Goal | None]]:
    """Measure both ways, with and without the base; a goal comes with each pulled image."""
    reason = find_obstacle(quick=quick)
    seconds = dict.fromkeys(MEASUREMENTS) if reason else measure_all()
    for built, pulled in zip(MEASUREMENTS[::2], MEASUREMENTS[1::2], strict=True):
        first, second = seconds[built], seconds[pulled]
        state = built.partition(", ")[2].partition(":")[0]
        ratio = second / first if first and second else None
        note = reason or f"a base of {inspect(BASE)['Size'] / MEGABYTE:.0f} MB"
        yield _row(built, first, note), None
        goal = Goal(f"pulled / built, {state}", ratio, LARGEST_RATIO, reason=reason)
        yield _row(pulled, second, note), goal


def find_obstacle(*, quick: bool) -> str:
    """Return why the times cannot be measured; an empty text if they can."""
    if quick:
        return QUICK
    try:
        subprocess.run(["docker", "version"], capture_output=True, check=True)
    except (FileNotFoundError, subprocess.CalledProcessError):
        return NO_DOCKER
    return "" if local_registry.is_installed() else NO_REGISTRY


def measure_all() -> dict[str, float | None]:
    """Measure the seconds from the start of the build or the pull to the first request.

    In between, what was built and pulled is removed from Docker, and for two of them also the base.
    """
    built_present, pulled_present, built_absent, pulled_absent = MEASUREMENTS
    with TemporaryDirectory() as name, LocalRegistry(Path(name)) as registry:
        image = f"{registry.host}/image"
        log_progress("(d) image: copying the base")
        with BaseCopy(BASE, registry.host, Path(name)) as base:
            build = partial(_build, image, base.reference)
            seconds: dict[str, float | None] = {built_present: _measure(built_present, build)}
            reference = push(image)
            remove(image)
            base.remove_built()
            seconds[pulled_present] = _measure(pulled_present, partial(_pull, reference))
            remove(reference)
            base.remove()
            seconds[pulled_absent] = _measure(pulled_absent, partial(_pull, reference))
            remove(reference)
            seconds[built_absent] = _measure(built_absent, build)
            remove(image)
    return seconds


def _measure(name: str, get_image: Callable[[Path], str]) -> float:
    """Measure until the Action's first request arrives at a sandbox."""
    log_progress(f"(d) {name}")

    def run_step(url: str, folder: Path) -> Measurement:
        began = time.monotonic()
        _run_action(get_image(folder), url, folder)
        return Measurement(began, time.monotonic() - began, 0)

    return run_against_sandbox(new_at_repositories(1).sandbox, run_step).first_request


def _build(image: str, base: str, folder: Path) -> str:
    options = ["--no-cache", "--network", "host", "--build-arg", f"BASE={base}", "--tag", image]
    measure(["docker", "build", *options, str(ROOT)], os.environ, folder)
    return image


def _pull(reference: str, folder: Path) -> str:
    """Pull an image, all of whose layers Docker must download."""
    if PRESENT in pull(reference, folder):
        raise BenchError("Docker has kept layers of the image, so pulling it cannot be measured")
    return reference


def _run_action(image: str, url: str, folder: Path) -> None:
    """Run a step in a container, on the host's network, where the sandbox is."""
    variables = prepare_step(new_at_repositories(1), url, folder)
    options = ["--rm", "--network", "host", "--volume", f"{folder}:{folder}", "--workdir", folder]
    for name in variables.keys() - {"PATH"}:
        options += ["--env", f"{name}={variables[name]}"]
    measure(["docker", "run", *map(str, options), image], os.environ, folder)


def _row(name: str, figure: float | None, note: str) -> Row:
    return {"measurement": name, "figure": figure, "unit": "s", "note": note}
