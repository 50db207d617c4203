"""Print the labels of the image that are known about a build, as `NAME=VALUE` lines.

A label that cannot be known is left out: a changed checkout has no commit, and a commit that is not
published has no source. The Dockerfile has the labels that are true of every build.
Source: opencontainers/image-spec, annotations.md.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from image_build.dockerfile import ROOT

PREFIX = "org.opencontainers.image"
_REMOTE = re.compile(r"(?:https://|git@|ssh://git@)github\.com[/:]([\w.-]+/[\w.-]+?)(?:\.git)?/?")


def main() -> int:
    """Print the labels of an image that is built from this checkout now."""
    parser = argparse.ArgumentParser(prog="script/image", description=__doc__)
    parser.add_argument("base", help="the base image, which Docker has pulled")
    base = parser.parse_args().base
    described = _run("docker", "image", "inspect", "--format", "{{json .RepoDigests}}", base)
    digests = json.loads(described) if described else None
    labels = [*describe_checkout(ROOT), *describe_base(base, digests or ())]
    for name, value in [*labels, *describe_time(os.environ)]:
        print(f"{PREFIX}.{name}={value}")
    return 0


def describe_checkout(root: Path) -> Iterator[tuple[str, str]]:
    """Return the commit, source and version of a checkout without changes."""
    git = ("git", "-C", str(root))
    if _run(*git, "rev-parse", "--show-cdup") != "":
        return  # no checkout, or a folder in that of another project
    if _run(*git, "status", "--porcelain", "--untracked-files=normal") != "":
        return
    published = ("for-each-ref", "--contains", "HEAD", "refs/remotes", "refs/tags")
    remote = _REMOTE.fullmatch(_run(*git, "remote", "get-url", "origin") or "")
    if remote and _run(*git, *published):
        yield "source", f"https://github.com/{remote[1]}"
    if commit := _run(*git, "rev-parse", "HEAD"):
        yield "revision", commit
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    version = str(project["version"])
    if f"v{version}" in (_run(*git, "tag", "--points-at", "HEAD") or "").split():
        yield "version", version


def describe_base(base: str, digests: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Return the full name and the digest of a base that came from a registry.

    An image that was only built on this machine can have any name, so its name says nothing.
    """
    name, _, digest = base.partition("@")
    repository = re.sub(r":[^/:]*$", "", name)
    found = [one.partition("@")[2] for one in digests if one.startswith(f"{repository}@")]
    if digest not in ("", *found) or not found:
        return
    yield "base.name", qualify(name)
    yield "base.digest", digest or found[0]


def qualify(name: str) -> str:
    """Return the name of an image with its registry, as Docker completes it."""
    first, slash, _ = name.partition("/")
    if slash and (re.search("[.:]", first) or first == "localhost"):
        return name
    return f"docker.io/{name}" if slash else f"docker.io/library/{name}"


def describe_time(environment: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Return the time of the build if it is set; otherwise, Docker records it by itself.

    Source: reproducible-builds.org, SOURCE_DATE_EPOCH.
    """
    if seconds := environment.get("SOURCE_DATE_EPOCH"):
        yield "created", f"{datetime.fromtimestamp(int(seconds), UTC):%Y-%m-%dT%H:%M:%SZ}"


def _run(*command: str) -> str | None:
    """Return the output of a program; None if it failed or is not installed."""
    try:
        process = subprocess.run(command, capture_output=True, check=False, text=True)
    except FileNotFoundError:
        return None
    return process.stdout.strip() if process.returncode == 0 else None


if __name__ == "__main__":
    sys.exit(main())
