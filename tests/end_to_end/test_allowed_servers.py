"""The input `allowed-servers` also limits the token servers that registries name."""

from __future__ import annotations

import pytest
from aiohttp import web

from github_sandbox import Sandbox
from registry.scripted_server import Served, challenging
from sandboxed_action import LOGIN_SPEC, Action


@pytest.mark.parametrize("verify", ["auto", "required"])
def test_a_token_server_that_is_not_allowed_blocks_the_credential(
    sandbox: Sandbox, action: Action, capsys: pytest.CaptureFixture[str], verify: str
) -> None:
    """The server does not count as unreachable: nothing is sent to it, and nothing is written."""

    async def issue_token(request: web.Request) -> web.StreamResponse:
        return web.json_response({"token": "a-token-for-a-while"})

    async def challenge(request: web.Request) -> web.StreamResponse:
        return challenging(f'Bearer realm="{token_server.url}/token"')

    with Served(issue_token) as token_server, Served(challenge) as server:
        code = action.run_in_process(
            LOGIN_SPEC.format(server=server.host),
            {"ACR_PASSWORD": "correct horse"},
            allowed_servers=f"{server.host}, *.AZURECR.io",
            verify=verify,
        )
        assert token_server.requests == []
        message = (
            f"{server.host} names the token server {token_server.host}, which `allowed-servers`"
        )

    assert code == 1
    assert sandbox.writes == []
    assert message in capsys.readouterr().out
