"""A run creates the triplets of a spec in all three scopes."""

from __future__ import annotations

import json

import pytest

from github_sandbox import Sandbox, World
from sandboxed_action import TRIPLET, Action

PASSWORDS = {
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


def triplet_values(world: World, target: str) -> list[bytes]:
    """Return the decrypted values of a triplet: server, user name, password."""
    secrets = world.secrets(target)
    return [secrets[name].value for name in TRIPLET]


@pytest.mark.parametrize("password", PASSWORDS.values(), ids=PASSWORDS)
def test_a_run_creates_the_secrets_of_all_scopes_with_exact_values(
    world: World, sandbox: Sandbox, action: Action, password: str
) -> None:
    """One registry in three scopes is nine secrets, with the selected repositories of the spec."""
    step = action.step(SPEC, {"ACR_PASSWORD": password})

    assert step.exit_code == 0, step.stdout
    targets = ("organization:octo-org", "repository:octo-org/app", "user:octocat")
    for target in targets:
        assert len(world.secrets(target)) == 3
        assert triplet_values(world, target) == [
            b"mycompany.azurecr.io",
            b"acr-user",
            password.encode(),
        ]
    for secret in world.secrets("organization:octo-org").values():
        assert secret.visibility == "selected"
        assert sorted(secret.repositories) == [f"octo-org/svc-{n:03}" for n in range(120)]
    for secret in world.secrets("user:octocat").values():
        assert sorted(secret.repositories) == ["octo-org/app", "octocat/dotfiles"]
    assert step.outputs["created"] == "3"
    assert step.outputs["changed"] == "true"


def test_a_second_run_writes_nothing_and_fetches_no_public_key(
    sandbox: Sandbox, action: Action
) -> None:
    """With `rotate: missing` and all triplets up to date, a run only reads."""
    environment = {"ACR_PASSWORD": "secret of the registry"}
    action.step(SPEC, environment)
    sandbox.clear_exchanges()

    step = action.step(SPEC, environment)

    assert step.exit_code == 0, step.stdout
    assert sandbox.writes == []
    assert not [exchange for exchange in sandbox.exchanges if exchange.path.endswith("/public-key")]
    assert step.outputs["changed"] == step.outputs["drift"] == "false"
    assert step.outputs["unchanged"] == "3"
    assert {change["action"] for change in json.loads(step.outputs["plan"])["changes"]} == {"none"}
