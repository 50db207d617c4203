"""Run the image like GitHub's runner, against the sandbox."""

from __future__ import annotations

import json
import shutil
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from moto.server import ThreadedMotoServer

import sandboxed_action
from generated import HOME, Nights
from generated_kinds import AWS
from github_sandbox import Fault, Sandbox, World
from github_sandbox.demo_registry import serve_registry
from github_sandbox.presets import demo
from runner import Runner
from sandboxed_action import JOB_TOKEN

ROOT = Path(__file__).parents[2]
TOKEN = "sandbox-token"
# The registries of the example do not exist, so no login is possible.
OFF = {"verify": "off"}
CREDENTIALS = {
    "ACR_PASSWORD": 'it\'s "quoted", has a # and\ntwo lines',
    "GHCR_TOKEN": "a token of octocat",
}
SPEC = (ROOT / "examples" / "codespaces-registries.yml").read_text(encoding="utf-8")


@pytest.fixture
def world() -> World:
    """The world of the demo."""
    return demo()


@pytest.fixture
def runner(world: World, tmp_path: Path) -> Iterator[Runner]:
    """A job whose repository has the example spec at the default path."""
    workspace = tmp_path / "workspace"
    (workspace / ".github").mkdir(parents=True)
    (workspace / ".github" / "codespaces-registries.yml").write_text(SPEC, encoding="utf-8")
    with Sandbox(world) as sandbox:
        yield Runner(ROOT / "action.yml", workspace, {"api_url": sandbox.url})


def test_the_spec_file_becomes_triplets(image: str, runner: Runner, world: World) -> None:
    """With only a token, the Action reads the spec file and applies it."""
    step = runner.run({"token": TOKEN, **OFF}, CREDENTIALS, image=image)

    assert step.exit_code == 0, step.stdout + step.stderr
    password = world.secrets("user:octocat")["ACR_CONTAINER_REGISTRY_PASSWORD"]
    assert password.value == CREDENTIALS["ACR_PASSWORD"].encode()
    assert len(world.secrets("repository:octo-org/service-template")) == 3
    outputs = step.outputs
    assert (outputs["created"], outputs["repaired"], outputs["access-changed"]) == ("1", "1", "1")
    assert "| `user:octocat`<br>`ACR` |" in step.summary
    for value in [*CREDENTIALS.values(), TOKEN]:
        assert value not in step.log
        assert value not in " ".join(step.command_line)


def test_the_plan_file_is_at_the_path_in_the_output(image: str, runner: Runner) -> None:
    """The path is relative to `runner.temp`, so that steps outside of a container can read it."""
    step = runner.run({"token": TOKEN, "mode": "plan", **OFF}, CREDENTIALS, image=image)

    temporary = runner.workspace.parent / "_temp"
    whole = json.loads((temporary / step.outputs["plan-file"]).read_text(encoding="utf-8"))
    assert whole == json.loads(step.outputs["plan"])
    assert [change["action"] for change in whole["changes"]] == ["access", "repair", "create"]


def test_the_merge_action_reads_the_downloaded_plan_files(image: str, runner: Runner) -> None:
    """The image runs its second program for `merge-shards`, with access to `runner.temp`."""
    step = runner.run({"token": TOKEN, "mode": "plan", **OFF}, CREDENTIALS, image=image)
    temporary = runner.workspace.parent / "_temp"
    artifact = temporary / "plans" / "registries-1-plan"
    artifact.mkdir(parents=True)
    shutil.move(temporary / step.outputs["plan-file"], artifact)
    merge_yml = ROOT / ".github" / "actions" / "merge-shards" / "action.yml"
    inputs = {"mode": "plan", "name": "registries", "plan": "success", "apply": "skipped"}

    merged = Runner(merge_yml, runner.workspace).run(inputs, image=image)

    assert merged.exit_code == 0, merged.stdout + merged.stderr
    assert merged.outputs["created"] == step.outputs["created"] == "1"
    assert "**Plan: 1 to create, 1 to repair, 1 access change.**" in merged.summary


def test_the_issue_action_opens_an_issue(image: str, runner: Runner, world: World) -> None:
    """The image runs its third program for `update-issue`, with the token of the job."""
    world.add_repository("octo-org/app")
    world.add_actions_token(JOB_TOKEN, repository="octo-org/app", permissions={"issues": "write"})
    issue_yml = ROOT / ".github" / "actions" / "update-issue" / "action.yml"
    github = {"api_url": runner.github["api_url"]}

    step = Runner(issue_yml, runner.workspace, github).run({"result": "failure"}, image=image)

    assert step.exit_code == 0, step.stdout + step.stderr
    (issue,) = world.issues("octo-org/app")
    assert "The run ended without a plan" in (issue.body or "")


def test_check_fails_only_if_there_is_drift(image: str, runner: Runner) -> None:
    """Exit code 2 before an apply, 0 after it."""
    inputs = {"token": TOKEN, "mode": "check", **OFF}

    assert runner.run(inputs, CREDENTIALS, image=image).exit_code == 2
    assert runner.run({"token": TOKEN, **OFF}, CREDENTIALS, image=image).exit_code == 0
    assert runner.run(inputs, CREDENTIALS, image=image).exit_code == 0


def test_the_shorthand_needs_no_spec_file(image: str, runner: Runner, world: World) -> None:
    """One registry, at the repository that runs the workflow."""
    world.add_repository("octo-org/app")
    inputs = {"id": "hub", "registry": "dockerhub", "username": "me", "password": "pass-word"}

    step = runner.run({"token": TOKEN, **OFF, **inputs}, image=image)

    assert step.exit_code == 0, step.stdout
    secrets = world.secrets("repository:octo-org/app")
    assert secrets["HUB_CONTAINER_REGISTRY_SERVER"].value == b"https://index.docker.io/v1/"
    assert secrets["HUB_CONTAINER_REGISTRY_PASSWORD"].value == b"pass-word"


def test_a_rejected_credential_is_not_stored(image: str, runner: Runner, world: World) -> None:
    """The login happens inside the container, before the first write."""
    world.add_repository("octo-org/app")
    inputs = {"token": TOKEN, "id": "LOCAL", "username": "me", "password": "a wrong one"}
    with serve_registry("me", "pass-word") as server:
        rejected = runner.run({**inputs, "server": server}, image=image)
        accepted = runner.run({**inputs, "server": server, "password": "pass-word"}, image=image)

    assert rejected.exit_code == 1
    assert "rejects the credential (401)" in rejected.stdout
    assert accepted.exit_code == 0, accepted.stdout
    assert len(world.secrets("repository:octo-org/app")) == 3


def test_an_access_key_of_ecr_is_exchanged(image: str, runner: Runner, world: World) -> None:
    """The image has only a part of botocore's data. The login at the registry fails afterwards."""
    world.add_repository("octo-org/app")
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    key = {
        "username": "AKIAIOSFODNN7EXAMPLE",
        "password": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    }
    registry_host = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"
    inputs = {"token": TOKEN, "id": "ECR", "server": registry_host, "verify": "required", **key}

    step = runner.run(inputs, {"AWS_ENDPOINT_URL_ECR": f"http://{host}:{port}"}, image=image)

    server.stop()
    assert step.exit_code == 1
    assert "DataNotFoundError" not in step.stdout
    assert f"{registry_host} " in step.stdout


def test_a_key_of_aws_is_created_with_the_id_token_of_the_job(image: str) -> None:
    """The container gets the variables of the service; a job without the permission does not."""
    with Nights(AWS) as nights:
        workspace = nights.action.workspace
        github = {"api_url": nights.sandbox.url, "repository": HOME}
        runner = Runner(ROOT / "action.yml", workspace, github)
        runner.id_token_service = nights.id_tokens.environment
        inputs = {"token": sandboxed_action.TOKEN, "spec": json.dumps(nights.spec), **OFF}
        endpoints = {k: v for k, v in nights.environment.items() if k.startswith("AWS_")}
        denied = runner.run(inputs, endpoints, image=image)
        runner.permissions = {"id-token": "write"}
        step = runner.run(inputs, endpoints, image=image)

        assert denied.exit_code == 1
        assert "add `id-token: write` to the `permissions` of the job" in denied.stdout
        assert step.exit_code == 0, step.stdout
        assert nights.issuer.live() == [nights.journal["id"]]
        assert nights.refused() == []
        assert nights.journal["password"] in step.masks
        assert nights.journal["password"] not in step.log


def test_errors_are_annotations_at_the_lines_of_the_spec_file(image: str, runner: Runner) -> None:
    """All errors are reported at once, and no request is sent."""
    path = runner.workspace / ".github" / "codespaces-registries.yml"
    path.write_text(SPEC.replace("registry: acr\n", "registry: acr\n    nmae: x\n"))

    step = runner.run({"token": TOKEN}, {"ACR_PASSWORD": "pass-word"}, image=image)

    assert step.exit_code == 1
    errors = [command for command in step.commands if command.name == "error"]
    assert {error.properties["file"] for error in errors} == {".github/codespaces-registries.yml"}
    assert [error.properties["line"] for error in errors] == ["13", "29"]
    assert "2 errors in the configuration; no request was sent to GitHub." in step.stdout


def test_cancelling_a_job_stops_the_container(image: str, runner: Runner, world: World) -> None:
    """Docker's client forwards the signal to the Action, which is process 1."""
    with Sandbox(world) as sandbox:
        sandbox.fail(Fault(method="PUT", path="USER$", times=None, status=None, delay=60))
        inputs = {"token": TOKEN, "api-url": sandbox.url, **OFF}
        started = runner.start(inputs, CREDENTIALS, image=image)
        deadline = time.monotonic() + 60
        while not sandbox.writes:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        cancelled_at = time.monotonic()
        started.process.send_signal(signal.SIGINT)
        step = started.end()

    assert time.monotonic() - cancelled_at < 5
    assert step.exit_code == 1
    assert "Stopped by SIGINT. It is safe to re-run" in step.annotations("error")[-1]
    assert "| `user:octocat`<br>`ACR` |" in step.summary
