"""Write down the wheels that the image can install, for each of its platforms.

The lock has the hashes of all files of a release, without their names. So it does not tell whether
there is a wheel for a platform. pip does: it downloads what it would install there.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from image_build.dockerfile import DEBIAN, GLIBC, PYTHON, ROOT

# The machines of linux/amd64 and linux/arm64, as wheels call them.
MACHINES = ("x86_64", "aarch64")
LOCK = ROOT / "requirements" / "action.txt"
TABLE = ROOT / "requirements" / "action.wheels"
# The first glibc that tags of wheels can name. Source: PEP 600 and, for manylinux1, PEP 513.
FIRST_GLIBC = 5
LEGACY = {17: "manylinux2014", 12: "manylinux2010", 5: "manylinux1"}


def main() -> int:
    """Write `requirements/action.wheels`; 1 if a package has no wheel for one of the platforms."""
    lines: set[str] = set()
    for machine in MACHINES:
        with TemporaryDirectory() as folder:
            process = subprocess.run(_command(machine, folder), check=False)
            if process.returncode:
                print(f"script/lock: no wheels for {machine}, see above", file=sys.stderr)
                return 1
            lines.update(map(_describe, Path(folder).iterdir()))
    TABLE.write_text("".join(sorted(lines, key=_file_name)), encoding="utf-8")
    print(f"{TABLE.relative_to(ROOT)}: {len(lines)} wheels")
    return 0


def platforms(machine: str) -> Iterator[str]:
    """The platform tags that the C library of the image supports, the best first."""
    major, newest = GLIBC[DEBIAN]
    for minor in range(newest, FIRST_GLIBC - 1, -1):
        yield f"manylinux_{major}_{minor}_{machine}"
        if minor in LEGACY:
            yield f"{LEGACY[minor]}_{machine}"


def _command(machine: str, folder: str) -> list[str]:
    version = ".".join(map(str, PYTHON))
    return [
        *(sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"),
        *("--requirement", str(LOCK), "--require-hashes", "--no-deps", "--dest", folder),
        *("--only-binary", ":all:", "--implementation", "cp", "--python-version", version),
        *(option for platform in platforms(machine) for option in ("--platform", platform)),
    ]


def _describe(wheel: Path) -> str:
    return f"{hashlib.sha256(wheel.read_bytes()).hexdigest()}  {wheel.name}\n"


def _file_name(line: str) -> str:
    return line.split()[1]


if __name__ == "__main__":
    sys.exit(main())
