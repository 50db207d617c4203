"""Messages redact credentials that GitHub, or a proxy in front of it, sends back."""

from __future__ import annotations

import html
import json
from base64 import b64encode
from collections.abc import Callable
from urllib.parse import quote

import pytest
from aiohttp import ClientSession, web

from github_app import add_app, app_inputs
from github_sandbox import Fault, Sandbox, World
from registry.scripted_server import Served
from sandboxed_action import LOGIN_SPEC, TOKEN, Action

SPEC = LOGIN_SPEC.format(server="registry.example.com")
PASSWORD = "correct-horse-battery-staple"
REDACTED = "text not shown because it repeats the credential"
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
@pytest.mark.parametrize("field", ["message", "errors", "error"])
def test_a_credential_in_an_error_response_is_redacted(
    sandbox: Sandbox, action: Action, field: str, secret: str, encode: Callable[[str], str]
) -> None:
    """In the message or in its details, in any encoding."""
    echo = f"you sent {encode(secret)}"
    bodies = {
        "message": {"message": echo},
        "errors": {"message": "no", "errors": [{"message": echo}]},
        "error": {"message": "no", "errors": echo},
    }
    sandbox.fail(Fault(method="PUT", status=422, body=json.dumps(bodies[field]), times=None))

    step = action.step(SPEC, {"ACR_PASSWORD": PASSWORD})

    assert step.exit_code == 1
    (message,) = (m for m in step.annotations("error") if "create ACR" in m)
    assert f"GitHub returned 422: {REDACTED}" in message
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
def test_a_token_in_a_response_header_is_redacted(
    sandbox: Sandbox, action: Action, method: str, headers: dict[str, str]
) -> None:
    """In the headers that name missing permissions and the page for single sign-on."""
    body = '{"message": "Forbidden"}'
    sandbox.fail(Fault(method=method, status=403, headers=headers, body=body, times=None))

    step = action.step(SPEC, {"ACR_PASSWORD": PASSWORD})

    assert step.exit_code == 1
    assert "GitHub denied the request (Forbidden)" in step.stdout
    assert TOKEN not in step.stdout.replace(f"::add-mask::{TOKEN}", "")


def test_a_long_url_for_single_sign_on_is_shown_whole(sandbox: Sandbox, action: Action) -> None:
    """A shortened URL would not work."""
    url = f"https://github.com/orgs/octo-org/sso?authorization_request={'A1b2' * 200}"
    headers = {"x-github-sso": f"required; url={url}"}
    sandbox.fail(Fault(status=403, headers=headers, body="{}", times=None))

    step = action.step(SPEC, {"ACR_PASSWORD": PASSWORD})

    assert f"authorize the token at {url}" in step.stdout


@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_the_tokens_of_an_app_are_redacted(
    world: World, sandbox: Sandbox, action: Action, method: str
) -> None:
    """The JWT that the App signs, and the token of its installation."""

    async def forward_or_echo(request: web.Request) -> web.StreamResponse:
        if request.method == method:
            message = f"you sent {request.headers['Authorization']}"
            return web.json_response({"message": message}, status=422)
        headers = {"Authorization": request.headers["Authorization"]}
        async with (
            ClientSession(sandbox.url, headers=headers) as client,
            client.request(request.method, request.path_qs, data=await request.read()) as response,
        ):
            return web.json_response(await response.json(), status=response.status)

    add_app(world, {"octo-org": {"codespaces_secrets": "write"}})

    with Served(forward_or_echo) as proxy:
        step = action.step(SPEC, {"ACR_PASSWORD": PASSWORD}, api_url=proxy.url, **app_inputs())

    assert step.exit_code == 1
    assert f"GitHub returned 422: {REDACTED}" in step.stdout
