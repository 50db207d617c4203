"""GitHub, or a proxy in its place, repeats what it was sent: no message does."""

from __future__ import annotations

import html
import json
from base64 import b64encode
from collections.abc import Callable
from urllib.parse import quote

import pytest
from aiohttp import ClientSession, web

from github_app import add_app, private_pem
from github_sandbox import Fault, Sandbox, World
from registry.scripted_server import Served
from sandboxed_action import TOKEN, Action

SPEC = """
version: 1
registries:
  - id: ACR
    server: registry.example.com
    username: octocat
    password: {env: ACR_PASSWORD}
    targets:
      - repository: octo-org/app
"""
PASSWORD = "correct-horse-battery-staple"
LEFT_OUT = "response not shown because it repeats the credential"
ENCODERS: dict[str, Callable[[str], str]] = {
    "plain": str,
    "base64": lambda text: b64encode(f"x:{text}".encode()).decode(),
    "percent": lambda text: "".join(f"%{ord(c):02x}" for c in text),
    "entities": lambda text: "".join(f"&#{ord(c)};" for c in text),
    "escapes": lambda text: "".join(f"\\u{ord(c):04x}" for c in text),
    "mixed": lambda text: quote(html.escape(f"<{text}>")),
}


@pytest.mark.parametrize("secret", [TOKEN, PASSWORD], ids=["token", "password"])
@pytest.mark.parametrize("encode", ENCODERS.values(), ids=ENCODERS)
@pytest.mark.parametrize("place", ["message", "errors", "error"])
def test_in_an_error(
    sandbox: Sandbox, action: Action, place: str, secret: str, encode: Callable[[str], str]
) -> None:
    """In the message or its details, in whatever code."""
    echo = f"you sent {encode(secret)}"
    bodies = {
        "message": {"message": echo},
        "errors": {"message": "no", "errors": [{"message": echo}]},
        "error": {"message": "no", "errors": echo},
    }
    sandbox.fail(Fault(method="PUT", status=422, body=json.dumps(bodies[place]), times=None))

    step = action.step(SPEC, {"ACR_PASSWORD": PASSWORD})

    assert step.exit_code == 1
    (message,) = (m for m in step.annotations("error") if "create ACR" in m)
    assert f"GitHub returned 422: {LEFT_OUT}" in message
    assert encode(secret) not in step.stdout.replace(f"::add-mask::{secret}", "")


@pytest.mark.parametrize(
    "headers",
    [
        {"x-accepted-github-permissions": f"secrets={TOKEN}"},
        {"x-github-sso": f"required; url=https://github.com/orgs/x/sso?{quote(TOKEN)}"},
    ],
    ids=["permissions", "sso"],
)
@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_in_a_header(
    sandbox: Sandbox, action: Action, method: str, headers: dict[str, str]
) -> None:
    """Where GitHub says what would help."""
    body = '{"message": "Forbidden"}'
    sandbox.fail(Fault(method=method, status=403, headers=headers, body=body, times=None))

    step = action.step(SPEC, {"ACR_PASSWORD": PASSWORD})

    assert step.exit_code == 1
    assert "GitHub denied the request (Forbidden)" in step.stdout
    assert TOKEN not in step.stdout.replace(f"::add-mask::{TOKEN}", "")


def test_a_long_url_for_single_sign_on(sandbox: Sandbox, action: Action) -> None:
    """It is not cut: it would lead nowhere."""
    url = f"https://github.com/orgs/octo-org/sso?authorization_request={'A1b2' * 200}"
    headers = {"x-github-sso": f"required; url={url}"}
    sandbox.fail(Fault(status=403, headers=headers, body="{}", times=None))

    step = action.step(SPEC, {"ACR_PASSWORD": PASSWORD})

    assert f"authorize the token at {url}" in step.stdout


@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_the_tokens_of_an_app(world: World, sandbox: Sandbox, action: Action, method: str) -> None:
    """What the App signs itself, and what its installation is given."""

    async def answer(request: web.Request) -> web.StreamResponse:
        if request.method == method:
            message = f"you sent {request.headers['Authorization']}"
            return web.json_response({"message": message}, status=422)
        headers = {"Authorization": request.headers["Authorization"]}
        async with (
            ClientSession(sandbox.url, headers=headers) as client,
            client.request(request.method, request.path_qs, data=await request.read()) as passed,
        ):
            return web.json_response(await passed.json(), status=passed.status)

    add_app(world, {"octo-org": {"codespaces_secrets": "write"}})
    inputs = {"token": "", "app_id": "1234", "app_private_key": private_pem()}

    with Served(answer) as proxy:
        step = action.step(SPEC, {"ACR_PASSWORD": PASSWORD}, api_url=proxy.url, **inputs)

    assert step.exit_code == 1
    assert f"GitHub returned 422: {LEFT_OUT}" in step.stdout
