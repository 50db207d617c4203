"""The contents of the image, and its protection against foreign code."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from codespaces_registry_secrets.generate.kinds import KINDS
from image_build.labels import PREFIX as LABELS
from image_build.layers import Image
from repo.project import PROJECT

PYTHON = "/opt/venv/bin/python"
MEGABYTE = 1_000_000
PACKAGES = ["actions_toolkit.core", "github", "jsonc", "jwt", "nacl.public", "pydantic", "yaml"]

# If a module of one of these names could be imported, it would run before the Action's code.
SHADOWS = ["codespaces_registry_secrets", "sitecustomize", "usercustomize", "yaml", "json"]


def test_configuration(image: str, inspect: Callable[[str], Any]) -> None:
    """The image sets no user and no directory; the entry point is absolute and needs no shell."""
    config = inspect(image)["Config"]
    assert config.get("User", "") == ""
    assert config.get("WorkingDir", "") in ("", "/")
    assert config["Entrypoint"][0] == PYTHON
    assert config["Entrypoint"][-1] == "/action/entrypoint.py"
    assert not config.get("Cmd")


def test_labels(image: str, inspect: Callable[[str], Any]) -> None:
    """Those of every build are true; `script/image` and the release add only labels of this list."""
    labels = inspect(image)["Config"]["Labels"]
    values = {name.removeprefix(f"{LABELS}."): value for name, value in labels.items()}
    project = PROJECT["project"]
    assert values.pop("title") == project["name"]
    assert values.pop("description") == project["description"]
    assert values.pop("licenses") == project["license"]
    known = {"source", "revision", "version", "created", "base.name", "base.digest"}
    assert values.keys() <= known
    assert values.get("version", project["version"]) == project["version"]


def test_runs_as_root(inside: Callable[..., str]) -> None:
    """The runner's files belong to another user, so only root can write to them."""
    assert inside(PYTHON, "-I", "-c", "import os; print(os.getuid())") == "0\n"


def test_size(saved: Image) -> None:
    """Python has at most 40 MB, the Action with `generate` 42 MB: a job waits for the download."""
    python, *action = [sum(entry.size for entry in layer.values()) for layer in saved.layers]
    assert python <= 40 * MEGABYTE
    assert sum(action) <= 42 * MEGABYTE


@pytest.mark.parametrize("program", ["sh", "bash", "cat", "apt-get", "dpkg", "pip", "perl"])
def test_the_image_has_no_program_but_python(program: str, image: str) -> None:
    """Foreign code finds no shell, no package manager and no other language."""
    command = ["docker", "run", "--rm", "--entrypoint", program, image]
    process = subprocess.run(command, capture_output=True, check=False, text=True)
    assert process.returncode == 127
    assert "not found" in process.stderr


def test_every_extension_of_python_finds_its_libraries(inside: Callable[..., str]) -> None:
    """The build copies the libraries of all extensions that it copies."""
    program = """
import sysconfig
from importlib import import_module
from pathlib import Path

folder = Path(sysconfig.get_path("stdlib"), "lib-dynload")
names = [path.name.partition(".")[0] for path in folder.glob("*.so")]
for name in names:
    import_module(name)
print(len(names))
"""
    assert int(inside(PYTHON, "-I", "-c", program)) > 25


def test_hosts_are_found_by_name(inside: Callable[..., str]) -> None:
    """The C library reads /etc/hosts, and has what it needs to ask a name server."""
    program = "import socket; print(socket.gethostbyname(socket.gethostname()).count('.'))"
    assert inside(PYTHON, "-I", "-c", program) == "3\n"


def test_scanners_find_the_packages_of_debian(saved: Image) -> None:
    """Vulnerabilities are reported by package. Every library is of a package that is listed."""
    paths = {path for layer in saved.layers for path in layer}
    folder = "/var/lib/dpkg/status.d/"
    packages = {path.removeprefix(folder) for path in paths if path.startswith(folder)}
    assert {"libc6", "libssl3t64", "zlib1g"} <= packages


@pytest.mark.parametrize(
    "module",
    [
        "codespaces_registry_secrets.action",
        "codespaces_registry_secrets.merge_shards",
        "codespaces_registry_secrets.update_issue",
        "botocore.auth",
        *(f"codespaces_registry_secrets.generate.{module}" for module, _ in KINDS.values()),
    ],
)
def test_all_bytecode_is_precompiled(
    module: str, image: str, inspect: Callable[[str], Any]
) -> None:
    """A run compiles no module of the Action, of its packages, or of Python."""
    python, *options, _ = inspect(image)["Config"]["Entrypoint"]
    program = f"import sys; sys.path.insert(0, '/action/src'); import {module}"
    command = [
        "docker",
        "run",
        "--rm",
        "--entrypoint",
        python,
        image,
        *options,
        "-v",
        "-c",
        program,
    ]
    process = subprocess.run(command, capture_output=True, check=True, text=True)
    loaded = re.findall(r"^# code object from '?(.+?)'?$", process.stderr, re.MULTILINE)
    assert len(loaded) > 100
    assert [file for file in loaded if not file.endswith(".pyc")] == []


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_can_be_imported(package: str, inside: Callable[..., str]) -> None:
    """The image leaves out parts of packages; none of them is needed."""
    inside(PYTHON, "-I", "-W", "error", "-c", f"import {package}")


def test_values_are_sealed_and_tokens_are_signed(inside: Callable[..., str]) -> None:
    """Libsodium opens a sealed box, and OpenSSL signs the token of an App."""
    program = """
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from nacl.public import PrivateKey, SealedBox
import jwt

key = PrivateKey.generate()
assert SealedBox(key).decrypt(SealedBox(key.public_key).encrypt(b"value")) == b"value"
print(jwt.encode({"iss": "1"}, generate_private_key(65537, 2048), "RS256"))
"""
    assert inside(PYTHON, "-I", "-c", program).startswith("ey")


@pytest.mark.parametrize("module", ["pip", "github_sandbox", "pytest"])
def test_a_module_is_absent(module: str, inside: Callable[..., str]) -> None:
    """The image has no package installer, and no packages that only tests need."""
    program = f"import importlib.util as u; print(u.find_spec({module!r}))"
    assert inside(PYTHON, "-I", "-c", program) == "None\n"


@pytest.mark.parametrize("way", ["workspace", "PYTHONPATH", "PYTHONSTARTUP", "PYTHONHOME", "HOME"])
def test_imports_cannot_be_redirected(way: str, tmp_path: Path, image: str) -> None:
    """The Action imports no module from the workspace, also not through a variable of the step."""
    for name in SHADOWS:
        (tmp_path / f"{name}.py").write_text("print('SHADOWED')\n")
    user = tmp_path / ".local" / "lib" / "python3.13" / "site-packages"
    user.mkdir(parents=True)
    (user / "usercustomize.py").write_text("print('SHADOWED')\n")
    variable = [] if way == "workspace" else ["-e", f"{way}=/github/workspace"]
    mount = ["-v", f"{tmp_path}:/github/workspace", "--workdir", "/github/workspace"]
    process = subprocess.run(
        ["docker", "run", "--rm", *variable, *mount, image],
        capture_output=True,
        check=False,
        text=True,
    )
    assert "SHADOWED" not in process.stdout + process.stderr
    assert "ImportError" not in process.stderr
    assert "init_fs_encoding" not in process.stderr


def test_no_bytecode_in_the_workspace(tmp_path: Path, image: str) -> None:
    """A run leaves no files in the workspace."""
    mount = ["-v", f"{tmp_path}:/github/workspace", "--workdir", "/github/workspace"]
    subprocess.run(["docker", "run", "--rm", *mount, image], capture_output=True, check=False)
    assert list(tmp_path.iterdir()) == []
