"""The software bill of materials: the packages of the image."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

from packageurl import PackageURL

from release.image_packages import find_packages
from release.settings import ReleaseError, Settings

LOCK = "requirements/action.txt"
# The packages of the lock that the Dockerfile removes, because no run imports them.
REMOVED = frozenset({"jmespath", "pycparser"})


def write_sbom(settings: Settings) -> None:
    """Write the packages of the image as CycloneDX JSON, those of the lock with their hashes.

    The same lock and image always give the same file: it has no time and no random id.
    """
    command = [sys.executable, "-m", "cyclonedx_py", "requirements", "--output-reproducible"]
    options = ["--pyproject", "pyproject.toml", "--mc-type", "application", "--of", "JSON"]
    process = subprocess.run(
        [*command, *options, LOCK], cwd=settings.root, capture_output=True, check=False, text=True
    )
    if process.returncode:
        raise ReleaseError(f"cyclonedx-py: {process.stderr.strip()}")
    document = _without_removed(json.loads(process.stdout))
    document["components"] += map(_describe, find_packages(settings))
    settings.folder.mkdir(parents=True, exist_ok=True)
    settings.sbom.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")


def _describe(package: PackageURL) -> dict[str, Any]:
    purl = str(package)
    names = {"name": package.name, "version": package.version}
    return {"bom-ref": purl, "type": "library", **names, "purl": purl}


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
