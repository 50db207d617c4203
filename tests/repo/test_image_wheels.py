"""The image can be built for linux/amd64 and linux/arm64, from wheels of the lock."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.tags import Tag, compatible_tags, cpython_tags
from packaging.utils import canonicalize_name, parse_wheel_filename

from image_build.dockerfile import DEBIAN, GLIBC, PYTHON
from image_build.wheels import LOCK, MACHINES, TABLE, platforms
from repo.documents import ROOT

VERSION = ".".join(map(str, PYTHON))
REMEDY = "run script/lock, which writes requirements/action.wheels"


def read_lock(machine: str) -> Mapping[tuple[str, str], set[str]]:
    """The name and version of each package that the image installs, with the hashes of its files."""
    environment = {
        "implementation_name": "cpython",
        "platform_machine": machine,
        "platform_python_implementation": "CPython",
        "python_full_version": f"{VERSION}.0",
        "python_version": VERSION,
        "sys_platform": "linux",
    }
    packages: dict[tuple[str, str], set[str]] = {}
    for entry in LOCK.read_text(encoding="utf-8").replace("\\\n", " ").splitlines():
        text, *hashes = entry.partition("#")[0].split("--hash=sha256:")
        requirement = Requirement(text.strip()) if text.strip() else None
        if requirement and (not requirement.marker or requirement.marker.evaluate(environment)):
            [pin] = requirement.specifier
            key = canonicalize_name(requirement.name), pin.version
            packages[key] = {digest.strip() for digest in hashes}
    return packages


def read_table() -> list[tuple[str, str]]:
    """The hash and the file name of each wheel."""
    lines = TABLE.read_text(encoding="utf-8").splitlines()
    return [(digest, name) for digest, name in (line.split("  ") for line in lines)]


def supported_tags(machine: str) -> set[Tag]:
    """The tags of wheels that the image's Python can import on a machine."""
    names = list(platforms(machine))
    interpreter = f"cp{''.join(map(str, PYTHON))}"
    return {*cpython_tags(PYTHON, platforms=names), *compatible_tags(PYTHON, interpreter, names)}


def find_wheels(machine: str) -> dict[tuple[str, str], str]:
    """The name and version of each package with a wheel for a machine, and the hash of that."""
    wheels: dict[tuple[str, str], str] = {}
    for digest, file in read_table():
        name, version, _, tags = parse_wheel_filename(file)
        if tags & supported_tags(machine):
            assert (name, str(version)) not in wheels, f"two wheels of {name}: {REMEDY}"
            wheels[name, str(version)] = digest
    return wheels


@pytest.mark.parametrize("machine", MACHINES)
def test_every_package_of_the_lock_has_a_wheel(machine: str) -> None:
    """For the image's Python and C library. The build of the image compiles nothing."""
    locked = read_lock(machine)
    wheels = find_wheels(machine)
    assert len(locked) > 10
    assert wheels.keys() == locked.keys(), REMEDY
    for package, digest in wheels.items():
        assert digest in locked[package], f"{package}: {REMEDY}"


def test_the_list_has_no_other_wheels() -> None:
    """Each is for one of the machines, or for both."""
    used = {digest for machine in MACHINES for digest in find_wheels(machine).values()}
    assert {digest for digest, _ in read_table()} == used


def test_both_machines_are_told_apart() -> None:
    """A wheel of one machine is not one of the other, and neither supports a newer glibc."""
    amd64, arm64 = map(supported_tags, MACHINES)
    names = {tag.platform for tag in amd64 & arm64}
    assert names == {"any"}
    major, minor = GLIBC[DEBIAN]
    newer = f"manylinux_{major}_{minor + 1}_"
    assert not [tag for tag in amd64 | arm64 if tag.platform.startswith(newer)]


def test_a_package_without_a_wheel_for_one_machine_is_an_error(tmp_path: Path) -> None:
    """The list stays as it was, so that a release for both machines cannot come from it."""
    checkout = tmp_path / "checkout"
    shutil.copytree(ROOT / "src" / "image_build", checkout / "src" / "image_build")
    shutil.copy(ROOT / "Dockerfile", checkout)
    (checkout / "requirements").mkdir()
    table = checkout / "requirements" / "action.wheels"
    table.write_text("as before")
    wheel = tmp_path / f"package-1.0-cp3-abi3-manylinux_2_28_{MACHINES[0]}.whl"
    wheel.write_bytes(b"no archive; pip downloads it all the same")
    (checkout / "requirements" / "action.txt").write_text("package==1.0 --hash=sha256:" + "0" * 64)
    environment = {
        "PATH": os.environ["PATH"],
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_FIND_LINKS": str(tmp_path),
        "PIP_NO_INDEX": "1",
        "PYTHONPATH": str(checkout / "src"),
    }

    process = subprocess.run(
        [sys.executable, "-m", "image_build.wheels"],
        capture_output=True,
        check=False,
        env=environment,
        text=True,
    )

    assert process.returncode == 1
    assert re.search(r"^script/lock: no wheels for \w+, see above$", process.stderr, re.MULTILINE)
    assert table.read_text() == "as before"
