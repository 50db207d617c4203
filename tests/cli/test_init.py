"""The command `init`."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml

from codespaces_registry_secrets.cli.answers import SPEC_FILE
from codespaces_registry_secrets.cli.starter_workflows import ACTION, CHECKOUT, WORKFLOW_FILES
from codespaces_registry_secrets.model.registries import KINDS
from codespaces_registry_secrets.spec.load import load_desired
from codespaces_registry_secrets.spec.yaml_document import parse
from command_line import ROOT, CommandLine, Result
from repo.documents import PROJECT, WORKFLOWS

# script/check lints these files as GitHub and actionlint do.
EXPECTED = Path(__file__).parent / "init_files"
KEYS = {
    "name": "mycompany",
    "suffix": "azurecr.cn",
    "subdomain": "octo",
    "account": "123456789012",
    "region": "eu-west-1",
    "location": "eu",
}
ACR = ("--registry", "acr", "--name", "mycompany")


def options(kind: str) -> list[str]:
    """The options for a registry of this kind, with all of its keys."""
    keys = (*KINDS[kind].required, *KINDS[kind].optional)
    return ["--registry", kind, *(text for key in keys for text in (f"--{key}", KEYS[key]))]


@pytest.mark.parametrize("use", WORKFLOW_FILES)
def test_it_writes_these_workflows(cli: CommandLine, use: str) -> None:
    """They are in the repository, where script/check lints them."""
    targets = () if use == "template" else ("--target", "organization:octo-org")
    assert cli.run("init", *ACR, *targets, "--use", use).code == 0
    file = WORKFLOW_FILES[use]  # type: ignore[index]
    assert (cli.folder / file).read_text() == (EXPECTED / f"{use}.yml").read_text()


@pytest.mark.parametrize("kind", KINDS)
def test_the_spec_of_each_kind_is_valid_and_gets_its_values(cli: CommandLine, kind: str) -> None:
    """The workflow passes every variable that the spec reads, and allows the server."""
    target = "repository:octo-org/app"
    assert cli.run("init", *options(kind), "--target", target).code == 0
    assert cli.run("validate").code == 0
    read: list[str | None] = []
    desired = load_desired(
        parse((cli.folder / SPEC_FILE).read_text(), SPEC_FILE),
        lambda _, source: read.append(source.secret),
    )
    workflow = yaml.safe_load((cli.folder / WORKFLOW_FILES["rotation"]).read_text())
    step = workflow["jobs"]["rotate"]["steps"][-1]
    assert sorted(map(str, read)) == sorted(step["env"])
    (triplet,) = desired
    assert triplet.credential
    assert step["with"]["allowed-servers"] == triplet.credential.server
    assert step["with"]["allowed-owners"] == "octo-org"
    assert str(triplet.target) == target


def test_a_template_has_a_workflow_but_no_spec(cli: CommandLine) -> None:
    """A new repository is its own target, which no spec can name."""
    result = cli.run("init", "--server", "registry.example.com:5000", "--use", "template")
    assert result.code == 0
    assert not (cli.folder / SPEC_FILE).exists()
    workflow = yaml.safe_load((cli.folder / WORKFLOW_FILES["template"]).read_text())
    step = workflow["jobs"]["registry"]["steps"][0]
    assert step["with"]["server"] == "registry.example.com:5000"
    refused = cli.run("init", *ACR, "--use", "template", "--target", "repository:octo-org/app")
    assert refused.code == 1
    assert "--target: not valid with --use template" in refused.err


def test_it_says_what_to_do_next(cli: CommandLine) -> None:
    """The secrets to create, and what the token needs for these targets."""
    targets = ("--target", "organization:octo-org", "--target", "user:@me")
    result = cli.run("init", *ACR, *targets, "--username", "me")
    assert result.code == 0
    assert re.findall(r"gh secret set (\w+)", result.out) == [
        "CODESPACES_SECRETS_TOKEN",
        "ACR_PASSWORD",
    ]
    assert "organization_codespaces_secrets: write" in result.out
    assert "codespaces_user_secrets: write" in result.out
    assert "username: me\n" in (cli.folder / SPEC_FILE).read_text()


def test_it_never_overwrites_without_force(cli: CommandLine) -> None:
    """The error names every file that exists, and none is written."""
    target = ("--target", "repository:octo-org/app")
    assert cli.run("init", *ACR, *target).code == 0
    files = (SPEC_FILE, WORKFLOW_FILES["rotation"])
    for name in files:
        (cli.folder / name).write_text("mine\n")
    refused = cli.run("init", *ACR, *target)
    assert refused.code == 1
    assert refused.err == (
        f"error: {' and '.join(files)} already exist; nothing was written. Use --force to "
        "overwrite\n"
    )
    assert {(cli.folder / name).read_text() for name in files} == {"mine\n"}
    (cli.folder / SPEC_FILE).unlink()
    assert "rotate-registry-secrets.yml already exists;" in cli.run("init", *ACR, *target).err
    assert not (cli.folder / SPEC_FILE).exists()
    assert cli.run("init", *ACR, *target, "--force").code == 0
    assert "mine" not in "".join((cli.folder / name).read_text() for name in files)


def test_the_target_is_the_repository_of_the_folder(cli: CommandLine) -> None:
    """By its remote `origin`; without one, and without a terminal, the option is required."""
    missing = cli.run("init", *ACR)
    assert (missing.code, missing.out) == (1, "")
    assert missing.err == (
        "--target: required, because no remote of git names a repository of GitHub\n"
    )
    git = ("git", "-C", str(cli.folder))
    subprocess.run([*git, "init", "-q"], check=True)
    remote = "git@github.com:octo-org/app.git"
    subprocess.run([*git, "remote", "add", "origin", remote], check=True)
    assert cli.run("init", *ACR).code == 0
    assert "- repository: octo-org/app\n" in (cli.folder / SPEC_FILE).read_text()


@pytest.mark.parametrize(
    ("arguments", "option"),
    [
        ((), "--registry: has no server"),
        (("--registry", "acr"), "--registry: `name` is required"),
        (("--registry", "quay"), "--registry: unknown registry kind"),
        (("--registry", "acr", "--name", "My Company"), "--name: must be lower-case letters"),
        ((*ACR, "--region", "eu-west-1"), "--region: only valid with"),
        ((*ACR, "--server", "ghcr.io"), "--server: `registry` and `server` are mutually exclusive"),
        (("--server", "https://ghcr.io/"), "--server: Codespaces would not match"),
        ((*ACR, "--id", "1A"), "--id: an id has only letters"),
        ((*ACR, "--username", ""), "--username: is empty"),
        ((*ACR, "--username", "a\x1bb"), "--username: holds the control character U+001B"),
        ((*ACR, "--target", "octo-org"), "--target: octo-org: must be `organization:NAME`"),
        (
            (*ACR, "--target", "organization:a*"),
            "--target: a glob of organizations needs the input",
        ),
        ((*ACR, "--target", "organization:a b"), "--target: must be the login of an organization"),
    ],
)
def test_an_invalid_answer_names_its_option(
    cli: CommandLine, arguments: tuple[str, ...], option: str
) -> None:
    """Nothing is written."""
    result = cli.run("init", "--target", "repository:octo-org/app", *arguments)
    assert (result.code, result.out) == (1, "")
    assert option in result.err
    assert not (cli.folder / ".github").exists()


def test_a_folder_that_cannot_be_written_is_an_error(cli: CommandLine) -> None:
    """Without a traceback."""
    (cli.folder / ".github").write_text("a file")
    result = cli.run("init", *ACR, "--target", "repository:octo-org/app")
    assert result.code == 1
    assert result.err.startswith(f"error: {SPEC_FILE}: cannot be written: ")
    assert "Traceback" not in result.err


def test_on_a_terminal_it_asks_for_what_is_missing(cli: CommandLine) -> None:
    """An invalid answer is asked for again."""
    result = answer(
        cli,
        {
            "Registry kind": "acr",
            "name of the registry": "My Company",
            "must be lower-case letters": "mycompany",
            "ID of the registry": "",
            "User name": "me",
            "Workflow to write": "step",
            "Targets": "organization:octo-org",
        },
    )
    assert result.code == 0, result.out
    desired = load_desired(parse((cli.folder / SPEC_FILE).read_text(), SPEC_FILE), lambda *_: None)
    assert [(t.registry, str(t.target)) for t in desired] == [("ACR", "organization:octo-org")]
    assert desired[0].credential
    assert desired[0].credential.server == "mycompany.azurecr.io"
    assert desired[0].credential.username == "me"
    assert (cli.folder / WORKFLOW_FILES["step"]).exists()


def test_an_input_that_ends_writes_nothing(cli: CommandLine) -> None:
    """Ctrl-D at a question."""
    result = answer(cli, {"Registry kind": "other", "Server": "\x04"})
    assert result.code == 1
    assert "the input ended; nothing was written" in result.out
    assert not (cli.folder / ".github").exists()


def answer(cli: CommandLine, answers: Mapping[str, str]) -> Result:
    """Run `init` on a terminal, and type each answer after the text that it belongs to."""
    session = cli.on_terminal("init", TERM="dumb")
    for question, text in answers.items():
        session.wait_for(question)
        session.type(text if text == "\x04" else f"{text}\n")
    return session.end()


def test_the_workflows_use_the_actions_of_the_examples() -> None:
    """Dependabot updates those."""
    assert any(f"uses: {CHECKOUT}\n" in path.read_text() for path in WORKFLOWS)
    assert ACTION == PROJECT
    assert (ROOT / "script" / "check").read_text().count("tests/cli/init_files") == 1
