"""The software bill of materials: the Python packages of the image, from its lock."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

from release.settings import ReleaseError, Settings

LOCK = "requirements/action.txt"
# The packages of the lock that the Dockerfile removes, because no run imports them.
REMOVED = frozenset({"jmespath", "pycparser"})


def write_sbom(settings: Settings) -> None:
    """Write the packages of the image as CycloneDX JSON, with the hashes that pip checks.

    The same lock always gives the same file: it has no time and no random id.
    """
    command = [sys.executable, "-m", "cyclonedx_py", "requirements", "--output-reproducible"]
    options = ["--pyproject", "pyproject.toml", "--mc-type", "application", "--of", "JSON"]
    process = subprocess.run(
        [*command, *options, LOCK], cwd=settings.root, capture_output=True, check=False, text=True
    )
    if process.returncode:
        raise ReleaseError(f"cyclonedx-py: {process.stderr.strip()}")
    document = _without_removed(json.loads(process.stdout))
    settings.folder.mkdir(parents=True, exist_ok=True)
    settings.sbom.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")


def _without_removed(document: dict[str, Any]) -> dict[str, Any]:
    """The document without the packages that are not in the image."""
    removed = {c["bom-ref"] for c in document["components"] if c["name"].lower() in REMOVED}
    return {
        **document,
        "components": [c for c in document["components"] if c["bom-ref"] not in removed],
        "dependencies": [
            {**d, "dependsOn": [ref for ref in d.get("dependsOn", []) if ref not in removed]}
            for d in document["dependencies"]
            if d["ref"] not in removed
        ],
    }
