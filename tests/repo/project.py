"""pyproject.toml and the locks, read as data."""

from __future__ import annotations

import re
import tomllib

from repo.documents import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
VERSION = PROJECT["project"]["version"]


def locked(name: str) -> set[str]:
    """The packages in a lock, in lower case."""
    text = (ROOT / "requirements" / f"{name}.txt").read_text(encoding="utf-8")
    return {match.lower() for match in re.findall(r"^([\w.-]+)(?:\[.*\])?==", text, re.MULTILINE)}
