"""A value that changes after its verification is not written."""

from __future__ import annotations

import pytest
from aiohttp import web

from github_sandbox import Sandbox, World
from registry.scripted_server import Served
from sandboxed_action import TRIPLET, Action, stored_triplet

SPEC = """
version: 1
registries:
  - id: ACR
    server: {server}
    username: me
    password: {{file: password.txt}}
    targets: [{{repository: octo-org/app}}, {{repository: octo-org/svc-001}}]
  - id: OTHER
    server: {server}
    username: me
    password: {{env: OTHER_PASSWORD}}
    targets: [{{repository: octo-org/app}}]
"""
ENVIRONMENT = {"OTHER_PASSWORD": "password of the environment"}


@pytest.mark.parametrize("verify", ["required", "auto"])
def test_a_file_that_changes_after_its_login_is_not_written(
    world: World, sandbox: Sandbox, action: Action, verify: str
) -> None:
    """For example by a step that runs in the background, or through a symbolic link."""
    password = action.workspace / "password.txt"
    password.write_text("verified password")
    stored_triplet(world, "repository:octo-org/app")

    async def log_in(request: web.Request) -> web.StreamResponse:
        if "Authorization" not in request.headers:
            return web.Response(status=401, headers={"WWW-Authenticate": 'Basic realm="r"'})
        password.write_text("other password")
        return web.Response()

    with Served(log_in) as registry:
        spec = SPEC.format(server=registry.host)
        step = action.step(spec, ENVIRONMENT, verify=verify)

    assert step.exit_code == 1
    assert "file password.txt changed during the run" in step.stdout
    app = world.secrets("repository:octo-org/app")
    assert {app[name].value for name in TRIPLET} == {b"old"}
    assert world.secrets("repository:octo-org/svc-001") == {}
    assert app["OTHER_CONTAINER_REGISTRY_PASSWORD"].value == b"password of the environment"
    assert "other password" not in step.log
