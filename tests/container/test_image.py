"""What the image is made of, and what it is safe from."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

PYTHON = "/opt/venv/bin/python"
MEGABYTE = 1_000_000
PACKAGES = ["actions_toolkit.core", "github", "jwt", "nacl.public", "pydantic", "yaml"]

# A module of any of these names would run before the Action's own code, if it could be imported.
SHADOWS = ["codespaces_registry_secrets", "sitecustomize", "usercustomize", "yaml", "json"]


def test_configuration(image: str, inspect: Callable[[str], Any]) -> None:
    """The runner decides on user and directory; the entry point is absolute and needs no shell."""
    config = inspect(image)["Config"]
    assert config.get("User", "") == ""
    assert config.get("WorkingDir", "") in ("", "/")
    assert config["Entrypoint"][0] == PYTHON
    assert config["Entrypoint"][-1] == "/action/entrypoint.py"
    assert not config.get("Cmd")


def test_runs_as_root(inside: Callable[..., str]) -> None:
    """The runner's files belong to another user, and only root may write to them."""
    assert inside("id", "-u").strip() == "0"


def test_size(image: str, base: str, inspect: Callable[[str], Any]) -> None:
    """A job waits for what is above the base: at most 40 MB."""
    assert inspect(image)["Size"] - inspect(base)["Size"] <= 40 * MEGABYTE


def test_contents(inside: Callable[..., str]) -> None:
    """The Action and nothing else of the project."""
    files = inside("find", "/action", "-type", "f").split()
    assert {Path(file).parts[2] for file in files} == {"entrypoint.py", "src"}
    packages = {Path(file).parts[3] for file in files if "/src/" in file}
    assert packages == {"codespaces_registry_secrets"}


@pytest.mark.parametrize(
    "module",
    [
        "codespaces_registry_secrets.action",
        "codespaces_registry_secrets.merge_shards",
        "botocore.auth",
    ],
)
def test_a_run_compiles_nothing(module: str, image: str, inspect: Callable[[str], Any]) -> None:
    """Neither of the Action, nor of its packages, nor of Python: all bytecode is there, and fits."""
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
    done = subprocess.run(command, capture_output=True, check=True, text=True)
    loaded = re.findall(r"^# code object from '?(.+?)'?$", done.stderr, re.MULTILINE)
    assert len(loaded) > 100
    assert [file for file in loaded if not file.endswith(".pyc")] == []


@pytest.mark.parametrize("package", PACKAGES)
def test_package(package: str, inside: Callable[..., str]) -> None:
    """Every package works without what the image leaves out of it."""
    inside(PYTHON, "-I", "-W", "error", "-c", f"import {package}")


def test_seals_and_signs(inside: Callable[..., str]) -> None:
    """Libsodium and OpenSSL are all there: a sealed box opens, an App's token is signed."""
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
def test_absent(module: str, inside: Callable[..., str]) -> None:
    """Nothing is there that could install packages, and nothing that only tests need."""
    program = f"import importlib.util as u; print(u.find_spec({module!r}))"
    assert inside(PYTHON, "-I", "-c", program) == "None\n"


@pytest.mark.parametrize("way", ["workspace", "PYTHONPATH", "PYTHONSTARTUP", "PYTHONHOME", "HOME"])
def test_imports_cannot_be_redirected(way: str, tmp_path: Path, image: str) -> None:
    """Neither the workspace nor a variable of the step brings other code in."""
    for name in SHADOWS:
        (tmp_path / f"{name}.py").write_text("print('SHADOWED')\n")
    user = tmp_path / ".local" / "lib" / "python3.13" / "site-packages"
    user.mkdir(parents=True)
    (user / "usercustomize.py").write_text("print('SHADOWED')\n")
    variable = [] if way == "workspace" else ["-e", f"{way}=/github/workspace"]
    mount = ["-v", f"{tmp_path}:/github/workspace", "--workdir", "/github/workspace"]
    done = subprocess.run(
        ["docker", "run", "--rm", *variable, *mount, image],
        capture_output=True,
        check=False,
        text=True,
    )
    assert "SHADOWED" not in done.stdout + done.stderr
    assert "ImportError" not in done.stderr
    assert "init_fs_encoding" not in done.stderr


def test_no_bytecode_in_the_workspace(tmp_path: Path, image: str) -> None:
    """A run leaves nothing behind in the workspace by itself."""
    mount = ["-v", f"{tmp_path}:/github/workspace", "--workdir", "/github/workspace"]
    subprocess.run(["docker", "run", "--rm", *mount, image], capture_output=True, check=False)
    assert list(tmp_path.iterdir()) == []
