"""Check that a tag can be released, before anything is built."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date

from release.action_files import IMAGE, MAIN_IMAGES
from release.changelog import find_section
from release.git import Git
from release.registry import Registry
from release.releases import Releases
from release.settings import ReleaseError, Settings, parse_tag


def check(settings: Settings, tag: str) -> None:
    """Check a tag; raise all errors at once.

    Raises:
        ReleaseError: one line for each error.
    """
    parse_tag(tag)
    checks: tuple[Callable[[Settings, str], Iterator[str]], ...] = (
        check_repository,
        check_version,
        check_changelog,
        check_actions,
        check_checkout,
        check_remote,
        check_release,
        check_image,
    )
    errors: list[str] = []
    for function in checks:
        try:
            errors += function(settings, tag)
        except ReleaseError as error:
            errors.append(str(error))
    if errors:
        raise ReleaseError("\n".join(errors))


def check_repository(settings: Settings, _: str) -> Iterator[str]:
    """The repository in pyproject.toml is the one whose workflow runs."""
    if settings.running_in.lower() not in ("", settings.repository.lower()):
        yield (
            f"pyproject.toml: project.urls.Repository is {settings.repository}, "
            f"but this is {settings.running_in}"
        )


def check_version(settings: Settings, tag: str) -> Iterator[str]:
    """The version in pyproject.toml is that of the tag."""
    if f"v{settings.version}" != tag:
        yield f"pyproject.toml: version is {settings.version}, but the tag is {tag}"


def check_changelog(settings: Settings, tag: str) -> Iterator[str]:
    """CHANGELOG.md has a section of the version, with a date and entries."""
    version = tag.removeprefix("v")
    heading = f"`## [{version}] - YYYY-MM-DD`"
    section = find_section(settings.read("CHANGELOG.md"), version)
    if section is None:
        yield f"CHANGELOG.md: there is no heading {heading}"
        return
    if not _is_date(section.date):
        yield f"CHANGELOG.md: the heading of {version} has no date; write {heading}"
    if not section.entries:
        yield f"CHANGELOG.md: the section of {version} is empty"


def check_actions(settings: Settings, _: str) -> Iterator[str]:
    """The action files build the image: a release fills in its name."""
    for path, expected in MAIN_IMAGES.items():
        if IMAGE.findall(settings.read(path)) != [expected]:
            value = expected.partition(" ")[0]
            yield f"{path}: `image` must be {value}; run `script/release action-yml --main`"


def check_checkout(settings: Settings, tag: str) -> Iterator[str]:
    """The work tree is clean, and the tag points to the commit that is checked out."""
    git = Git(settings)
    for line in git.changes():
        yield f"the work tree is not clean: {line.strip()}"
    commit, head = git.local_tag(tag), git.head()
    if commit is None:
        yield f"the tag {tag} does not exist; create it with `git tag {tag}`"
    elif commit != head:
        yield f"the tag {tag} points to {commit}, but {head} is checked out"


def check_remote(settings: Settings, tag: str) -> Iterator[str]:
    """The remote has no tag of this name at another commit."""
    git = Git(settings)
    commit, head = git.remote_tags(tag).get(tag), git.head()
    if commit not in (None, head):
        yield (
            f"the tag {tag} of {settings.remote} points to {commit}, not to {head}: "
            "it was released or moved; use a new version"
        )


def check_release(settings: Settings, tag: str) -> Iterator[str]:
    """GitHub has no release of this tag, except for drafts."""
    if Releases(settings).is_published(tag):
        yield f"the release {tag} already exists; use a new version"


def check_image(settings: Settings, tag: str) -> Iterator[str]:
    """The registry has no image of this version."""
    version = tag.removeprefix("v")
    digest = Registry(settings.image, settings.registry_login).find_digest(version)
    if digest is not None:
        yield f"the image {settings.image}:{version} already exists ({digest}); use a new version"


def _is_date(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False
