"""`script/release --dry-run`: a whole release on this machine, with a finished image."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from release.dry_run import copy_layout
from release.sbom import REMOVED, write_sbom
from release.settings import Settings
from releasing.checkout import TAG, git
from repo.documents import ROOT
from repo.project import locked


def run_release(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run `script/release` in a checkout, without its installation of packages."""
    command = [sys.executable, "-P", "-m", "release", *arguments]
    environ = {"PYTHONPATH": str(ROOT / "src"), "PATH": "/usr/bin:/bin:/usr/local/bin"}
    return subprocess.run(
        command, cwd=root, env=environ, capture_output=True, check=False, text=True
    )


@pytest.mark.registry
def test_a_dry_run_shows_what_a_release_publishes(project: Settings, layout: Path) -> None:
    """It changes nothing here."""
    head = git(project.root, "rev-parse", "HEAD")
    digest = json.loads((layout / "index.json").read_text())["manifests"][0]["digest"]
    process = run_release(project.root, "--dry-run", TAG, "--image", str(layout))

    assert process.returncode == 0, process.stderr
    lines = [re.split(" +", line, maxsplit=1) for line in process.stdout.splitlines()]
    values = dict(lines)
    assert [name for name, _ in lines] == [
        *("check", "build", "build", "push", "publish", "tag", "tag", "action.yml", "release")
    ]
    assert values["push"].endswith(f"@{digest}")
    assert values["action.yml"] == f"image: docker://{values['push']}"
    assert values["tag"] == f"{TAG} is at {values['publish']}"
    assert git(project.root, "status", "--porcelain", "--ignored") == ""
    assert git(project.root, "for-each-ref", "--format=%(refname) %(objectname)") == (
        f"refs/heads/main {head}\nrefs/tags/{TAG} {head}"
    )


@pytest.mark.registry
def test_a_dry_run_needs_no_tag(project: Settings, layout: Path) -> None:
    """It tags its own copy, so a release can be tried before its tag exists."""
    git(project.root, "tag", "--delete", TAG)
    process = run_release(project.root, "--dry-run", TAG, "--image", str(layout))
    assert process.returncode == 0, process.stderr
    assert git(project.root, "tag") == ""


@pytest.mark.parametrize("tag", ["v0.1", "v0.2.0"])
@pytest.mark.registry
def test_a_dry_run_reports_errors(project: Settings, layout: Path, tag: str) -> None:
    """Without a traceback."""
    process = run_release(project.root, "--dry-run", tag, "--image", str(layout))
    assert process.returncode == 1
    assert {line.split(": ")[0] for line in process.stderr.splitlines()} == {"script/release"}


def test_a_dry_run_of_a_dirty_tree_is_refused(project: Settings, layout: Path) -> None:
    """Its copy would not have the changes."""
    (project.root / "new.py").write_text("")
    process = run_release(project.root, "--dry-run", TAG, "--image", str(layout))
    assert (process.returncode, process.stderr) == (
        1,
        "script/release: the work tree is not clean: ?? new.py\n",
    )


def test_the_notes_are_the_section_of_the_changelog(project: Settings) -> None:
    """Up to the next heading of a version."""
    assert run_release(project.root, "notes", "0.1.0").stdout == (
        "### Added\n\n- The first version.\n"
    )
    assert run_release(project.root, "notes", "0.0.9").stdout == "- An older one.\n"
    process = run_release(project.root, "notes", "0.3.0")
    assert (process.returncode, process.stderr) == (
        1,
        "script/release: CHANGELOG.md: there is no section of 0.3.0\n",
    )


def test_the_sbom_has_every_package_of_the_image(project: Settings, layout: Path) -> None:
    """With version, purl and, from the lock, hashes; the same lock gives the same file."""
    copy_layout(layout, project)
    write_sbom(project)
    document = json.loads(project.sbom.read_text())
    components = document["components"]
    assert document["bomFormat"] == "CycloneDX"
    assert document["metadata"]["component"]["name"] == "codespaces-registry-secrets"
    assert document["metadata"]["component"]["version"] == "0.1.0"
    python = [one for one in components if one["purl"].startswith("pkg:pypi/")]
    assert {component["name"].lower() for component in python} == locked("action") - REMOVED
    assert all(component["version"] in component["purl"] for component in python)
    assert [one["purl"] for one in components if one not in python] == [
        "pkg:deb/debian/zlib1g@1:1.3%2Breally1.3.1-1?arch=amd64&distro=trixie",
        "pkg:generic/python@3.13.5",
    ]
    assert '"SHA-256"' in json.dumps(components)
    assert "timestamp" not in document["metadata"]
    assert "serialNumber" not in document


def test_a_login_is_not_shown(project: Settings) -> None:
    """Not in the text of the settings, which a traceback can have."""
    environ = {
        "RELEASE_TOKEN": "of-a-release",
        "REGISTRY_USERNAME": "octocat",
        "REGISTRY_PASSWORD": "of-a-registry",
    }
    settings = Settings.from_environment(project.root, environ)
    assert settings.release_token == "of-a-release"
    assert settings.registry_login == ("octocat", "of-a-registry")
    assert "of-a" not in repr(settings)
