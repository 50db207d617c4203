"""A registry on this machine: Debian's docker-registry in its own process."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import time
from pathlib import Path
from typing import Self

from benchmarks.processes import BenchError

PROGRAM = "docker-registry"
START_SECONDS = 10


def is_installed() -> bool:
    """Return whether the registry is in PATH."""
    return shutil.which(PROGRAM) is not None


class LocalRegistry:
    """Runs within a `with` block, on a free port of loopback, which Docker uses without TLS."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        with socket.create_server(("127.0.0.1", 0)) as server:
            self._port: int = server.getsockname()[1]

    @property
    def host(self) -> str:
        """The address that begins the name of an image."""
        return f"127.0.0.1:{self._port}"

    def __enter__(self) -> Self:
        config = self._folder / "registry.json"
        settings = {
            "version": "0.1",
            "log": {"level": "error"},
            "storage": {"filesystem": {"rootdirectory": str(self._folder / "registry")}},
            "http": {"addr": self.host},
        }
        config.write_text(json.dumps(settings), encoding="utf-8")
        with (self._folder / "registry.log").open("wb") as log:
            self._process = subprocess.Popen(
                [PROGRAM, "serve", str(config)], stdout=log, stderr=log
            )
        deadline = time.monotonic() + START_SECONDS
        while not self._listens():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self._process.kill()
                log_text = (self._folder / "registry.log").read_text(encoding="utf-8")
                raise BenchError(f"{PROGRAM} did not start:\n{log_text}")
            time.sleep(0.05)
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait()

    def _listens(self) -> bool:
        with socket.socket() as client:
            return client.connect_ex(("127.0.0.1", self._port)) == 0
