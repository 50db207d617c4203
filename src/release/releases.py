"""GitHub's releases: a draft, its assets, and its publication.

Source: docs.github.com/rest/releases.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import requests

from release.settings import ReleaseError, Settings

TIMEOUT = (10, 60)


class Releases:
    """The releases of the project's repository."""

    def __init__(self, settings: Settings) -> None:
        self._url = f"{settings.api_url}/repos/{settings.repository}/releases"
        self._session = requests.Session()
        self._session.headers["Accept"] = "application/vnd.github+json"
        self._session.headers["X-GitHub-Api-Version"] = "2022-11-28"
        # Only a sandbox is not https, and no proxy can reach it.
        self._session.trust_env = settings.api_url.startswith("https://")
        if settings.release_token:
            self._session.headers["Authorization"] = f"Bearer {settings.release_token}"

    def is_published(self, tag: str) -> bool:
        """Whether there is a release of a tag that is not a draft."""
        url = f"{self._url}/tags/{tag}"
        return bool(self._request("GET", url, accepted=(200, 404)).ok)

    def create_draft(self, tag: str, notes: str) -> dict[str, Any]:
        """Create a draft, which only maintainers see; delete older drafts of the same tag.

        An older draft is left from an attempt that failed.
        """
        for release in self._list():
            if release["tag_name"] == tag and release["draft"]:
                self._request("DELETE", release["url"], accepted=(204,))
        body = {"tag_name": tag, "name": tag, "body": notes, "draft": True}
        draft: dict[str, Any] = self._request("POST", self._url, (201,), json=body).json()
        return draft

    def upload(self, release: dict[str, Any], file: Path) -> None:
        """Upload a JSON file as an asset of a draft."""
        url = str(release["upload_url"]).partition("{")[0]
        headers = {"Content-Type": "application/json"}
        options = {"params": {"name": file.name}, "data": file.read_bytes(), "headers": headers}
        self._request("POST", url, (201,), **options)

    def publish(self, release: dict[str, Any]) -> None:
        """Publish a draft. With immutable releases, tag and assets cannot change afterwards."""
        self._request("PATCH", release["url"], (200,), json={"draft": False})

    def _list(self) -> list[dict[str, Any]]:
        """The newest hundred releases and drafts, which include those of a failed attempt."""
        response = self._request("GET", self._url, (200,), params={"per_page": "100"})
        releases: list[dict[str, Any]] = response.json()
        return releases

    def _request(
        self, method: str, url: str, accepted: tuple[int, ...], **options: Any
    ) -> requests.Response:
        try:
            response = self._session.request(method, url, timeout=TIMEOUT, **options)
        except requests.RequestException as error:
            raise ReleaseError(f"GitHub's releases: {method}: {error}") from error
        if response.status_code not in accepted:
            raise ReleaseError(
                f"GitHub's releases: {method} {url} returned {response.status_code}: "
                f"{response.text.strip()[:500]}"
            )
        return response
