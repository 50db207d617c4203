"""What the image adds to its base: listed, from the lock, and nothing twice."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath

import pytest
from packaging.utils import canonicalize_name

from image_build.dockerfile import DEBIAN, GLIBC, PYTHON
from image_build.layers import Entry, Image
from image_build.wheels import LOCK

PACKAGES = f"/opt/venv/lib/python{PYTHON[0]}.{PYTHON[1]}/site-packages"
CONTENTS = Path(__file__).with_name("contents.txt").read_text(encoding="utf-8")
LISTED = re.findall(r"^(?!#)(\S+)  \S", CONTENTS, re.MULTILINE)
# Packages whose code the Dockerfile removes; of cffi, the extension stays.
REMOVED = {"jmespath", "pycparser"}
FOLDER = "5"


def files(added: Image) -> Iterator[tuple[PurePosixPath, Entry]]:
    """The files and links of all layers."""
    for layer in added.layers:
        for path, entry in layer.items():
            if entry.kind != FOLDER:
                yield PurePosixPath(path), entry


def name_in_list(path: PurePosixPath) -> str:
    """What stands for a file in contents.txt: of a package, its name; else, what begins its path."""
    if path.is_relative_to(PACKAGES):
        return f"packages/{path.relative_to(PACKAGES).parts[0].partition('.')[0]}"
    return next((name for name in LISTED if path.is_relative_to(name)), str(path))


def distributions(added: Image) -> set[str]:
    """The folders with the metadata of packages, `name-version.dist-info`."""
    inside = [
        path.relative_to(PACKAGES) for path, _ in files(added) if path.is_relative_to(PACKAGES)
    ]
    return {path.parts[0] for path in inside if path.parts[0].endswith(".dist-info")}


def test_every_file_is_in_the_list_and_the_list_has_nothing_else(added: Image) -> None:
    """contents.txt says why each folder, file and package is in the image."""
    information = distributions(added)
    present = {
        name_in_list(path)
        for path, _ in files(added)
        if not any(path.is_relative_to(f"{PACKAGES}/{name}") for name in information)
    }
    assert present == set(LISTED)
    assert len(LISTED) == len(set(LISTED))


def test_the_packages_have_the_versions_of_the_lock(added: Image) -> None:
    """All packages of the lock are there, except those that the Dockerfile removes."""
    locked = re.findall(r"^([\w.-]+)(?:\[.*\])?==([^\s;]+)", LOCK.read_text(), re.MULTILINE)
    installed = [name.removesuffix(".dist-info").rsplit("-", 1) for name in distributions(added)]
    expected = {
        (canonicalize_name(name), version) for name, version in locked if name not in REMOVED
    }
    assert {(canonicalize_name(name), version) for name, version in installed} == expected
    assert {name for name, _ in locked} > REMOVED


def test_every_package_keeps_its_metadata_and_licenses(added: Image) -> None:
    """Scanners of images read METADATA, and licenses require their text."""
    present = {str(path) for path, _ in files(added)}
    for name in distributions(added):
        assert f"{PACKAGES}/{name}/METADATA" in present
        texts = [path for path in present if path.startswith(f"{PACKAGES}/{name}/")]
        assert [path for path in texts if re.search("LICEN[CS]E|COPYING", path, re.IGNORECASE)], (
            name
        )


def test_a_run_imports_every_package(added: Image) -> None:
    """What no run imports has no bytecode, and does not belong into the image."""
    compiled = PurePosixPath(f"/opt/bytecode{PACKAGES}")
    imported = {
        path.relative_to(compiled).parts[0].partition(".")[0]
        for path, _ in files(added)
        if path.is_relative_to(compiled)
    }
    packages = {name.partition("/")[2] for name in LISTED if name.startswith("packages/")}
    assert packages - imported == {"_cffi_backend"}  # an extension, without bytecode
    assert imported <= packages


def test_every_module_is_compiled_once_and_in_one_folder(added: Image) -> None:
    """Each .pyc belongs to one source; the sources of Python are in the base."""
    present = {path for path, _ in files(added)}
    compiled = [path for path in present if path.suffix == ".pyc"]
    sources = []
    for path in compiled:
        assert path.is_relative_to("/opt/bytecode"), path
        module, tag, _ = path.name.split(".")
        assert tag == f"cpython-{PYTHON[0]}{PYTHON[1]}"
        sources.append("/" / path.relative_to("/opt/bytecode").with_name(f"{module}.py"))
    assert len(compiled) > 500
    assert len(sources) == len(set(sources))
    ours = [
        path for path in sources if path.is_relative_to("/opt") or path.is_relative_to("/action")
    ]
    assert set(ours) <= present


def test_no_file_is_in_two_layers(added: Image) -> None:
    """A file that a later layer changes or deletes is downloaded all the same."""
    paths = [path for path, _ in files(added)]
    assert len(paths) == len(set(paths))
    assert not [path for path in paths if path.name.startswith(".wh.")]


def test_no_file_is_for_tests_compilers_or_installers(added: Image) -> None:
    """Also no commands: the image has one entry point."""
    paths = [path for path, _ in files(added)]
    folders = {part for path in paths for part in path.parts[:-1]}
    assert not folders & {
        "__pycache__",
        "ensurepip",
        "include",
        "pip",
        "setuptools",
        "test",
        "tests",
    }
    suffixes = {path.suffix for path in paths}
    assert not suffixes & {".a", ".c", ".exe", ".h", ".pxd", ".pyi", ".pyo", ".pyx"}
    assert not {path.name for path in paths} & {"RECORD", "activate"}
    assert [path for path in paths if path.name == "cacert.pem"] == [
        PurePosixPath(f"{PACKAGES}/certifi/cacert.pem")
    ]


def test_no_file_gives_or_grants_rights(added: Image) -> None:
    """No setuid, no setgid, and nobody but root writes; the base has such files of its own."""
    for layer in added.layers:
        for path, entry in layer.items():
            if entry.target == "":
                assert entry.mode & 0o7022 == 0, path


def test_the_base_has_the_c_library_that_the_wheels_need(inside: Callable[..., str]) -> None:
    """requirements/action.wheels is chosen for this version, or an older one."""
    program = "import os; print(os.confstr('CS_GNU_LIBC_VERSION'))"
    name, version = inside("/opt/venv/bin/python", "-I", "-c", program).split()
    assert name == "glibc"
    assert tuple(map(int, version.split("."))) >= GLIBC[DEBIAN]


@pytest.mark.parametrize("program", ["pip", "pip3", "apt-get"])
def test_the_image_adds_no_installer(program: str, added: Image) -> None:
    """Those of the base stay in the base."""
    assert program not in {path.name for path, _ in files(added)}
