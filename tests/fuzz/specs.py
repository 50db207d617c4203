"""The valid specs to start from: those of the documentation, and the values of their sources."""

from __future__ import annotations

import re
from typing import Any

import yaml

from repo.documents import DOCUMENTS, ROOT, SPEC, blocks

_BLOCKS = [
    block
    for path in [*DOCUMENTS, *sorted(ROOT.glob("docs/generate/*.md"))]
    for block in blocks(path.read_text(encoding="utf-8"))
]
TEXTS = (
    SPEC.read_text(encoding="utf-8"),
    *dict.fromkeys(block for block in _BLOCKS if re.search(r"^registries:", block, re.MULTILINE)),
)
DOCUMENTS_OF_TEXTS: tuple[Any, ...] = tuple(map(yaml.safe_load, TEXTS))
_NAMES = sorted(set(re.findall(r"(?:env|secret): *([A-Z][A-Z0-9_]*)", "\n".join(TEXTS))))
# Each variable that a spec names has a value, which no output can have.
ENVIRONMENT = {name: f"value-{number}-not-to-show" for number, name in enumerate(_NAMES)}
# No value is sent to any other server, and the spec can name no other.
ALLOWED_SERVERS = ", ".join(
    (
        *("*.azurecr.io", "*.amazonaws.com", "*.pkg.dev", "*.ghe.com"),
        *("ghcr.io", "gcr.io", "*.gcr.io", "https://index.docker.io/v1/"),
    )
)
