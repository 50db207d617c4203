"""What the workflow allows counts more than what a registry says."""

from __future__ import annotations

import pytest
from aiohttp import web

from github_sandbox import Sandbox
from registry.scripted_server import Served, challenging
from sandboxed_action import LOGIN_SPEC, Action

SPEC = LOGIN_SPEC


@pytest.mark.parametrize("verify", ["auto", "required"])
def test_a_token_server_that_is_not_allowed_blocks_the_credential(
    sandbox: Sandbox, action: Action, capsys: pytest.CaptureFixture[str], verify: str
) -> None:
    """It is refused, not unreachable: nothing is sent there, and nothing is written."""

    async def give(request: web.Request) -> web.StreamResponse:
        return web.json_response({"token": "a-token-for-a-while"})

    async def answer(request: web.Request) -> web.StreamResponse:
        return challenging(f'Bearer realm="{elsewhere.url}/token"')

    with Served(give) as elsewhere, Served(answer) as server:
        code = action.here(
            SPEC.format(server=server.host),
            {"ACR_PASSWORD": "correct horse"},
            allowed_servers=f"{server.host}, *.AZURECR.io",
            verify=verify,
        )
        assert elsewhere.seen == []
        message = f"{server.host} names the token server {elsewhere.host}, which `allowed-servers`"

    assert code == 1
    assert sandbox.writes == []
    assert message in capsys.readouterr().out
