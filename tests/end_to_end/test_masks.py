"""Tokens that a run receives are masked."""

from __future__ import annotations

from base64 import b64encode

from aiohttp import web

from github_app import add_app, app_inputs
from github_sandbox import World
from registry.scripted_server import Served, challenging
from sandboxed_action import JOB_TOKEN, LOGIN_SPEC, TOKEN, Action

PASSWORD = "correct horse battery staple"
ENVIRONMENT = {"ACR_PASSWORD": PASSWORD}


def test_the_token_of_an_installation_is_masked(world: World, action: Action) -> None:
    """The runner does not mask it, because it is no secret of the workflow."""
    add_app(world, {"octo-org": {"codespaces_secrets": "write"}})
    spec = LOGIN_SPEC.format(server="registry.example.com")

    step = action.step(spec, ENVIRONMENT, **app_inputs())

    assert step.exit_code == 0, step.stdout
    (token,) = (token for token in world._tokens if token.startswith("ghs_"))
    assert token in step.masks


def test_the_basic_header_and_the_token_of_a_login_are_masked(action: Action) -> None:
    """The credential in its Basic header, and the token that the registry issues for it."""

    async def issue_token(request: web.Request) -> web.StreamResponse:
        if request.path == "/token":
            return web.json_response({"token": "a-token-for-a-while"})
        if request.headers.get("Authorization") == "Bearer a-token-for-a-while":
            return web.json_response({})
        return challenging(f'Bearer realm="{server.url}/token"')

    with Served(issue_token) as server:
        step = action.step(LOGIN_SPEC.format(server=server.host), ENVIRONMENT, verify="required")

    assert step.exit_code == 0, step.stdout
    basic = b64encode(f"octocat:{PASSWORD}".encode()).decode()
    assert step.masks == [TOKEN, JOB_TOKEN, PASSWORD, basic, "a-token-for-a-while"]
