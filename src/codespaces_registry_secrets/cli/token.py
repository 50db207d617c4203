"""Find the token: a file, the environment, or the login of GitHub CLI. Never an argument."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import SecretStr

from codespaces_registry_secrets.errors import RegistrySecretsError

VARIABLES = ("GH_TOKEN", "GITHUB_TOKEN")
MAX_BYTES = 16 * 1024
_SECONDS = 10


class TokenError(RegistrySecretsError):
    """There is no token. The message says how to pass one."""


def find_token(file: Path | None, environ: Mapping[str, str], api_url: str) -> SecretStr:
    """The token of the file, else of `GH_TOKEN` or `GITHUB_TOKEN`, else of `gh auth token`.

    Raises:
        TokenError: there is none, or the file cannot be read.
    """
    if file is not None:
        return _read_token(file)
    for name in VARIABLES:
        if value := environ.get(name, "").strip():
            return SecretStr(value)
    token = _ask_gh(environ, api_url)
    if not token:
        raise TokenError(
            "no token; log in with `gh auth login`, set GH_TOKEN, or use --token-file. The token "
            "must have permission to manage Codespaces secrets"
        )
    return SecretStr(token)


def _read_token(file: Path) -> SecretStr:
    try:
        with file.open("rb") as stream:
            text = stream.read(MAX_BYTES).decode().strip()
    except UnicodeDecodeError:
        raise TokenError(f"--token-file {file}: is not UTF-8 text") from None
    except OSError as error:
        raise TokenError(f"--token-file {file}: cannot be read: {error.strerror}") from None
    if not text:
        raise TokenError(f"--token-file {file}: is empty")
    return SecretStr(text)


def _ask_gh(environ: Mapping[str, str], api_url: str) -> str:
    """The token of the user who is logged in with GitHub CLI; empty if there is none."""
    gh = shutil.which("gh", path=environ.get("PATH"))
    if gh is None:
        return ""
    host = (urlsplit(api_url).hostname or "").removeprefix("api.")
    command = [gh, "auth", "token", "--hostname", host]
    try:
        process = subprocess.run(  # noqa: S603 - found in PATH, and the host is from a valid URL
            command, env=dict(environ), capture_output=True, check=True, timeout=_SECONDS, text=True
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return process.stdout.strip()
