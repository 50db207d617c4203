"""Git: read the checkout, create commits without touching it, and update tags of the remote."""

from __future__ import annotations

import base64
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from release.settings import ReleaseError, Settings

AUTHOR = ("github-actions[bot]", "41898282+github-actions[bot]@users.noreply.github.com")


class Git:
    """Runs git in a checkout."""

    def __init__(self, settings: Settings) -> None:
        self._root = settings.root
        self._remote = settings.remote
        self._login = _login(settings.release_token)

    def run(
        self, *arguments: str, stdin: str | None = None, env: Mapping[str, str] | None = None
    ) -> str:
        """Run a command, and return its output without the last newline.

        Raises:
            ReleaseError: the command failed.
        """
        process = subprocess.run(
            ["git", *arguments],
            cwd=self._root,
            env={**os.environ, "GIT_TERMINAL_PROMPT": "0", **self._login, **(env or {})},
            input=stdin,
            capture_output=True,
            check=False,
            text=True,
        )
        if process.returncode:
            raise ReleaseError(f"git {arguments[0]}: {process.stderr.strip()}")
        return process.stdout.removesuffix("\n")

    def head(self) -> str:
        """The commit that is checked out."""
        return self.run("rev-parse", "HEAD")

    def changes(self) -> list[str]:
        """The changed and new files of the work tree, as `git status --short` lists them."""
        return self.run("status", "--porcelain").splitlines()

    def local_tag(self, tag: str) -> str | None:
        """The commit of a tag in the checkout; None if the tag does not exist."""
        commit = self.run(
            "for-each-ref", f"refs/tags/{tag}", "--format=%(*objectname)%(objectname)"
        )
        return commit[:40] or None

    def remote_tags(self, pattern: str) -> dict[str, str]:
        """The commits of the remote's tags that match a pattern, by name."""
        tags: dict[str, str] = {}
        listed = self.run(
            "ls-remote", self._remote, f"refs/tags/{pattern}", f"refs/tags/{pattern}^{{}}"
        )
        for line in listed.splitlines():
            commit, _, ref = line.partition("\t")
            # The second line of an annotated tag, `NAME^{}`, has its commit.
            tags[ref.removeprefix("refs/tags/").removesuffix("^{}")] = commit
        return tags

    def push_tag(self, tag: str, commit: str | None, *, previous: str | None) -> None:
        """Create, move or (without a commit) delete a tag of the remote, in one atomic update.

        Raises:
            ReleaseError: among others, if the tag is not at `previous` any more.
        """
        ref = f"refs/tags/{tag}"
        lease = f"--force-with-lease={ref}:{previous or ''}"
        self.run("push", "--quiet", lease, self._remote, f"{commit or ''}:{ref}")

    def show(self, commit: str, path: str) -> str:
        """The text of a file in a commit."""
        return self.run("show", f"{commit}:{path}") + "\n"

    def list_files(self, commit: str, folder: str) -> list[str]:
        """The paths of the files of a folder in a commit."""
        return self.run("ls-tree", "--name-only", "-r", commit, f"{folder}/").splitlines()

    def create_commit(self, parent: str, files: Mapping[str, str], message: str) -> str:
        """Create a commit with other texts of some files, and return its id.

        Author and dates are fixed, so the same content always has the same id.
        """
        with TemporaryDirectory() as folder:
            index = {"GIT_INDEX_FILE": str(Path(folder) / "index")}
            self.run("read-tree", parent, env=index)
            for path, text in files.items():
                blob = self.run("hash-object", "-w", "--stdin", stdin=text)
                self.run("update-index", "--cacheinfo", f"100644,{blob},{path}", env=index)
            tree = self.run("write-tree", env=index)
        name, email = AUTHOR
        date = self.run("show", "--no-patch", "--format=%cI", parent)
        who = {
            f"GIT_{role}_{key}": value
            for role in ("AUTHOR", "COMMITTER")
            for key, value in (("NAME", name), ("EMAIL", email), ("DATE", date))
        }
        return self.run("commit-tree", tree, "-p", parent, "-m", message, env=who)


def _login(token: str) -> dict[str, str]:
    """The variables that make git send a token to github.com; no argument and no file has it."""
    if not token:
        return {}
    encoded = base64.b64encode(f"x-access-token:{token}".encode()).decode()
    return {
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": "http.https://github.com/.extraheader",
        "GIT_CONFIG_VALUE_0": f"AUTHORIZATION: basic {encoded}",
    }
