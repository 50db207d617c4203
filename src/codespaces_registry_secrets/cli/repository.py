"""The repository that `{secret: NAME}` and `--state` mean: an option, a variable, or `origin`."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Mapping

from codespaces_registry_secrets.errors import RegistrySecretsError
from codespaces_registry_secrets.model.registries import api_url_of_site

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*/[A-Za-z0-9._-]+")
# `https://github.com/owner/name.git`, `ssh://git@github.com/owner/name`, `git@github.com:owner/a`
_REMOTE = re.compile(
    r"(?:[a-z+]+://)?(?:[^@/]*@)?(?P<host>[^:/]+)(?::[0-9]+/|[:/])"
    r"(?P<name>[^/]+/[^/]+?)(?:\.git)?/?"
)
_SECONDS = 10


def find_repository(option: str | None, environ: Mapping[str, str]) -> str | None:
    """`owner/name` of the repository; None if nothing names one.

    Raises:
        RegistrySecretsError: the option is not a repository.
    """
    if option is not None:
        if not _NAME.fullmatch(option):
            raise RegistrySecretsError("--repository: must be owner/name")
        return option
    return environ.get("GITHUB_REPOSITORY") or repository_of_remote(_origin(environ))


def repository_of_remote(url: str) -> str | None:
    """The repository on GitHub that a remote of git points to; None for any other remote."""
    match = _REMOTE.fullmatch(url)
    if match is None or api_url_of_site(match["host"].lower()) is None:
        return None
    return match["name"] if _NAME.fullmatch(match["name"]) else None


def _origin(environ: Mapping[str, str]) -> str:
    """The URL of the remote `origin` of the current folder; empty if there is none."""
    git = shutil.which("git", path=environ.get("PATH"))
    if git is None:
        return ""
    try:
        process = subprocess.run(  # noqa: S603 - found in PATH
            [git, "remote", "get-url", "origin"],
            env=dict(environ),
            capture_output=True,
            check=True,
            timeout=_SECONDS,
            text=True,
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return process.stdout.strip()
