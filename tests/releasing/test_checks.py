"""What a release refuses before it builds anything."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from release.checks import check
from release.settings import ReleaseError, Settings
from releasing.checkout import TAG, git

pytestmark = pytest.mark.registry


def edit(root: Path, name: str, old: str, new: str) -> None:
    """Replace a text in a file."""
    file = root / name
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


def commit(root: Path, name: str, old: str, new: str) -> None:
    """Replace a text in a file, commit it and move the tag there, here and at the remote."""
    edit(root, name, old, new)
    git(root, "commit", "--quiet", "--all", "--message", "Edit")
    git(root, "tag", "--force", TAG)


CASES: dict[str, tuple[Callable[[Path], object], str]] = {
    "another version": (
        lambda root: commit(root, "pyproject.toml", 'version = "0.1.0"', 'version = "0.2.0"'),
        "pyproject.toml: version is 0.2.0, but the tag is v0.1.0",
    ),
    "no heading": (
        lambda root: commit(root, "CHANGELOG.md", "## [0.1.0] - 2026-12-01", "## [0.1.1]"),
        "CHANGELOG.md: there is no heading `## [0.1.0] - YYYY-MM-DD`",
    ),
    "no date": (
        lambda root: commit(root, "CHANGELOG.md", " - 2026-12-01", ""),
        "CHANGELOG.md: the heading of 0.1.0 has no date; write `## [0.1.0] - YYYY-MM-DD`",
    ),
    "an impossible date": (
        lambda root: commit(root, "CHANGELOG.md", "2026-12-01", "2026-13-01"),
        "CHANGELOG.md: the heading of 0.1.0 has no date; write `## [0.1.0] - YYYY-MM-DD`",
    ),
    "no entries": (
        lambda root: commit(root, "CHANGELOG.md", "### Added\n\n- The first version.\n", ""),
        "CHANGELOG.md: the section of 0.1.0 is empty",
    ),
    "an action that names an image": (
        lambda root: commit(root, "action.yml", "image: Dockerfile", "image: docker://alpine"),
        "action.yml: `image` must be Dockerfile; run `script/release action-yml --main`",
    ),
    "a changed file": (
        lambda root: edit(root, "Dockerfile", "FROM", "FROM  "),
        "the work tree is not clean: M Dockerfile",
    ),
    "a new file": (
        lambda root: (root / "new.py").write_text(""),
        "the work tree is not clean: ?? new.py",
    ),
    "no tag": (
        lambda root: git(root, "tag", "--delete", TAG),
        f"the tag {TAG} does not exist; create it with `git tag {TAG}`",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_a_checkout_that_is_not_ready_is_refused(local: Settings, case: str) -> None:
    """With the reason, and nothing else; the remote has no tag yet."""
    change, message = CASES[case]
    git(Path(local.remote), "tag", "--delete", TAG)
    change(local.root)

    with pytest.raises(ReleaseError) as caught:
        # The settings read pyproject.toml once, so these are new.
        check(replace(local), TAG)

    assert str(caught.value) == message


def test_a_tag_on_another_commit_is_refused(local: Settings) -> None:
    """Here, and at the remote."""
    old = git(local.root, "rev-parse", "HEAD")
    git(local.root, "commit", "--quiet", "--allow-empty", "--message", "Later")
    head = git(local.root, "rev-parse", "HEAD")

    with pytest.raises(ReleaseError) as caught:
        check(local, TAG)

    here, there = str(caught.value).splitlines()
    assert here == f"the tag {TAG} points to {old}, but {head} is checked out"
    assert there.startswith(f"the tag {TAG} of {local.remote} points to {old}, not to {head}")


def test_an_annotated_tag_is_accepted(local: Settings) -> None:
    """It points to the commit through an object of its own."""
    git(local.root, "tag", "--force", "--annotate", "--message", "Release", TAG)
    git(local.root, "push", "--quiet", "--force", local.remote, TAG)

    check(local, TAG)


def test_all_errors_are_reported_at_once(local: Settings) -> None:
    """Also if a server cannot be reached."""
    edit(local.root, "CHANGELOG.md", " - 2026-12-01", "")
    broken = replace(
        local, registry="localhost:1", api_url="http://localhost:1", running_in="octo-org/fork"
    )

    with pytest.raises(ReleaseError) as caught:
        check(broken, TAG)

    lines = str(caught.value).splitlines()
    assert [line.split(":")[0] for line in lines] == [
        "pyproject.toml",
        "CHANGELOG.md",
        "the work tree is not clean",
        "GitHub's releases",
        "localhost",
    ]


@pytest.mark.parametrize(
    "tag", ["0.1.0", "v0.1", "v0.1.0-rc.1", "v0.1.0\n", "v01.0.0", "v0.1.0;id", ""]
)
def test_a_tag_that_is_no_exact_version_is_refused(local: Settings, tag: str) -> None:
    """Before anything else is looked at."""
    with pytest.raises(ReleaseError, match=r"a version tag looks like v1\.2\.3"):
        check(local, tag)
