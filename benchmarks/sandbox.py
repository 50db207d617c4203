"""A sandbox in its own process, and a piece of work against it."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.exchanges import Exchange
from benchmarks.processes import BenchError, Timed

ROOT = Path(__file__).parents[1]
LATENCY_MS = 50
TOKEN = "sandbox-token"  # noqa: S105 - it opens nothing but a sandbox


@dataclass(frozen=True)
class Site:
    """Which world, of how many repositories; `limit` is such as `80/6`, writes in any seconds."""

    world: str
    repositories: int
    limit: str | None = None


@dataclass(frozen=True)
class Run:
    """A piece of work, what was asked meanwhile, and the secrets afterwards by target and name."""

    timed: Timed
    exchanges: tuple[Exchange, ...]
    secrets: Mapping[str, Mapping[str, str]]

    @property
    def first_request(self) -> float:
        """Seconds from the start of the program to the arrival of its first request."""
        return min(one.began for one in self.exchanges) - self.timed.began


def against(site: Site, work: Callable[[str, Path], Timed]) -> Run:
    """Do a piece of work against a new world: it gets the URL and a folder of its own.

    Raises:
        BenchError: the work failed, or the sandbox did.
    """
    with TemporaryDirectory() as name:
        folder = Path(name)
        record = folder / "record.json"
        with subprocess.Popen(
            _command(site, record), cwd=ROOT / "src", stdout=subprocess.PIPE, text=True
        ) as process:
            try:
                url = process.stdout.readline().strip() if process.stdout else ""
                done = work(url, folder)
            finally:
                process.send_signal(signal.SIGTERM)
        if process.returncode:
            raise BenchError(f"the sandbox ended with {process.returncode}")
        found = json.loads(record.read_text(encoding="utf-8"))
        return Run(done, tuple(map(Exchange.read, found["exchanges"])), found["secrets"])


def _command(site: Site, record: Path) -> list[str]:
    options = {
        "--world": site.world,
        "--repositories": str(site.repositories),
        "--latency": str(LATENCY_MS),
        "--record": str(record),
        **({"--limit-writes": site.limit} if site.limit else {}),
    }
    given = (text for option in options.items() for text in option)
    return [sys.executable, "-m", "github_sandbox", *given]
