"""Start a sandbox in its own process, and run a program against it."""

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
from benchmarks.processes import BenchError, Measurement

ROOT = Path(__file__).parents[1]
LATENCY_MS = 50
TOKEN = "sandbox-token"  # noqa: S105 - it is valid in the sandbox only


@dataclass(frozen=True)
class SandboxConfig:
    """The preset world, its number of repositories, and a write limit such as `80/6`."""

    world: str
    repositories: int
    limit: str | None = None


@dataclass(frozen=True)
class Run:
    """A program's measurement, its requests, and the stored secrets by target and name."""

    measurement: Measurement
    exchanges: tuple[Exchange, ...]
    secrets: Mapping[str, Mapping[str, str]]

    def exchanges_during(self, measurement: Measurement) -> tuple[Exchange, ...]:
        """The requests of one of several programs that ran one after another."""
        end = measurement.began + measurement.seconds
        return tuple(one for one in self.exchanges if measurement.began <= one.began <= end)

    @property
    def first_request(self) -> float:
        """Seconds from the start of the program to the arrival of its first request."""
        return min(one.began for one in self.exchanges) - self.measurement.began


def run_against_sandbox(config: SandboxConfig, program: Callable[[str, Path], Measurement]) -> Run:
    """Run a program against a new sandbox; it gets the URL and an empty folder.

    Raises:
        BenchError: the program or the sandbox failed.
    """
    with TemporaryDirectory() as name:
        folder = Path(name)
        record_file = folder / "record.json"
        with subprocess.Popen(
            _command(config, record_file), cwd=ROOT / "src", stdout=subprocess.PIPE, text=True
        ) as process:
            try:
                url = process.stdout.readline().strip() if process.stdout else ""
                measurement = program(url, folder)
            finally:
                process.send_signal(signal.SIGTERM)
        if process.returncode:
            raise BenchError(f"the sandbox failed with exit code {process.returncode}")
        record = json.loads(record_file.read_text(encoding="utf-8"))
        exchanges = tuple(map(Exchange.read, record["exchanges"]))
        return Run(measurement, exchanges, record["secrets"])


def _command(config: SandboxConfig, record_file: Path) -> list[str]:
    options = {
        "--world": config.world,
        "--repositories": str(config.repositories),
        "--latency": str(LATENCY_MS),
        "--record": str(record_file),
        **({"--limit-writes": config.limit} if config.limit else {}),
    }
    arguments = (text for option in options.items() for text in option)
    return [sys.executable, "-m", "github_sandbox", *arguments]
