"""A client for one image of a container registry: find a digest, push an OCI layout, set a tag.

Source: the OCI Distribution Specification, 1.1.
"""

from __future__ import annotations

import hashlib
import json
import re
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import requests

from release.settings import ReleaseError

INDEX_TYPES = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
)
MANIFEST_TYPES = (
    *INDEX_TYPES,
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)
TIMEOUT = (10, 300)  # seconds to connect, and between two bytes; a registry checks a large layer
PARAMETER = re.compile(r'(\w+)="([^"]*)"')


class Registry:
    """Sends requests for one image, `HOST/NAME`; with a login if it has one."""

    def __init__(self, image: str, login: tuple[str, str] | None = None) -> None:
        self._host, _, self._name = image.partition("/")
        is_loopback = self._host.partition(":")[0] in {"localhost", "127.0.0.1"}
        self._base = f"{'http' if is_loopback else 'https'}://{self._host}/v2/{self._name}/"
        self._login = login
        self._authorization: str | tuple[str, str] | None = None
        self._session = requests.Session()
        self._session.trust_env = not is_loopback  # no proxy can reach this machine

    def find_digest(self, reference: str) -> str | None:
        """The digest of a tag or a digest; None if it does not exist."""
        headers = {"Accept": ", ".join(MANIFEST_TYPES)}
        response = self._request("HEAD", f"manifests/{reference}", headers=headers)
        if response.status_code == requests.codes.not_found:
            return None
        self._check(response, requests.codes.ok)
        return str(response.headers["Docker-Content-Digest"])

    def push(self, layout: Path) -> str:
        """Push the image of an OCI layout by its digest, without a tag; return the digest.

        What the registry already has is not sent again. The manifest comes last, so nothing can be
        pulled until all is there.
        """
        descriptor = root_descriptor(layout)
        self._push_manifest(layout, descriptor)
        return str(descriptor["digest"])

    def set_tag(self, digest: str, tag: str) -> None:
        """Let a tag point to a manifest that the registry has."""
        headers = {"Accept": ", ".join(MANIFEST_TYPES)}
        manifest = self._request("GET", f"manifests/{digest}", headers=headers)
        self._check(manifest, requests.codes.ok)
        if f"sha256:{hashlib.sha256(manifest.content).hexdigest()}" != digest:
            raise ReleaseError(f"{self._host} returned another manifest than {digest}")
        headers = {"Content-Type": manifest.headers["Content-Type"]}
        response = self._request("PUT", f"manifests/{tag}", data=manifest.content, headers=headers)
        self._check(response, requests.codes.created)

    def _push_manifest(self, layout: Path, descriptor: dict[str, Any]) -> None:
        raw = blob(layout, descriptor).read_bytes()
        manifest = json.loads(raw)
        if descriptor["mediaType"] in INDEX_TYPES:
            for child in manifest["manifests"]:
                self._push_manifest(layout, child)
        else:
            for part in (manifest["config"], *manifest["layers"]):
                self._push_blob(blob(layout, part), part["digest"])
        headers = {"Content-Type": descriptor["mediaType"]}
        path = f"manifests/{descriptor['digest']}"
        self._check(self._request("PUT", path, data=raw, headers=headers), requests.codes.created)

    def _push_blob(self, file: Path, digest: str) -> None:
        if self._request("HEAD", f"blobs/{digest}").status_code == requests.codes.ok:
            return
        upload = self._request("POST", "blobs/uploads/")
        self._check(upload, requests.codes.accepted)
        response = self._request(
            "PUT", upload.headers["Location"], params={"digest": digest}, file=file
        )
        self._check(response, requests.codes.created)

    def _request(
        self, method: str, path: str, *, file: Path | None = None, **options: Any
    ) -> requests.Response:
        """Send a request; after a 401, log in as the registry asks, and send it again."""
        response = self._send(method, path, file, **options)
        if response.status_code == requests.codes.unauthorized:
            self._authorization = self._log_in(response.headers.get("WWW-Authenticate", ""))
            response = self._send(method, path, file, **options)
        return response

    def _send(self, method: str, path: str, file: Path | None, **options: Any) -> requests.Response:
        headers = {**options.pop("headers", {})}
        if isinstance(self._authorization, str):
            headers["Authorization"] = self._authorization
        else:
            options["auth"] = self._authorization
        with ExitStack() as files:
            if file:
                options["data"] = files.enter_context(file.open("rb"))
                headers["Content-Type"] = "application/octet-stream"
            try:
                return self._session.request(
                    method, urljoin(self._base, path), headers=headers, timeout=TIMEOUT, **options
                )
            except requests.RequestException as error:
                raise ReleaseError(f"{self._host}: {method} {path}: {error}") from error

    def _log_in(self, challenge: str) -> str | tuple[str, str] | None:
        """Answer a challenge: with the login itself, or with a token of the token server.

        Source: distribution.github.io, "Token Authentication Specification".
        """
        if not challenge.lower().startswith("bearer "):
            return self._login
        parameters = dict(PARAMETER.findall(challenge))
        realm = parameters.pop("realm", "")
        if not realm.startswith("https://") and not self._base.startswith("http://"):
            raise ReleaseError(f"{self._host}: the token server {realm!r} is not https")
        try:
            response = self._session.get(
                realm, params=parameters, auth=self._login, timeout=TIMEOUT
            )
        except requests.RequestException as error:
            raise ReleaseError(f"{self._host}: token server: {error}") from error
        self._check(response, requests.codes.ok)
        body = response.json()
        return f"Bearer {body.get('token') or body['access_token']}"

    def _check(self, response: requests.Response, expected: int) -> None:
        if response.status_code != expected:
            request = response.request
            raise ReleaseError(
                f"{self._host}: {request.method} {request.path_url.partition('?')[0]} returned "
                f"{response.status_code}: {response.text.strip()[:500]}"
            )


def root_descriptor(layout: Path) -> dict[str, Any]:
    """The descriptor of the only image of an OCI layout."""
    index = json.loads((layout / "index.json").read_text(encoding="utf-8"))
    descriptors = index["manifests"]
    if len(descriptors) != 1:
        raise ReleaseError(f"{layout} has {len(descriptors)} images; a release has one")
    descriptor: dict[str, Any] = descriptors[0]
    return descriptor


def blob(layout: Path, descriptor: dict[str, Any]) -> Path:
    """The file of a blob in an OCI layout."""
    return layout / "blobs" / str(descriptor["digest"]).replace(":", "/")
