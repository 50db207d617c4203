"""Issue forms, owners, editor settings and the dev container agree with the tree."""

from __future__ import annotations

import fnmatch
import re
from configparser import ConfigParser
from pathlib import Path
from typing import Any

import pytest
import yaml

from codespaces_registry_secrets.devcontainers.collector import Collector
from codespaces_registry_secrets.devcontainers.json_file import parse_json_file
from codespaces_registry_secrets.devcontainers.scan import scan
from codespaces_registry_secrets.model.registries import KINDS
from repo.documents import PROJECT as REPOSITORY
from repo.documents import ROOT
from repo.project import PROJECT

FORMS = sorted(
    path for path in (ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yml") if path.stem != "config"
)
DEV_CONTAINER = ".devcontainer/devcontainer.json"
# Source: "Syntax for GitHub's form schema", docs.github.com.
ELEMENTS = {
    "markdown": {"value"},
    "textarea": {"label", "description", "placeholder", "value", "render"},
    "input": {"label", "description", "placeholder", "value"},
    "dropdown": {"label", "description", "multiple", "options", "default"},
    "checkboxes": {"label", "description", "options"},
}
NOT_OURS = {".git", ".venv", "node_modules", "__pycache__", ".demo", "build", "dist"}
NOT_OURS |= {".mypy_cache", ".pytest_cache", ".ruff_cache", ".hypothesis"}


def is_ours(path: Path) -> bool:
    """Whether a file belongs to the repository, and is text."""
    parts = path.relative_to(ROOT).parts
    installed = NOT_OURS & set(parts) or parts[0].startswith(".coverage")
    return path.is_file() and path.suffix != ".png" and not installed


FILES = sorted(path for path in ROOT.rglob("*") if is_ours(path))


def read(path: str) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


def form(path: Path) -> dict[str, Any]:
    data: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return data


def editor_settings(path: Path) -> dict[str, str]:
    """The settings of a file; a later section of .editorconfig takes precedence."""
    parser = ConfigParser()
    parser.read_string(f"[preamble]\n{read('.editorconfig')}")
    name = path.relative_to(ROOT).as_posix()
    settings: dict[str, str] = {}
    for section in parser.sections()[1:]:
        names = name if "/" in section else path.name
        if any(fnmatch.fnmatchcase(names, pattern) for pattern in expand_braces(section)):
            settings |= parser[section]
    return settings


def expand_braces(pattern: str) -> list[str]:
    """`a/{b,c}` -> `a/b`, `a/c`."""
    match = re.fullmatch(r"(.*)\{(.*)\}(.*)", pattern)
    return [f"{match[1]}{one}{match[3]}" for one in match[2].split(",")] if match else [pattern]


@pytest.mark.parametrize("path", FORMS, ids=lambda path: path.stem)
def test_github_accepts_an_issue_form(path: Path) -> None:
    """It has only the keys and elements of GitHub's schema, and each name is used once."""
    data = form(path)
    assert {"name", "description", "body"} <= data.keys()
    assert data.keys() <= {"name", "description", "title", "labels", "assignees", "body"}
    asked = [element for element in data["body"] if element["type"] != "markdown"]
    assert asked
    for element in data["body"]:
        attributes = element["attributes"]
        assert attributes.keys() <= ELEMENTS[element["type"]]
        assert element.keys() <= {"type", "id", "attributes", "validations"}
        assert "value" in attributes or "label" in attributes
        if "default" in attributes:
            assert 0 <= attributes["default"] < len(attributes["options"])
    for key in ("id", "label"):
        names = [element.get(key) or element["attributes"].get(key) for element in asked]
        assert len(set(names)) == len(names)


def test_the_form_for_bugs_has_every_registry_kind() -> None:
    """In the order of the documentation, which is that of `KINDS`."""
    (element,) = (
        element
        for element in form(ROOT / ".github/ISSUE_TEMPLATE/bug.yml")["body"]
        if element.get("id") == "registry"
    )
    first, *kinds, last = element["attributes"]["options"]
    assert (first, last) == ("none, with `server`", "does not matter")
    assert kinds == list(KINDS)


def test_a_secret_is_never_asked_for() -> None:
    """A person who reports a bug is told so, and where a vulnerability goes."""
    text = read(".github/ISSUE_TEMPLATE/bug.yml")
    assert "Never include a password, a token or a key" in text
    assert "/security/advisories/new" in text


def test_links_of_the_forms_have_targets() -> None:
    """Files of this repository on its default branch."""
    texts = [path.read_text(encoding="utf-8") for path in (ROOT / ".github").rglob("*.yml")]
    linked = re.findall(rf"{REPOSITORY}/blob/main/([\w./-]+\w)", "\n".join(texts))
    assert linked
    for name in linked:
        assert (ROOT / name).is_file(), name


def test_every_script_of_the_pull_request_template_exists() -> None:
    """A contributor runs them before the review."""
    scripts = re.findall(r"`(script/\w+)`", read(".github/pull_request_template.md"))
    assert scripts
    for name in scripts:
        assert (ROOT / name).is_file(), name


def test_every_path_with_an_owner_exists() -> None:
    """The first line covers all files, and each line has an owner."""
    lines = [line.split() for line in read(".github/CODEOWNERS").splitlines()]
    rules = [line for line in lines if line and not line[0].startswith("#")]
    assert rules[0][0] == "*"
    for pattern, *owners in rules:
        assert owners
        assert all(re.fullmatch(r"@[\w-]+/[\w-]+", owner) for owner in owners)
        path = ROOT / pattern.strip("/")
        assert pattern == "*" or (path.is_dir() if pattern.endswith("/") else path.is_file())


@pytest.mark.parametrize("name", ["CODE_OF_CONDUCT.md", "SUPPORT.md", "SECURITY.md"])
def test_contributing_or_the_readme_links_the_policy(name: str) -> None:
    """GitHub shows them; a reader of the files finds them, too."""
    assert f"]({name})" in read("CONTRIBUTING.md") + read("README.md")


def test_editors_have_the_line_length_of_ruff() -> None:
    """For each Python file, also those without a suffix."""
    ruff = PROJECT["tool"]["ruff"]
    names = [*ruff["extend-include"], "entrypoint.py", "src/github_sandbox/world.py"]
    for name in names:
        settings = editor_settings(ROOT / name)
        assert settings["max_line_length"] == str(ruff["line-length"])
        assert settings["indent_size"] == "4"


def test_files_are_as_an_editor_would_save_them() -> None:
    """Otherwise, an editor changes lines that nobody edited."""
    assert FILES
    for path in FILES:
        content, settings = path.read_bytes(), editor_settings(path)
        assert settings["end_of_line"] == "lf"
        assert b"\r\n" not in content, path
        assert content == b"" or content.endswith(b"\n"), path
        if settings["trim_trailing_whitespace"] == "true":
            assert not re.search(rb"[ \t]+$", content, re.MULTILINE), path


def test_the_action_understands_its_own_dev_container() -> None:
    """One image with its digest, and the Python of the Action's image."""
    containers = scan({DEV_CONTAINER: read(DEV_CONTAINER)}).containers
    assert list(containers.problems) == []
    (image,) = containers.images
    declared = re.search(r'"image": "(.+)"', read(DEV_CONTAINER))
    assert declared
    pinned = r"mcr\.microsoft\.com/devcontainers/python:[\d.]+-(3\.\d+)-\w+@sha256:[0-9a-f]{64}"
    match = re.fullmatch(pinned, declared[1])
    assert match
    assert "mcr.microsoft.com/devcontainers/python" in str(image)
    assert f"FROM python:{match[1]}-" in read("Dockerfile")


def test_the_dev_container_runs_scripts_that_exist() -> None:
    """With locks that exist, and without an error in its JSON."""
    collector = Collector({})
    assert parse_json_file(read(DEV_CONTAINER), DEV_CONTAINER, collector) is not None
    commands = re.findall(r"(script/[\w-]+)(?: (\w+))?", read(DEV_CONTAINER))
    assert ("script/setup", "check") in commands
    for script, lock in commands:
        assert (ROOT / script).is_file(), script
        assert not lock or (ROOT / "requirements" / f"{lock}.txt").is_file(), lock
