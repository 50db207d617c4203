"""The labels of the image say only what is true of a build."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from image_build.labels import describe_base, describe_checkout, describe_time

DIGEST = f"sha256:{'0' * 64}"
OTHER = f"sha256:{'1' * 64}"


def git(root: Path, *arguments: str) -> str:
    """Run git as somebody, without the settings of this machine."""
    command = ["git", "-C", str(root), "-c", "user.name=n", "-c", "user.email=e@example.org"]
    process = subprocess.run([*command, *arguments], capture_output=True, check=True, text=True)
    return process.stdout.strip()


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A repository with one commit of version 1.2.3."""
    git(tmp_path, "init", "--quiet")
    (tmp_path / "pyproject.toml").write_text('[project]\nversion = "1.2.3"\n')
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "--quiet", "--message", "Add")
    return tmp_path


def test_a_commit_that_is_not_published_has_only_its_hash(checkout: Path) -> None:
    """Nobody finds it at GitHub."""
    git(checkout, "remote", "add", "origin", "https://github.com/octo-org/fork.git")
    assert dict(describe_checkout(checkout)) == {"revision": git(checkout, "rev-parse", "HEAD")}


@pytest.mark.parametrize(
    "remote",
    [
        "https://github.com/octo-org/fork",
        "https://github.com/octo-org/fork.git",
        "git@github.com:octo-org/fork.git",
        "ssh://git@github.com/octo-org/fork.git",
    ],
)
def test_a_published_commit_has_the_source_it_was_cloned_from(checkout: Path, remote: str) -> None:
    """Also that of a fork, instead of the project's."""
    git(checkout, "remote", "add", "origin", remote)
    git(checkout, "update-ref", "refs/remotes/origin/main", "HEAD")
    assert dict(describe_checkout(checkout))["source"] == "https://github.com/octo-org/fork"


@pytest.mark.parametrize(
    "remote", ["https://token@github.com/a/b", "https://github.com.example.org/a/b", "/a/folder"]
)
def test_another_remote_is_no_source(checkout: Path, remote: str) -> None:
    """A path of this machine or a token must not be in an image."""
    git(checkout, "remote", "add", "origin", remote)
    git(checkout, "update-ref", "refs/remotes/origin/main", "HEAD")
    assert "source" not in dict(describe_checkout(checkout))


def test_only_the_tagged_commit_is_the_version(checkout: Path) -> None:
    """A later commit has the same version in pyproject.toml."""
    git(checkout, "tag", "v1.2.4")
    assert "version" not in dict(describe_checkout(checkout))
    git(checkout, "tag", "v1.2.3")
    assert dict(describe_checkout(checkout))["version"] == "1.2.3"
    git(checkout, "commit", "--quiet", "--allow-empty", "--message", "Go on")
    assert "version" not in dict(describe_checkout(checkout))


@pytest.mark.parametrize("file", ["pyproject.toml", "new.py"])
def test_a_changed_checkout_is_no_commit(checkout: Path, file: str) -> None:
    """A changed and a new file."""
    git(checkout, "tag", "v1.2.3")
    with (checkout / file).open("a") as changed:
        changed.write("\n")
    assert dict(describe_checkout(checkout)) == {}


def test_a_folder_without_git_has_no_labels(tmp_path: Path) -> None:
    """Such as the archive of a release, and what GitHub's runner downloads."""
    assert dict(describe_checkout(tmp_path)) == {}


def test_a_folder_in_another_checkout_has_no_labels(checkout: Path) -> None:
    """The commit would be that of another project."""
    folder = checkout / "vendored"
    folder.mkdir()
    (folder / "pyproject.toml").write_text('[project]\nversion = "1.2.3"\n')
    git(checkout, "add", ".")
    git(checkout, "commit", "--quiet", "--message", "Copy")
    git(checkout, "tag", "v1.2.3")
    assert dict(describe_checkout(folder)) == {}


@pytest.mark.parametrize(
    ("base", "name"),
    [
        ("python:3.13-slim-trixie", "docker.io/library/python:3.13-slim-trixie"),
        ("octo-org/python:3", "docker.io/octo-org/python:3"),
        ("localhost:5000/python:3", "localhost:5000/python:3"),
        ("ghcr.io/octo-org/python", "ghcr.io/octo-org/python"),
    ],
)
def test_a_base_from_a_registry_has_its_full_name_and_digest(base: str, name: str) -> None:
    """Of its own repository, if the image has several."""
    repository = base.removesuffix(":3").removesuffix(":3.13-slim-trixie")
    digests = [f"example.org/python@{OTHER}", f"{repository}@{DIGEST}"]
    labels = {"base.name": name, "base.digest": DIGEST}
    assert dict(describe_base(base, digests)) == labels
    assert dict(describe_base(f"{base}@{DIGEST}", digests)) == labels


def test_a_base_that_was_built_here_has_no_labels() -> None:
    """Its tag can be that of an image which it is not."""
    assert dict(describe_base("python:3.13-slim-trixie", [])) == {}
    assert dict(describe_base("python:3.13", [f"example.org/python@{DIGEST}"])) == {}
    assert dict(describe_base(f"python:3.13@{DIGEST}", [f"python@{OTHER}"])) == {}


def test_the_time_is_the_one_that_is_set() -> None:
    """Without it, two builds have the same labels."""
    assert dict(describe_time({"SOURCE_DATE_EPOCH": "1700000000"})) == {
        "created": "2023-11-14T22:13:20Z"
    }
    assert dict(describe_time({})) == {}
