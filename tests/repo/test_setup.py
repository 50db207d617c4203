"""`script/setup`, with a package index of its own."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from zipfile import ZipFile

import pytest

from repo.documents import ROOT

NAMES = ("first", "second")
PIP_SECONDS = 4  # longer than the interval of the messages


def build_wheel(folder: Path, name: str) -> Path:
    """A wheel with one empty module."""
    path = folder / f"{name}-1.0-py3-none-any.whl"
    with ZipFile(path, "w") as wheel:
        wheel.writestr(f"{name}.py", "")
        info = f"{name}-1.0.dist-info"
        wheel.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        wheel.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        wheel.writestr(f"{info}/RECORD", "")
    return path


@pytest.fixture
def index(tmp_path: Path) -> Iterator[str]:
    """The URL of a slow index with two packages."""
    files: Mapping[str, bytes] = {
        f"/{name}/": f'<a href="{build_wheel(tmp_path, name).name}">{name}</a>'.encode()
        for name in NAMES
    } | {
        f"/{path.parts[-1].split('-')[0]}/{path.name}": path.read_bytes()
        for path in tmp_path.glob("*.whl")
    }

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            time.sleep(PIP_SECONDS if self.path == f"/{NAMES[0]}/" else 0)
            content = files.get(self.path)
            self.send_response(404 if content is None else 200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(content or b"")

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def run_setup(checkout: Path, index: str) -> subprocess.CompletedProcess[str]:
    """Run `script/setup test` with an index instead of PyPI."""
    environ = {"PATH": os.environ["PATH"], "HOME": str(checkout), "PIP_INDEX_URL": index}
    return subprocess.run(
        ["script/setup", "test"],
        cwd=checkout,
        env={**environ, "PIP_CONFIG_FILE": os.devnull, "NO_PROXY": "127.0.0.1"},
        capture_output=True,
        check=False,
        text=True,
        timeout=120,
    )


@pytest.mark.slow
def test_setup_says_what_it_does(tmp_path: Path, index: str) -> None:
    """A message every three seconds, all on standard error; the error of pip, if it fails."""
    checkout = tmp_path / "checkout"
    for folder in ("script", "requirements"):
        (checkout / folder).mkdir(parents=True)
    shutil.copy(ROOT / "script" / "setup", checkout / "script")
    hashes = {
        name: hashlib.sha256((tmp_path / f"{name}-1.0-py3-none-any.whl").read_bytes()).hexdigest()
        for name in NAMES
    }
    lock = checkout / "requirements" / "test.txt"
    lock.write_text("".join(f"{n}==1.0 \\\n    --hash=sha256:{h}\n" for n, h in hashes.items()))

    installed = run_setup(checkout, index)

    assert (installed.returncode, installed.stdout) == (0, ""), installed.stderr
    creating, *ticks, done = re.sub(r"\d+ s", "N s", installed.stderr).splitlines()
    assert re.fullmatch(
        r"Creating a virtual environment in \.venv \(Python 3\.\d+\.\d+\w*\)", creating
    )
    assert set(ticks) == {
        "Installing the 2 packages of requirements/test.txt in .venv",
        "  ... N s",
    }
    assert done == ".venv is up to date with requirements/test.txt (N s)"

    again = run_setup(checkout, index)
    assert (again.returncode, again.stdout, again.stderr) == (0, "", "")

    lock.write_text(lock.read_text() + "third==1.0 --hash=sha256:" + "0" * 64 + "\n")
    failed = run_setup(checkout, index)
    assert failed.returncode == 1
    assert "third==1.0" in failed.stderr
    assert failed.stderr.endswith("script/setup: pip failed\n")
