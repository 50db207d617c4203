"""The releases of one repository, with their assets."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from itertools import count

from github_sandbox.accounts import Account
from github_sandbox.errors import invalid, not_found

_ids = count(7001)  # GitHub's ids of releases and assets are unique across repositories


@dataclass(frozen=True)
class Asset:
    """A file of a release."""

    id: int
    name: str
    content: bytes
    content_type: str
    created_at: datetime


@dataclass(frozen=True)
class Release:
    """A release, or a draft without `published_at`."""

    id: int
    author: Account
    tag_name: str
    target: str
    name: str
    body: str
    created_at: datetime
    published_at: datetime | None = None
    assets: tuple[Asset, ...] = ()

    @property
    def draft(self) -> bool:
        """Whether it is not published."""
        return self.published_at is None


class ReleaseStore:
    """Drafts and releases. A published one is immutable, as if the repository had that setting."""

    def __init__(self) -> None:
        self._releases: dict[int, Release] = {}

    def list(self) -> list[Release]:
        """All drafts and releases, newest first."""
        return sorted(self._releases.values(), key=lambda release: -release.id)

    def find(self, release_id: int) -> Release:
        """The release with this id.

        Raises:
            ApiError: 404 if there is none.
        """
        if release_id not in self._releases:
            raise not_found()
        return self._releases[release_id]

    def find_tag(self, tag: str) -> Release | None:
        """The published release of a tag; None if there is none."""
        return next((one for one in self.list() if one.tag_name == tag and not one.draft), None)

    def create(
        self, author: Account, tag: str, *, target: str, name: str, body: str, now: datetime
    ) -> Release:
        """Create a draft."""
        release = Release(next(_ids), author, tag, target, name, body, now)
        self._releases[release.id] = release
        return release

    def publish(self, release: Release, now: datetime) -> Release:
        """Publish a draft; a published release stays as it is.

        Raises:
            ApiError: 422 if another release has the tag.
        """
        other = self.find_tag(release.tag_name)
        if other is not None and other.id != release.id:
            raise invalid("tag_name", "already exists", code="already_exists", resource="Release")
        published = replace(release, published_at=release.published_at or now)
        self._releases[release.id] = published
        return published

    def add_asset(
        self, release: Release, name: str, content: bytes, kind: str, now: datetime
    ) -> Asset:
        """Add a file to a draft.

        Raises:
            ApiError: 422 for a release that is published, and for a name that exists.
        """
        if not release.draft:
            why = "Cannot upload assets to an immutable release."
            raise invalid("release", why, resource="ReleaseAsset")
        if any(asset.name == name for asset in release.assets):
            raise invalid("name", "already exists", code="already_exists", resource="ReleaseAsset")
        asset = Asset(next(_ids), name, content, kind, now)
        self._releases[release.id] = replace(release, assets=(*release.assets, asset))
        return asset

    def delete(self, release: Release) -> None:
        """Delete a draft or a release."""
        del self._releases[release.id]
