"""Publish a release: only the last steps are public, and a failed one is undone."""

from __future__ import annotations

from release.changelog import find_section
from release.commits import create_release_commit
from release.git import Git
from release.registry import Registry, root_descriptor
from release.releases import Releases
from release.settings import ReleaseError, Settings, parse_tag


def notes(settings: Settings, version: str) -> str:
    """The release notes: the section of CHANGELOG.md.

    Raises:
        ReleaseError: there is no such section.
    """
    section = find_section(settings.read("CHANGELOG.md"), version)
    if section is None:
        raise ReleaseError(f"CHANGELOG.md: there is no section of {version}")
    return section.entries


def push_image(settings: Settings) -> str:
    """Push the built image by digest, without a tag; return `IMAGE@sha256:DIGEST`."""
    registry = Registry(settings.image, settings.registry_login)
    return f"{settings.image}@{registry.push(settings.layout)}"


def publish(settings: Settings, tag: str) -> str:
    """Publish the image that was pushed as a release of GitHub, and move the tags.

    It can be repeated with the same image: what is done stays, and the rest is done then.

    Returns:
        The commit of the release.

    Raises:
        ReleaseError: nothing was published, or the release is published and only a tag is missing.
    """
    digest = _pushed_digest(settings)
    commit = create_release_commit(settings, f"{settings.image}@{digest}")
    if not Releases(settings).is_published(tag):
        _publish_release(settings, tag, commit)
    elif Git(settings).remote_tags(tag).get(tag) != commit:
        raise ReleaseError(
            f"the release {tag} already exists with another image; use a new version"
        )
    _tag_image(settings, tag, digest)
    _move_major_tag(settings, tag, commit)
    return commit


def _pushed_digest(settings: Settings) -> str:
    """The digest of the built image, which the registry must have."""
    digest = str(root_descriptor(settings.layout)["digest"])
    if Registry(settings.image, settings.registry_login).find_digest(digest) is None:
        raise ReleaseError(f"{settings.image}@{digest} does not exist; run `script/release push`")
    return digest


def _publish_release(settings: Settings, tag: str, commit: str) -> None:
    """Prepare a draft, move the version's tag to the release commit, and publish the draft."""
    git, releases = Git(settings), Releases(settings)
    previous = git.remote_tags(tag).get(tag)
    if previous not in (None, git.head(), commit):
        raise ReleaseError(f"the tag {tag} of {settings.remote} was moved to {previous}")
    draft = releases.create_draft(tag, notes(settings, tag.removeprefix("v")))
    releases.upload(draft, settings.sbom)
    if previous != commit:
        git.push_tag(tag, commit, previous=previous)
    try:
        releases.publish(draft)
    except ReleaseError as error:
        if not _was_published(releases, tag):
            _move_back(git, tag, commit, previous)
            raise ReleaseError(f"{error}\nnothing was published; run the job again") from error


def _was_published(releases: Releases, tag: str) -> bool:
    """Whether GitHub published the draft although its response was an error, or got lost."""
    try:
        return releases.is_published(tag)
    except ReleaseError:
        return False


def _move_back(git: Git, tag: str, commit: str, previous: str | None) -> None:
    """Undo the move of a tag. GitHub refuses it if the release was published after all."""
    # After an interrupted attempt, the tag was already at the release commit.
    before = git.head() if previous == commit else previous
    try:
        git.push_tag(tag, before, previous=commit)
    except ReleaseError as error:
        raise ReleaseError(
            f"{error}\nthe tag {tag} may point to {commit} without a release; "
            "look at the releases on GitHub, then run the job again"
        ) from error


def _tag_image(settings: Settings, tag: str, digest: str) -> None:
    """Tag the image with its version; actions do not use this tag, but people look for it."""
    version = tag.removeprefix("v")
    registry = Registry(settings.image, settings.registry_login)
    existing = registry.find_digest(version)
    if existing not in (None, digest):
        raise ReleaseError(f"{settings.image}:{version} already points to {existing}")
    if existing is None:
        registry.set_tag(digest, version)


def _move_major_tag(settings: Settings, tag: str, commit: str) -> None:
    """Move `v1` to the release, unless a higher version of the same major is released."""
    git, (major, *_) = Git(settings), parse_tag(tag)
    tags = git.remote_tags(f"v{major}.*")
    if max(map(parse_tag, filter(_is_version, tags))) > parse_tag(tag):
        return
    name = f"v{major}"
    previous = git.remote_tags(name).get(name)
    if previous != commit:
        git.push_tag(name, commit, previous=previous)


def _is_version(tag: str) -> bool:
    try:
        return bool(parse_tag(tag))
    except ReleaseError:
        return False
