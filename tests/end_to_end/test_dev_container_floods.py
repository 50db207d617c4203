"""Files of dev containers that try to flood or to forge what a run writes."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

import pytest

from github_sandbox import Sandbox, World
from sandboxed_action import ACR_SPEC, JOB_TOKEN, TOKEN, Action

MASKED = ("::group::Read", "::endgroup::", *(f"::add-mask::{v}" for v in (TOKEN, JOB_TOKEN, "p")))
SERVER = "mycompany.azurecr.io"
SPEC = f"""{ACR_SPEC}    rotate: missing
    targets:
      - organization: octo-org
        repositories: {{include: ["*"], devcontainer: true}}
"""
ENV = {"ACR_PASSWORD": "p"}
CONFIGURATION = ".devcontainer/devcontainer.json"
MANY = 60


@pytest.fixture
def world() -> World:
    """An organization with one repository that needs the registry."""
    world = World()
    world.add_user("octocat")
    world.add_organization("octo-org", owners=["octocat"])
    world.add_token(TOKEN, user="octocat", scopes=("repo", "admin:org"))
    world.add_repository("octo-org/app")
    world.put_file("octo-org/app", CONFIGURATION, json.dumps({"image": f"{SERVER}/app"}))
    return world


def add(world: World, name: str, files: Mapping[str, str]) -> None:
    """Add a repository with files."""
    world.add_repository(f"octo-org/{name}")
    world.put_files(f"octo-org/{name}", files)


FORGED = (
    "::error::forged",
    "##[error]forged",
    "\n::add-mask::octo",
    "<img src=//evil>",
    "[a](//evil)",
    "`|a|`",
    "${{ secrets.A }}",
    "$(id)",
    "@octocat",
    "\x1b[31mred",
    "\u202eleft",
    "\ud800",
)


def outside_of_code(markdown: str) -> list[str]:
    """The parts of Markdown that are not in code spans of one backquote."""
    return re.split(r"`[^`\n]*`", markdown)


def test_no_text_of_a_file_becomes_a_command_or_markup(
    world: World, sandbox: Sandbox, action: Action
) -> None:
    """Whatever is quoted: images, paths, services, features, and names of files."""
    for number, text in enumerate(FORGED):
        features: dict[str, object] = {text: {}, f"./{text}": {}}
        files = {
            CONFIGURATION: json.dumps({"image": text, "features": features}),
            ".devcontainer.json": json.dumps(
                {"dockerComposeFile": "c.yml", "service": text, "runServices": [text]}
            ),
            "c.yml": f"services: {{{json.dumps(text)}: {{image: {json.dumps(text)}}}}}",
            ".devcontainer/a/devcontainer.json": json.dumps({"dockerFile": text}),
        }
        add(world, f"forged-{number}", files)
    step = action.step(SPEC, ENV, mode="plan")
    assert step.exit_code == 0, step.stdout
    commands = {line.partition(" ")[0] for line in step.stdout.splitlines() if "::" in line[:2]}
    assert commands <= {"::warning", "::notice", *MASKED}
    assert "##[" not in step.stdout
    for text in ("<img", "[a](", "@octocat"):  # in Markdown, only in code
        assert all(text not in part for part in outside_of_code(step.summary))


def test_a_flood_of_servers_stays_small(world: World, sandbox: Sandbox, action: Action) -> None:
    """The servers that most repositories pull from come first."""
    lines = "".join(f"COPY --from=s{number}.example.com/a / /\n" for number in range(2000))
    add(
        world,
        "flood",
        {
            CONFIGURATION: '{"dockerFile": "Dockerfile"}',
            ".devcontainer/Dockerfile": f"FROM quay.io/a\n{lines}",
        },
    )
    for number in range(3):
        add(world, f"repo-{number}", {CONFIGURATION: '{"image": "quay.io/a"}'})
    step = action.step(SPEC, ENV, mode="plan")
    assert step.exit_code == 0
    assert "4 repositories pull from quay.io without" in step.stdout
    assert len(step.stdout) < 50_000
    assert len(step.summary) < 50_000


def test_a_flood_of_problems_stays_small(world: World, sandbox: Sandbox, action: Action) -> None:
    """Half a megabyte of problems in each of many repositories."""
    for number in range(MANY):
        images: dict[str, object] = {
            f"{'x' * 200}{number}-{feature}": {} for feature in range(2000)
        }
        add(world, f"repo-{number:03}", {CONFIGURATION: json.dumps({"features": images})})
    step = action.step(SPEC, ENV, mode="plan")
    assert step.exit_code == 0
    assert len(step.stdout) < 100_000
    assert len(step.summary) < 100_000
