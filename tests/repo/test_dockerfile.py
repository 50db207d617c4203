"""The base image in the Dockerfile."""

from __future__ import annotations

import re
from pathlib import Path

DOCKERFILE = (Path(__file__).parents[2] / "Dockerfile").read_text(encoding="utf-8")


def test_an_argument_can_replace_the_base_image() -> None:
    """Its default is a FROM, because Dependabot updates only those."""
    instructions = [line for line in DOCKERFILE.splitlines() if re.match("(ARG|FROM) ", line)]
    assert instructions[0] == "ARG BASE=base"
    assert re.fullmatch(r"FROM python:[0-9.]+-slim-[a-z]+ AS base", instructions[1])
    assert instructions[2:] == ["FROM ${BASE} AS build", "FROM scratch"]
