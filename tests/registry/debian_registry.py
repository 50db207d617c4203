"""CNCF Distribution's registry, as Debian packages it, in a process of its own."""

from __future__ import annotations

import hashlib
import json
import shutil
import socket
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

import requests

from registry.certificate_authority import Files

NEEDED = ("docker-registry", "htpasswd")
MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
START_SECONDS = 10


def missing() -> list[str]:
    """The programs of NEEDED that are not installed."""
    return [name for name in NEEDED if shutil.which(name) is None]


def passwords(folder: Path, users: Mapping[str, str]) -> dict[str, Any]:
    """The `auth` of a configuration with these users."""
    lines = [
        subprocess.run(
            ["htpasswd", "-nbBC4", user, password], check=True, capture_output=True, text=True
        ).stdout.strip()
        for user, password in users.items()
    ]
    file = folder / "htpasswd"
    file.write_text("\n".join(lines) + "\n")
    return {"htpasswd": {"realm": "a realm, with a comma", "path": str(file)}}


class DebianRegistry:
    """Runs within a `with` block, on a free port of loopback; keeps images in memory."""

    def __init__(self, folder: Path, auth: Mapping[str, Any], files: Files | None = None) -> None:
        self._folder = folder
        self._files = files
        self.port = _free_port()
        http: dict[str, Any] = {"addr": f"127.0.0.1:{self.port}"}
        if files:
            http["tls"] = {"certificate": str(files.certificate), "key": str(files.key)}
        self._settings = {
            "version": "0.1",
            "log": {"level": "error"},
            "storage": {"inmemory": {}},
            "http": http,
            "auth": dict(auth),
        }

    def __enter__(self) -> Self:
        config = self._folder / "config.yml"
        config.write_text(json.dumps(self._settings))
        with (self._folder / "log").open("wb") as log:
            self._process = subprocess.Popen(
                ["docker-registry", "serve", str(config)], stdout=log, stderr=log
            )
        deadline = time.monotonic() + START_SECONDS
        while not _listens(self.port):
            if self._process.poll() is not None or time.monotonic() > deadline:
                self._process.kill()
                raise AssertionError((self._folder / "log").read_text())
            time.sleep(0.02)
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait()

    @property
    def host(self) -> str:
        """`localhost:PORT`."""
        return f"localhost:{self.port}"

    def push(self, name: str, tag: str, authorization: str, bundle: Path) -> str:
        """Push a tiny image; return the digest of its manifest."""
        with requests.Session() as session:
            session.trust_env = False
            session.verify = str(bundle)
            session.headers["Authorization"] = authorization
            url = f"{'https' if self._files else 'http'}://{self.host}/v2/{name}"
            config = b'{"architecture":"amd64","os":"linux","rootfs":{"type":"layers"}}'
            layer = b"no layer, but some bytes of one"
            manifest = {
                "schemaVersion": 2,
                "mediaType": MANIFEST,
                "config": {
                    "mediaType": "application/vnd.docker.container.image.v1+json",
                    **_blob(session, url, config),
                },
                "layers": [
                    {
                        "mediaType": "application/vnd.docker.image.rootfs.diff.tar.gzip",
                        **_blob(session, url, layer),
                    }
                ],
            }
            headers = {"Content-Type": MANIFEST}
            body = json.dumps(manifest).encode()
            response = session.put(f"{url}/manifests/{tag}", data=body, headers=headers, timeout=5)
            response.raise_for_status()
            return response.headers["Docker-Content-Digest"]


def _blob(session: requests.Session, url: str, data: bytes) -> dict[str, object]:
    digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
    upload = session.post(f"{url}/blobs/uploads/", timeout=5)
    upload.raise_for_status()
    response = session.put(
        upload.headers["Location"], params={"digest": digest}, data=data, timeout=5
    )
    response.raise_for_status()
    return {"size": len(data), "digest": digest}


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
    return port


def _listens(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0
