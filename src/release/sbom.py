"""The software bill of materials: the Python packages of the image, from its lock."""

from __future__ import annotations

import json
import subprocess
import sys

from release.settings import ReleaseError, Settings

LOCK = "requirements/action.txt"


def write_sbom(settings: Settings) -> None:
    """Write the packages of the lock as CycloneDX JSON, with the hashes that pip checks.

    The same lock always gives the same file: it has no time and no random id.
    """
    command = [sys.executable, "-m", "cyclonedx_py", "requirements", "--output-reproducible"]
    options = ["--pyproject", "pyproject.toml", "--mc-type", "application", "--of", "JSON"]
    process = subprocess.run(
        [*command, *options, LOCK], cwd=settings.root, capture_output=True, check=False, text=True
    )
    if process.returncode:
        raise ReleaseError(f"cyclonedx-py: {process.stderr.strip()}")
    document = json.loads(process.stdout)
    settings.folder.mkdir(parents=True, exist_ok=True)
    settings.sbom.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
