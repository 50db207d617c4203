"""What is in the image: listed, from the lock, and nothing twice."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath

from packaging.utils import canonicalize_name

from image_build.dockerfile import DEBIAN, GLIBC, PYTHON
from image_build.layers import Entry, Image
from image_build.wheels import LOCK

PACKAGES = f"/opt/venv/lib/python{PYTHON[0]}.{PYTHON[1]}/site-packages"
CONTENTS = Path(__file__).with_name("contents.txt").read_text(encoding="utf-8")
LISTED = re.findall(r"^(?!#)(\S+)  \S", CONTENTS, re.MULTILINE)
VERSION = f"python{PYTHON[0]}.{PYTHON[1]}"
# Debian's own Python, and the official one.
STANDARD_LIBRARIES = (f"/usr/lib/{VERSION}", f"/usr/local/lib/{VERSION}")
SHARED_LIBRARY = re.compile(r"(ld-linux|lib\w+)[-\w.]*\.so\b.*")
# Packages whose code the Dockerfile removes; of cffi, the extension stays.
REMOVED = {"jmespath", "pycparser"}
FOLDER = "5"


def files(saved: Image) -> Iterator[tuple[PurePosixPath, Entry]]:
    """The files and links of all layers."""
    for layer in saved.layers:
        for path, entry in layer.items():
            if entry.kind != FOLDER:
                yield PurePosixPath(path), entry


def name_in_list(path: PurePosixPath) -> str:
    """What stands for a file in contents.txt: of a package, its name; else, what begins its path."""
    if path.is_relative_to(PACKAGES):
        return f"packages/{path.relative_to(PACKAGES).parts[0].partition('.')[0]}"
    if any(path.is_relative_to(folder) for folder in STANDARD_LIBRARIES):
        return "python"
    if path.parent.name == "bin" and path.name == VERSION and "venv" not in path.parts:
        return "bin/python3"
    if path.is_relative_to("/usr") and (match := SHARED_LIBRARY.fullmatch(path.name)):
        return f"libraries/{match[1]}"
    return next((name for name in LISTED if path.is_relative_to(name)), str(path))


def distributions(saved: Image) -> set[str]:
    """The folders with the metadata of packages, `name-version.dist-info`."""
    inside = [
        path.relative_to(PACKAGES) for path, _ in files(saved) if path.is_relative_to(PACKAGES)
    ]
    return {path.parts[0] for path in inside if path.parts[0].endswith(".dist-info")}


def test_every_file_is_in_the_list_and_the_list_has_nothing_else(saved: Image) -> None:
    """contents.txt says why each folder, file and package is in the image."""
    information = distributions(saved)
    present = {
        name_in_list(path)
        for path, _ in files(saved)
        if not any(path.is_relative_to(f"{PACKAGES}/{name}") for name in information)
    }
    optional = {"/lib64", "/usr/share/doc"}
    optional |= {name for name in LISTED if name.startswith("libraries/")}
    assert present | optional == set(LISTED)
    assert len(LISTED) == len(set(LISTED))


def test_the_packages_have_the_versions_of_the_lock(saved: Image) -> None:
    """All packages of the lock are there, except those that the Dockerfile removes."""
    locked = re.findall(r"^([\w.-]+)(?:\[.*\])?==([^\s;]+)", LOCK.read_text(), re.MULTILINE)
    installed = [name.removesuffix(".dist-info").rsplit("-", 1) for name in distributions(saved)]
    expected = {
        (canonicalize_name(name), version) for name, version in locked if name not in REMOVED
    }
    assert {(canonicalize_name(name), version) for name, version in installed} == expected
    assert {name for name, _ in locked} > REMOVED


def test_every_package_keeps_its_metadata_and_licenses(saved: Image) -> None:
    """Scanners of images read METADATA, and licenses require their text."""
    present = {str(path) for path, _ in files(saved)}
    for name in distributions(saved):
        assert f"{PACKAGES}/{name}/METADATA" in present
        texts = [path for path in present if path.startswith(f"{PACKAGES}/{name}/")]
        assert [path for path in texts if re.search("LICEN[CS]E|COPYING", path, re.IGNORECASE)], (
            name
        )


def test_a_run_imports_every_package(saved: Image) -> None:
    """What no run imports has no bytecode, and does not belong into the image."""
    compiled = PurePosixPath(f"/opt/bytecode{PACKAGES}")
    imported = {
        path.relative_to(compiled).parts[0].partition(".")[0]
        for path, _ in files(saved)
        if path.is_relative_to(compiled)
    }
    packages = {name.partition("/")[2] for name in LISTED if name.startswith("packages/")}
    assert packages - imported == {"_cffi_backend"}  # an extension, without bytecode
    assert imported <= packages


def test_every_module_is_compiled_once_and_in_one_folder(saved: Image) -> None:
    """Each .pyc belongs to one source, which is in the image."""
    present = {path for path, _ in files(saved)}
    compiled = [path for path in present if path.suffix == ".pyc"]
    sources = []
    for path in compiled:
        assert path.is_relative_to("/opt/bytecode"), path
        module, tag, _ = path.name.split(".")
        assert tag == f"cpython-{PYTHON[0]}{PYTHON[1]}"
        sources.append("/" / path.relative_to("/opt/bytecode").with_name(f"{module}.py"))
    assert len(compiled) > 500
    assert len(sources) == len(set(sources))
    assert set(sources) <= present


def test_no_file_is_in_two_layers(saved: Image) -> None:
    """A file that a later layer changes or deletes is downloaded all the same."""
    paths = [path for path, _ in files(saved)]
    assert len(paths) == len(set(paths))
    assert not [path for path in paths if path.name.startswith(".wh.")]


def test_no_file_is_for_tests_compilers_or_installers(saved: Image) -> None:
    """Also no commands: the image has one entry point."""
    paths = [path for path, _ in files(saved)]
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


def test_no_file_gives_or_grants_rights(saved: Image) -> None:
    """No setuid, no setgid, and nobody but root writes, except in the folder for temporary files."""
    for layer in saved.layers:
        for path, entry in layer.items():
            if entry.target == "" and path != "/tmp":  # noqa: S108
                assert entry.mode & 0o7022 == 0, path


def test_the_image_has_the_c_library_that_the_wheels_need(inside: Callable[..., str]) -> None:
    """requirements/action.wheels is chosen for this version, or an older one."""
    program = "import os; print(os.confstr('CS_GNU_LIBC_VERSION'))"
    name, version = inside("/opt/venv/bin/python", "-I", "-c", program).split()
    assert name == "glibc"
    assert tuple(map(int, version.split("."))) >= GLIBC[DEBIAN]
