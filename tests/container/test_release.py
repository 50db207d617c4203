"""The image of a release: built from a pinned base, pushed, and pulled by its digest."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from release.dry_run import choose_build, run_steps
from release.git import Git
from release.registry import Registry
from release.sbom import write_sbom
from release.services import local_services
from release.settings import Settings
from releasing.checkout import CHANGELOG, FILES, TAG, git
from repo.documents import ROOT

BUILD_INPUTS = (
    ".dockerignore",
    "entrypoint.py",
    "script/copy-python",
    "script/precompile",
    "script/strip-symbols",
    "src/codespaces_registry_secrets",
)
INSTALLED = """
from importlib.metadata import distributions
for one in distributions():
    print(one.name, one.version)
"""
NOT_COPIED = shutil.ignore_patterns("__pycache__")


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A checkout with all files that the image is built from."""
    root = tmp_path_factory.mktemp("release") / "project"
    for name in (*FILES, *BUILD_INPUTS):
        source, copy = ROOT / name, root / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, copy, ignore=NOT_COPIED)
        else:
            shutil.copy(source, copy)
    (root / "CHANGELOG.md").write_text(CHANGELOG)
    git(root, "init", "--quiet", "--initial-branch", "main")
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--message", "Prepare the release")
    git(root, "tag", TAG)
    return Settings(root)


@pytest.fixture(scope="module")
def released(
    checkout: Settings, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Settings, str]]:
    """Release the checkout to this machine, and pull the image; yields its name with the digest."""
    with local_services(checkout, tmp_path_factory.mktemp("services")) as (settings, _):
        run_steps(settings, TAG, (choose_build(settings, None), write_sbom), print)
        action = Git(settings).show(Git(settings).remote_tags(TAG)[TAG], "action.yml")
        [reference] = re.findall(r"image: docker://(.+)", action)
        docker("pull", "--quiet", reference)
        yield settings, reference
        docker("rmi", reference)


def docker(*arguments: str) -> str:
    """Run docker, and return its output."""
    process = subprocess.run(["docker", *arguments], capture_output=True, check=False, text=True)
    assert process.returncode == 0, process.stderr
    return process.stdout


def test_the_labels_name_commit_and_base(
    released: tuple[Settings, str], inspect: Callable[[str], Any], base: str
) -> None:
    """The base by the digest that its registry had for the tag."""
    settings, reference = released
    name, _, tag = base.partition(":")
    digest = Registry(f"{settings.docker_hub}/library/{name}").find_digest(tag)
    labels = inspect(reference)["Config"]["Labels"]
    prefix = "org.opencontainers.image"
    assert labels[f"{prefix}.version"] == "0.1.0"
    assert labels[f"{prefix}.revision"] == Git(settings).head()
    assert labels[f"{prefix}.source"] == f"https://github.com/{settings.repository}"
    assert labels[f"{prefix}.base.name"] == f"docker.io/library/{base}"
    assert labels[f"{prefix}.base.digest"] == digest is not None


def test_the_released_image_is_that_of_the_tree(
    released: tuple[Settings, str], image: str, inspect: Callable[[str], Any]
) -> None:
    """The same configuration as the image that script/image builds, except for the labels."""
    ours, theirs = inspect(released[1])["Config"], inspect(image)["Config"]
    assert ours["Entrypoint"] == theirs["Entrypoint"]
    assert ours["Env"] == theirs["Env"]
    assert len(ours["Labels"]) > len(theirs["Labels"])


def test_the_sbom_lists_the_packages_in_the_image(released: tuple[Settings, str]) -> None:
    """Each with its version, without those that the Dockerfile removes again; and the libraries."""
    settings, reference = released
    python = "/opt/venv/bin/python"
    listed = docker("run", "--rm", "--entrypoint", python, reference, "-I", "-c", INSTALLED)
    installed = {tuple(line.split()) for line in listed.lower().splitlines()}
    components = json.loads(settings.sbom.read_text())["components"]
    locked = [one for one in components if one["purl"].startswith("pkg:pypi/")]
    assert {(one["name"].lower(), one["version"].lower()) for one in locked} == {
        (re.sub("[-_.]+", "-", name), version) for name, version in installed
    }
    other = {one["name"] for one in components if one not in locked}
    assert {"python", "libc6", "libssl3t64", "zlib1g"} < other


def test_the_released_image_runs(released: tuple[Settings, str], tmp_path: Path) -> None:
    """Without inputs, the Action reports what is missing."""
    command = ["docker", "run", "--rm", "--volume", f"{tmp_path}:/github/workspace", released[1]]
    process = subprocess.run(command, capture_output=True, check=False, text=True)
    assert process.returncode == 1
    assert "::error" in process.stdout
