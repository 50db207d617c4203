"""release.yml runs the steps of a release in order, with no more permissions than they need."""

from __future__ import annotations

import re
from typing import Any

import yaml

from repo.documents import PAGES, ROOT, rows, section

TEXT = (ROOT / ".github" / "workflows" / "release.yml").read_text(encoding="utf-8")
WORKFLOW: dict[Any, Any] = yaml.safe_load(TEXT)
JOBS = WORKFLOW["jobs"]
STEPS = section(PAGES["releasing.md"], "## Steps")


def commands(job: str) -> list[str]:
    """The commands of a job that are steps of `script/release`."""
    texts = (step.get("run", "") for step in JOBS[job]["steps"])
    return [name for text in texts for name in re.findall(r"script/release ([\w-]+)", text)]


def test_an_exact_version_starts_a_release() -> None:
    """A tag such as v1, which a release moves itself, does not; neither does the moved version."""
    assert WORKFLOW[True]["push"] == {"tags": ["v[0-9]+.[0-9]+.[0-9]+"]}
    assert JOBS["build"]["if"] == JOBS["test"]["if"] == "github.event.created"


def test_the_steps_run_in_the_order_of_the_documentation() -> None:
    """Everything that can fail without being public comes before the approval."""
    documented = [re.findall(r"script/release ([\w-]+)", row[0])[0] for row in rows(STEPS)]
    assert commands("build") == ["check", "build", "sbom"]
    assert commands("test") == []
    assert commands("publish") == ["push", "publish"]
    assert documented[:5] == commands("build") + commands("publish")
    assert JOBS["publish"]["needs"] == ["build", "test"]
    assert JOBS["publish"]["environment"] == "release"


def test_only_the_last_job_can_write() -> None:
    """No job can write to the repository: only the secret of the environment can."""
    assert WORKFLOW["permissions"] == {}
    assert JOBS["build"]["permissions"] == {"contents": "read", "packages": "read"}
    assert JOBS["test"]["permissions"] == {"contents": "read"}
    assert JOBS["publish"]["permissions"] == {
        "contents": "read",
        "packages": "write",
        "id-token": "write",
        "attestations": "write",
        "artifact-metadata": "write",
    }
    assert re.findall(r"secrets\.\w+", TEXT) == ["secrets.RELEASE_TOKEN"]
    assert "secrets.RELEASE_TOKEN" in str(JOBS["publish"]["steps"][-1])


def test_the_image_is_attested_before_it_is_published() -> None:
    """Provenance and SBOM, both of the digest that was pushed."""
    names = [step.get("uses", step.get("run", "")) for step in JOBS["publish"]["steps"]]
    attested = [n for n, name in enumerate(names) if name.startswith("actions/attest@")]
    pushed = next(n for n, name in enumerate(names) if "script/release push" in name)
    published = next(n for n, name in enumerate(names) if "script/release publish" in name)
    assert pushed < attested[0] < attested[1] < published
    for number in attested:
        options = JOBS["publish"]["steps"][number]["with"]
        assert options["subject-name"] == "${{ steps.push.outputs.name }}"
        assert options["subject-digest"] == "${{ steps.push.outputs.digest }}"
        assert options["push-to-registry"] is True


def test_no_release_is_cancelled() -> None:
    """Two releases wait for each other."""
    assert WORKFLOW["concurrency"] == {"group": "release", "cancel-in-progress": False}
