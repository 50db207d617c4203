"""The base image that the Dockerfile names, with its Python and its C library."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
# The versions of glibc in Debian's releases. Source: tracker.debian.org/pkg/glibc.
GLIBC = {"bookworm": (2, 36), "trixie": (2, 41)}
_FROM = re.compile(r"^FROM (python:(\d+)\.(\d+)-slim-([a-z]+)) AS base$", re.MULTILINE)

_match = _FROM.search((ROOT / "Dockerfile").read_text(encoding="utf-8"))
if _match is None:
    raise ValueError("Dockerfile has no stage `FROM python:X.Y-slim-RELEASE AS base`")
BASE = _match[1]
PYTHON = int(_match[2]), int(_match[3])
DEBIAN = _match[4]
