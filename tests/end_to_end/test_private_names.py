"""In a public repository, nobody learns the name of a private one that the spec does not name."""

from __future__ import annotations

import json

import pytest

from codespaces_registry_secrets.inputs.action_inputs import Inputs
from github_sandbox import Fault, Sandbox, World
from runner import Step
from sandboxed_action import ACR_SPEC, JOB_TOKEN, TOKEN, Action, stored_triplet

APP = "octo-org/app"
ENVIRONMENT = {"ACR_PASSWORD": "correct-horse"}
# Parts of the names of all private repositories that no spec of these tests names.
SECRET = ("zebra", "yak", "xerus", "wombat", "vole", "umbra", "tapir")
SPEC = (
    ACR_SPEC
    + """
    targets:
      - organization: octo-org
        visibility: selected
        repositories:
          include: [app, named-private, "lib-*"]
          topics: [codespaces]
          properties: {team: [core]}
      - repository: octo-org/svc-*
      - repository: octo-org/old-name
"""
)


@pytest.fixture
def world() -> World:
    """`octo-org` with private repositories that a glob, a topic and a property match."""
    world = World()
    world.add_user("octocat")
    world.add_organization("octo-org", owners=("octocat",))
    world.add_organization("other-org", owners=("octocat",))
    world.add_repository(APP, private=False)
    world.add_repository("octo-org/named-private")
    for name in ("lib-zebra", "lib-yak", "svc-xerus", "svc-wombat"):
        world.add_repository(f"octo-org/{name}")
    for name in ("lib-open", "svc-open"):
        world.add_repository(f"octo-org/{name}", private=False)
    world.add_repository("octo-org/vole", topics=("codespaces",))
    world.add_repository("octo-org/lib-umbra", archived=True)
    world.add_repository("octo-org/old-name")
    world.rename("octo-org/old-name", "octo-org/tapir")
    world.add_token(TOKEN, user="octocat", scopes=("repo", "admin:org"))
    permissions = {"pull_requests": "write"}
    world.add_actions_token(JOB_TOKEN, repository=APP, permissions=permissions)
    world.add_pull_request(APP)
    return world


def run(action: Action, spec: str = SPEC, *, public: bool = True, **inputs: str) -> Step:
    """Run for a pull request of a public or private repository, with a comment."""
    repository = {"id": 1, "private": not public}
    action.set_event("pull_request", repository=repository, pull_request={"number": 1})
    return action.step(spec, ENVIRONMENT, **{"comment": "true", **inputs})


def everything(step: Step, world: World) -> str:
    """All text that a run writes anywhere: log, summary, outputs, files and comment."""
    files = [path.read_text(errors="replace") for path in step.files]
    bodies = [comment.body for comment in world.comments(APP, 1)]
    return "\n".join(
        [step.stdout, step.stderr, step.summary, *step.outputs.values(), *files, *bodies]
    )


def shown(step: Step, world: World) -> set[str]:
    """The names in SECRET that a run shows somewhere."""
    text = everything(step, world).lower()
    return {name for name in SECRET if name in text}


@pytest.mark.parametrize("mode", ["plan", "check", "apply"])
def test_no_private_name_is_shown_in_a_public_repository(
    action: Action, world: World, mode: str
) -> None:
    """Of those that the spec does not name; the others and public ones are."""
    world.set_properties("octo-org/lib-yak", {"team": "core"})

    step = run(action, mode=mode)

    assert step.exit_code == (2 if mode == "check" else 0), step.stdout
    assert shown(step, world) == set()
    text = everything(step, world)
    assert all(name in text for name in ("named-private", "lib-open", "svc-open", "old-name"))
    assert "3 private repositories" in step.stdout
    assert "3 private repositories" in step.summary


@pytest.mark.parametrize("mode", ["plan", "apply"])
def test_all_names_are_shown_in_a_private_repository(
    action: Action, world: World, mode: str
) -> None:
    """Who can read its log is trusted by its owner."""
    step = run(action, public=False, mode=mode)

    assert shown(step, world) == set(SECRET)
    assert "private repositor" not in everything(step, world)


def test_names_are_hidden_in_messages_about_dev_containers(action: Action, world: World) -> None:
    """Of unknown need, of a known need with a problem, and of a registry without a triplet."""
    images = {
        "lib-zebra": {"image": "quay.io/octo/a"},
        "lib-yak": {"image": "${localEnv:REGISTRY}/octo-org/lib-yak"},
        "lib-open": {
            "image": "mycompany.azurecr.io/a",
            "features": {"tool": {}, "quay.io/octo/features/a": {}},
        },
    }
    for name, configuration in images.items():
        world.put_file(f"octo-org/{name}", ".devcontainer.json", json.dumps(configuration))
    spec = f"""{ACR_SPEC}
    targets:
      - organization: octo-org
        repositories: {{include: ["lib-*"], devcontainer: true}}
"""
    step = run(action, spec, mode="plan")
    assert step.exit_code == 0, step.stdout
    assert shown(step, world) == set()
    for message in (
        "cannot tell whether the dev containers of a private repository pull from",
        "the dev containers of octo-org/lib-open can pull more images",
        "2 repositories pull from quay.io",
        "for it: octo-org/lib-open, a private repository;",
    ):
        assert message in step.stdout


def test_hidden_repositories_get_access_all_the_same(action: Action, world: World) -> None:
    """Names are hidden from reports only; the plan and its digest keep them."""
    public = run(action, mode="plan")
    private = run(action, public=False, mode="plan")
    step = run(action, mode="apply", expect_digest=private.outputs["plan-digest"])

    assert step.exit_code == 0
    assert public.outputs["plan-digest"] == private.outputs["plan-digest"]
    assert public.outputs["matrix"] == private.outputs["matrix"] != ""
    listed = world.secrets("organization:octo-org")["ACR_CONTAINER_REGISTRY_SERVER"].repositories
    assert {"octo-org/lib-zebra", "octo-org/vole"} < set(listed)
    assert world.secrets("repository:octo-org/svc-xerus")
    assert world.secrets("repository:octo-org/tapir")


def test_the_plan_counts_what_it_hides(action: Action, world: World) -> None:
    """A list has its public and named repositories, and the number of the others."""
    (action.workspace / "spec.yml").write_text(SPEC)
    step = run(action, "", spec_file="spec.yml", mode="plan")

    plan = json.loads(step.outputs["plan"])
    by_target = {change["target"]: change for change in plan["changes"]}
    assert by_target["organization:octo-org"]["repositories"] == {
        "add": ["octo-org/app", "octo-org/lib-open", "octo-org/named-private"],
        "remove": [],
        "private": {"add": 3, "remove": 0},
    }
    ids = (world.repository(f"octo-org/{name}").id for name in ("svc-xerus", "svc-wombat", "tapir"))
    assert by_target.keys() == {
        "organization:octo-org",
        "repository:octo-org/svc-open",
        *(f"repository:octo-org/(private-repository-{number})" for number in ids),
    }
    assert all("private" not in c["repositories"] for c in plan["changes"] if c["target"][0] == "r")


def test_repositories_that_lose_access_are_counted(action: Action, world: World) -> None:
    """They are on the list at GitHub, and the spec does not mention them."""
    listed = ["octo-org/lib-zebra", "octo-org/vole", APP, "octo-org/lib-open"]
    stored_triplet(world, "organization:octo-org", visibility="selected", repositories=listed)
    spec = ACR_SPEC + "    targets: [{organization: octo-org, repositories: [app]}]\n"

    step = run(action, spec, mode="plan")

    assert shown(step, world) == set()
    assert "- 1 repository: lib-open\n" in step.stdout
    assert "- 2 private repositories\n" in step.stdout
    (change,) = json.loads(step.outputs["plan"])["changes"]
    assert change["repositories"] == {
        "add": [],
        "remove": ["octo-org/lib-open"],
        "private": {"add": 0, "remove": 2},
    }


def test_a_suggestion_is_no_private_name(action: Action, world: World) -> None:
    """A typo in the spec would reveal the name that it resembles."""
    spec = (
        ACR_SPEC + '    targets: [{organization: octo-org, repositories: [lib-zebre, "lib-*"]}]\n'
    )

    step = run(action, spec, mode="plan")

    assert step.exit_code == 1
    assert "no such repository" in step.summary
    assert shown(step, world) == set()


def test_a_transfer_does_not_show_the_new_name(action: Action, world: World) -> None:
    """Of a target, and of a repository on a list."""
    world.rename("octo-org/tapir", "other-org/tapir")
    spec = (
        ACR_SPEC
        + "    targets: [{organization: octo-org, repositories: [old-name]}, "
        + "{repository: octo-org/old-name}]\n"
    )

    step = run(action, spec, mode="plan")

    assert step.exit_code == 1
    assert "now belongs to another owner (a private repository)" in step.stdout
    assert shown(step, world) == set()
    assert shown(run(action, spec, public=False, mode="plan"), world) == {"tapir"}


@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_an_error_of_github_shows_no_private_name(
    action: Action, world: World, sandbox: Sandbox, method: str
) -> None:
    """Whether it has the name itself, or fails a target with such a name."""
    body = json.dumps(
        {"message": "No access to octo-org/svc-xerus: see /repos/octo-org/svc-wombat/x"}
    )
    sandbox.fail(
        Fault(method=method, path="codespaces/secrets/", status=422, body=body, times=None)
    )
    sandbox.fail(
        Fault(method="GET", path="svc-xerus/codespaces", status=403, body=body, times=None)
    )

    step = run(action, mode="apply")

    assert step.exit_code == 1
    assert "a private repository" in step.stdout
    assert shown(step, world) == set()


def test_unmanaged_triplets_and_archived_repositories_are_not_named(
    action: Action, world: World
) -> None:
    """Notices about them merge as ever."""
    for name in ("svc-xerus", "svc-wombat"):
        stored_triplet(world, f"repository:octo-org/{name}", registry="OTHER")

    step = run(action, mode="plan", prune="true")
    notices = run(action, mode="plan").summary

    assert shown(step, world) == set()
    assert step.stdout.count("- delete") == 2
    assert "2 targets" in notices
    assert "left out because they are archived" in notices


def test_the_state_names_no_private_repository_in_the_log(action: Action, world: World) -> None:
    """Warnings about it name targets, too."""
    first = run(action, mode="apply", state="STATE")
    world.put_secret(
        "repository:octo-org/svc-xerus",
        "ACR_CONTAINER_REGISTRY_USER",
        b"by hand",
        updated_at=world.now(),
    )
    second = run(action, mode="apply", state="STATE", rotate="missing")

    assert shown(first, world) == shown(second, world) == set()


def test_an_event_without_visibility_counts_as_public(action: Action, world: World) -> None:
    """A missing fact must not show a name."""
    action.set_event("schedule", repository={})
    step = action.step(SPEC, ENVIRONMENT, mode="plan")

    assert shown(step, world) == set()


def test_the_default_of_the_event_is_none() -> None:
    """Outside of a workflow there is no public log, and nothing is hidden."""
    assert Inputs.model_validate({}).event_path is None


SECRET_FILES = {
    "image": '{"image": "${localEnv:X}.internal/zebra"}',
    "path": '{"build": {"dockerfile": "../yak/Dockerfile"}}',
    "server": '{"image": "xerus.example.com/app"}',
    "too long": '{"build": {"dockerfile": "../../vole"}}',
}


@pytest.mark.parametrize("file", SECRET_FILES.values(), ids=SECRET_FILES)
def test_no_content_of_private_files_is_shown_in_a_public_repository(
    action: Action, world: World, file: str
) -> None:
    """Neither what cannot be resolved, nor the servers that only private repositories pull from."""
    for name in ("named-private", "lib-umbra"):
        world.put_file(f"octo-org/{name}", ".devcontainer/devcontainer.json", file)
    world.put_file(APP, ".devcontainer/devcontainer.json", '{"image": "mycompany.azurecr.io/a"}')
    targets = """
    targets:
      - organization: octo-org
        repositories: {include: ["*", named-private], archived: true, devcontainer: true}
"""
    step = run(action, ACR_SPEC + targets, mode="plan")
    assert step.exit_code == 0, step.stdout
    assert shown(step, world) == set()
    assert "a private repository" in step.stdout or "octo-org/named-private" in step.stdout
    assert shown(run(action, ACR_SPEC + targets, mode="plan", public=False), world)
