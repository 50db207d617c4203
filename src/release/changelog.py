"""The sections of CHANGELOG.md, which has the format of Keep a Changelog."""

from __future__ import annotations

import re
from dataclasses import dataclass

HEADING = re.compile(r"^## \[(?P<version>[^\]]+)\](?: - (?P<date>.*))?$", re.MULTILINE)


@dataclass(frozen=True)
class Section:
    """The entries of one version; `date` is the text after the version, empty without one."""

    version: str
    date: str
    entries: str


def find_section(changelog: str, version: str) -> Section | None:
    """Find the section of a version; None if there is none."""
    headings = list(HEADING.finditer(changelog))
    ends = [heading.start() for heading in headings[1:]] + [len(changelog)]
    for heading, end in zip(headings, ends, strict=True):
        if heading["version"] == version:
            entries = changelog[heading.end() : end].strip()
            return Section(version, heading["date"] or "", entries)
    return None
