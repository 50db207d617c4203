"""README and the reference pages agree with action.yml and the code."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from codespaces_registry_secrets.model.registries import KIND_KEYS, KINDS
from codespaces_registry_secrets.model.targets import SCOPES
from repo.documents import ACTION, PAGES, README, ROOT, quoted, rows, section

KEYS = {
    "name": "mycompany",
    "suffix": "azurecr.cn",
    "subdomain": "octocorp",
    "account": "111122223333",
    "region": "eu-west-1",
    "location": "eu",
}
KIND_ROWS = rows(section(PAGES["spec.md"], "## Registries"))


def test_the_table_of_inputs_is_that_of_action_yml() -> None:
    """Names, defaults and descriptions, in the same order."""
    assert rows(section(README, "## Inputs")) == [
        [f"`{name}`", f"`{entry['default']}`" if "default" in entry else "", entry["description"]]
        for name, entry in ACTION["inputs"].items()
    ]


def test_the_table_of_outputs_is_that_of_action_yml() -> None:
    """Names and descriptions, in the same order."""
    assert rows(section(README, "## Outputs")) == [
        [f"`{name}`", entry["description"]] for name, entry in ACTION["outputs"].items()
    ]


@pytest.mark.parametrize("row", KIND_ROWS, ids=[" ".join(row[:2]) for row in KIND_ROWS])
def test_a_registry_kind_has_the_server_of_the_table(row: list[str]) -> None:
    """The table shows the server that is stored."""
    (kind,), (server,) = quoted(row[0]), quoted(row[2])
    china = {"region": "cn-north-1"} if "cn-" in row[1] else {}
    keys = {key: {**KEYS, **china}[key] for key in quoted(row[1]) if key in KIND_KEYS}
    for key, value in keys.items():
        server = server.replace(f"<{key}>", value)
    assert KINDS[kind].server(keys) == server


def test_the_table_has_every_registry_kind_with_every_key() -> None:
    """The table and the code have the same kinds and keys."""
    shown: dict[str, set[str]] = {}
    for kind, keys, _ in KIND_ROWS:
        shown.setdefault(kind.strip("`"), set()).update(KIND_KEYS & set(quoted(keys)))
    assert shown == {name: {*kind.required, *kind.optional} for name, kind in KINDS.items()}


@pytest.mark.parametrize("scope", SCOPES)
def test_the_table_of_tokens_says_what_the_messages_say(scope: str) -> None:
    """The documents and the error messages name the same scopes and permissions."""
    table = {
        row[0]: row for row in rows(section(PAGES["permissions.md"], "## Tokens for each target"))
    }
    target = SCOPES[scope]
    _, classic, fine_grained, app = table[scope]
    assert classic.replace("`", "").split(" or ")[0] == target.classic_scope
    assert quoted(fine_grained) == [target.permission]
    assert app == ("never" if scope == "user" else fine_grained)


def test_the_plan_in_the_documents_is_that_of_the_demo(tmp_path: Path) -> None:
    """Line by line, with `…` for any text; the reason in the JSON output is one of them."""
    done = subprocess.run(
        [sys.executable, "-m", "github_sandbox.demo", "--summary", str(tmp_path / "summary.md")],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT / "src")},
        capture_output=True,
        check=True,
        text=True,
    )
    spec = (ROOT / "docs" / "spec.md").read_text(encoding="utf-8")
    (plan,) = re.findall(r"^```text\n([~+±].*?)^```$", spec, re.DOTALL | re.MULTILINE)
    for line in filter(None, map(str.strip, plan.splitlines())):
        pattern = ".*".join(re.escape(part) for part in line.split("…"))
        assert re.search(rf"^ *{pattern}$", done.stdout, re.MULTILINE), line
    (reason,) = re.findall(r'"reason": "([^"]+)"', README)
    assert f": {reason} (" in done.stdout
