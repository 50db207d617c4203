"""A copy of the checkout for mutmut, with its configuration."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

from mutation.rooms import EXCLUDED_TESTS, ROOT, Room

# A mutant that does not end is stopped after (seconds of its tests + CONSTANT) * MULTIPLIER.
TIMEOUT_CONSTANT = 10.0
TIMEOUT_MULTIPLIER = 3.0


def copy_checkout(folder: Path, room: Room) -> None:
    """Copy all files that git does not ignore, and configure mutmut for a room."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    settings = _settings(room, sorted(path.name for path in folder.iterdir()))
    lines = "".join(f"{key} = {json.dumps(value)}\n" for key, value in settings.items())
    with (folder / "pyproject.toml").open("a", encoding="utf-8") as file:
        file.write(f"\n[tool.mutmut]\n{lines}")


def _settings(room: Room, names: list[str]) -> dict[str, object]:
    """The keys of `[tool.mutmut]`. `names` are the files and folders of the checkout."""
    files = [str(path) for path in room.files()]
    return {
        "source_paths": ["src"],
        "only_mutate": files,
        "also_copy": [name for name in names if name != "src"],
        "pytest_add_cli_args": ["-p", "no:cacheprovider", "-p", "mutation.pytest_plugin"],
        "pytest_add_cli_args_test_selection": [
            *room.tests,
            *(f"--deselect={test}" for test in EXCLUDED_TESTS),
        ],
        "timeout_constant": TIMEOUT_CONSTANT,
        "timeout_multiplier": TIMEOUT_MULTIPLIER,
        # The trampolines of mutmut have comments that only another version of mypy needs.
        "type_check_command": [
            *("python", "-m", "mypy", "--output", "json"),
            *("--disable-error-code", "unused-ignore", *files),
        ],
        "use_git_change_detection": False,
    }
