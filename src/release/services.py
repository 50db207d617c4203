"""What a dry run publishes to: a container registry, a bare repository and a sandbox of GitHub."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

from github_sandbox import Sandbox, World
from release.settings import ReleaseError, Settings

TOKEN = "dry-run"  # noqa: S105 - the sandbox accepts it, and nothing else does
START_SECONDS = 10


@contextmanager
def local_services(settings: Settings, folder: Path) -> Iterator[tuple[Settings, Sandbox]]:
    """Start them in a folder; yield the settings that publish to them, and the sandbox."""
    bare = folder / "remote.git"
    _git("clone", "--quiet", "--bare", str(settings.root), str(bare))
    with ExitStack() as stack:
        host = stack.enter_context(serve_registry(folder))
        sandbox = stack.enter_context(Sandbox(create_world(settings.repository)))
        yield (
            replace(
                settings,
                registry=host,
                docker_hub=host,
                remote=str(bare),
                api_url=sandbox.url,
                release_token=TOKEN,
                registry_login=None,
            ),
            sandbox,
        )


def create_world(repository: str) -> World:
    """A GitHub with one repository, and a token that can create releases."""
    world, owner = World(), repository.partition("/")[0]
    world.add_organization(owner)
    world.add_repository(repository)
    world.add_actions_token(TOKEN, repository=repository, permissions={"contents": "write"})
    return world


@contextmanager
def serve_registry(folder: Path) -> Iterator[str]:
    """Run `docker-registry` on a free port of loopback, and yield `localhost:PORT`."""
    if shutil.which("docker-registry") is None:
        raise ReleaseError("a dry run needs docker-registry (Debian: docker-registry)")
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = int(server.getsockname()[1])
    settings = {
        "version": "0.1",
        "log": {"level": "error", "accesslog": {"disabled": True}},
        "storage": {"filesystem": {"rootdirectory": str(folder / "registry")}},
        "http": {"addr": f"127.0.0.1:{port}"},
    }
    config = folder / "registry.yml"
    config.write_text(json.dumps(settings))  # JSON is YAML
    with (folder / "registry.log").open("wb") as log:
        process = subprocess.Popen(
            ["docker-registry", "serve", str(config)], stdout=log, stderr=log
        )
    try:
        _wait_for(port)
        yield f"localhost:{port}"
    finally:
        process.terminate()
        process.wait()


def copy_base(base: str, host: str) -> None:
    """Push the daemon's copy of a base image to the local registry, which stands for Docker Hub."""
    copy = f"{host}/library/{base}"
    try:
        for arguments in (("tag", base, copy), ("push", "--quiet", copy), ("rmi", copy)):
            subprocess.run(["docker", *arguments], check=True, capture_output=True, text=True)
    except FileNotFoundError as error:
        raise ReleaseError("a dry run needs docker, or an image with --image") from error
    except subprocess.CalledProcessError as error:
        raise ReleaseError(f"docker: {error.stderr.strip()}") from error


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.02)
        else:
            return
    raise ReleaseError("docker-registry did not start")


def _git(*arguments: str) -> None:
    process = subprocess.run(["git", *arguments], capture_output=True, check=False, text=True)
    if process.returncode:
        raise ReleaseError(f"git {arguments[0]}: {process.stderr.strip()}")
