"""A spec becomes triplets at all three scopes."""

from __future__ import annotations

import json

import pytest

from github_sandbox import Sandbox, World
from sandboxed_action import Action

VALUES = {
    "a JSON key": '{\n  "type": "service_account",\n  "private_key": "-----BEGIN\\nabc+/=\\n"\n}',
    "quotes": """it's "quoted" and `ticked`""",
    "a hash": "before # after",
    "a colon": "key: value",
    "a leading asterisk": "*anchor",
    "40 KB": "x" * 40 * 1024,
    "not ASCII": "pässwörd-密码-🔑",
    "a percent sign": "100%0A::error::no",
}
SPEC = """
version: 1
defaults:
  rotate: missing
  registry: acr
  name: mycompany
  username: acr-user
  password: {env: ACR_PASSWORD}
registries:
  - id: acr
    targets:
      - organization: octo-org
        visibility: selected
        repositories: ["svc-*"]
      - repository: octo-org/app
      - user: octocat
        repositories: [octocat/dotfiles, octo-org/app]
"""


def triplet(world: World, target: str, registry: str = "ACR") -> list[bytes]:
    """The opened values of a triplet: server, user, password."""
    secrets = world.secrets(target)
    parts = ("SERVER", "USER", "PASSWORD")
    return [secrets[f"{registry}_CONTAINER_REGISTRY_{part}"].value for part in parts]


@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES)
def test_one_run_creates_nine_secrets_whose_values_are_exact(
    world: World, sandbox: Sandbox, action: Action, value: str
) -> None:
    """One registry at three scopes is nine secrets, byte for byte, with the right lists."""
    step = action.step(SPEC, {"ACR_PASSWORD": value})

    assert step.exit_code == 0, step.stdout
    targets = ("organization:octo-org", "repository:octo-org/app", "user:octocat")
    for target in targets:
        assert len(world.secrets(target)) == 3
        assert triplet(world, target) == [b"mycompany.azurecr.io", b"acr-user", value.encode()]
    for secret in world.secrets("organization:octo-org").values():
        assert secret.visibility == "selected"
        assert sorted(secret.repositories) == [f"octo-org/svc-{n:03}" for n in range(120)]
    for secret in world.secrets("user:octocat").values():
        assert sorted(secret.repositories) == ["octo-org/app", "octocat/dotfiles"]
    assert step.outputs["created"] == "3"
    assert step.outputs["changed"] == "true"


def test_a_second_run_writes_nothing_and_fetches_no_key(sandbox: Sandbox, action: Action) -> None:
    """With `rotate: missing` and everything in place, a run only looks."""
    environment = {"ACR_PASSWORD": "secret of the registry"}
    action.step(SPEC, environment)
    sandbox.clear_exchanges()

    step = action.step(SPEC, environment)

    assert step.exit_code == 0, step.stdout
    assert sandbox.writes == []
    assert not [one for one in sandbox.exchanges if one.path.endswith("/public-key")]
    assert step.outputs["changed"] == step.outputs["drift"] == "false"
    assert step.outputs["unchanged"] == "3"
    assert {c["action"] for c in json.loads(step.outputs["plan"])["changes"]} == {"none"}
