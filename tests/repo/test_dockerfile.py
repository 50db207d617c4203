"""What the image is built from."""

from __future__ import annotations

import re
from pathlib import Path

DOCKERFILE = (Path(__file__).parents[2] / "Dockerfile").read_text(encoding="utf-8")


def test_the_base_can_be_pinned_and_is_updated() -> None:
    """One argument sets it for every stage; its default is a FROM, which is all Dependabot reads."""
    instructions = [line for line in DOCKERFILE.splitlines() if re.match("(ARG|FROM) ", line)]
    assert instructions[0] == "ARG BASE=base"
    assert re.fullmatch(r"FROM python:[0-9.]+-slim-[a-z]+ AS base", instructions[1])
    assert {line.removesuffix(" AS build") for line in instructions[2:]} == {"FROM ${BASE}"}
