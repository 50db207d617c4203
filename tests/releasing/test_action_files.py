"""The two forms of the action files and of the reusable workflow."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from release.action_files import (
    MAIN_IMAGES,
    is_reusable,
    pin_actions,
    pin_workflow,
    set_image,
    unpin_actions,
)
from releasing.checkout import FILES
from repo.documents import PROJECT, ROOT

TEXTS = {path: (ROOT / path).read_text(encoding="utf-8") for path in MAIN_IMAGES}
REFERENCE = f"ghcr.io/octo-org/codespaces-registry-secrets@sha256:{'ab' * 32}"
COMMIT = "0123456789" * 4
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


def test_every_action_of_the_repository_has_both_forms() -> None:
    """No action file is left out of a release."""
    files = [ROOT / "action.yml", *(ROOT / ".github" / "actions").rglob("action.y*ml")]
    assert {str(path.relative_to(ROOT)) for path in files} == MAIN_IMAGES.keys()


@pytest.mark.parametrize("path", MAIN_IMAGES)
def test_main_builds_the_image_of_the_tree(path: str) -> None:
    """So `uses: ./` tests the tree."""
    image = yaml.safe_load(TEXTS[path])["runs"]["image"]
    assert ((ROOT / path).parent / image).resolve() == ROOT / "Dockerfile"


@pytest.mark.parametrize("path", MAIN_IMAGES)
def test_a_release_names_the_image_by_digest(path: str) -> None:
    """It changes nothing else, and main's form can be restored."""
    pinned = pin_actions(TEXTS, REFERENCE)
    before, after = yaml.safe_load(TEXTS[path]), yaml.safe_load(pinned[path])
    assert after["runs"].pop("image") == f"docker://{REFERENCE}"
    del before["runs"]["image"]
    assert after == before
    assert unpin_actions(pinned) == TEXTS


@pytest.mark.parametrize(
    "reference",
    [
        "ghcr.io/octo-org/codespaces-registry-secrets:0.1.0",
        REFERENCE[:-1],
        REFERENCE.replace("octo-org", "Octo-Org"),
        f"{REFERENCE} # comment",
        f"{REFERENCE}\n",
        f"docker://{REFERENCE}",
    ],
)
def test_an_image_without_a_digest_is_refused(reference: str) -> None:
    """A tag can be moved to another image."""
    with pytest.raises(ValueError, match="is not IMAGE@sha256:DIGEST"):
        pin_actions(TEXTS, reference)


@pytest.mark.parametrize("text", ["runs:\n  using: node24\n", TEXTS["action.yml"] * 2])
def test_a_file_without_exactly_one_image_is_refused(text: str) -> None:
    """A release must not keep an image that is built elsewhere."""
    with pytest.raises(ValueError, match="needs one line"):
        set_image(text, "Dockerfile")


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_a_reusable_workflow_of_a_release_names_a_commit(path: Path) -> None:
    """In each `uses` of this repository; those of others stay."""
    text = path.read_text(encoding="utf-8")
    pinned = pin_workflow(text, PROJECT, f"{COMMIT} # v0.1.0")
    assert is_reusable(text) == ("workflow_call" in yaml.safe_load(text)[True])
    own = [line.strip() for line in pinned.splitlines() if f"uses: {PROJECT}" in line]
    assert all(line.endswith(f"@{COMMIT} # v0.1.0") for line in own)
    assert len(own) == text.count(f"uses: {PROJECT}")
    assert pin_workflow(pinned, PROJECT, "v0") == text
    assert bool(own) == is_reusable(text)


@pytest.mark.parametrize("arguments", [[], [REFERENCE, "--main"], ["ghcr.io/a/b:tag"]])
def test_the_command_refuses_other_arguments(tmp_path: Path, arguments: list[str]) -> None:
    """It changes no file."""
    process = run_command(tmp_path, *arguments)
    assert process.returncode == 1
    assert process.stderr.startswith("script/release: ")
    assert (tmp_path / "action.yml").read_text() == TEXTS["action.yml"]


def test_the_command_writes_both_forms(tmp_path: Path) -> None:
    """To the files of the checkout."""
    assert run_command(tmp_path, REFERENCE).returncode == 0
    texts = {path: (tmp_path / path).read_text() for path in MAIN_IMAGES}
    assert texts == pin_actions(TEXTS, REFERENCE)
    assert run_command(tmp_path, "--main", copy=False).returncode == 0
    assert {path: (tmp_path / path).read_text() for path in MAIN_IMAGES} == TEXTS


def run_command(
    folder: Path, *arguments: str, copy: bool = True
) -> subprocess.CompletedProcess[str]:
    """Run `script/release action-yml` in a copy of the files."""
    for name in FILES if copy else ():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes((ROOT / name).read_bytes())
    command = [sys.executable, "-P", "-m", "release", "action-yml", *arguments]
    env = {"PYTHONPATH": str(ROOT / "src")}
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, check=False, text=True)
