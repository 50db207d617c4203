"""What a run is given later than its inputs is masked when it arrives."""

from __future__ import annotations

from base64 import b64encode

from aiohttp import web
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from github_sandbox import World
from registry.scripted_server import Served, challenging
from sandboxed_action import LOGIN_SPEC, TOKEN, Action

SPEC = LOGIN_SPEC
PASSWORD = "correct horse battery staple"
ENVIRONMENT = {"ACR_PASSWORD": PASSWORD}


def test_the_token_of_an_installation(world: World, action: Action) -> None:
    """The runner does not know it, so its log would show it."""
    key = generate_private_key(65537, 2048)
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    installations = {"octo-org": {"codespaces_secrets": "write"}}
    world.add_app(app_id=1234, public_key_pem=public, installations=installations)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())

    step = action.step(
        SPEC.format(server="registry.example.com"),
        ENVIRONMENT,
        token="",
        app_id="1234",
        app_private_key=pem.decode(),
    )

    assert step.exit_code == 0, step.stdout
    (issued,) = (value for value in world._tokens if value.startswith("ghs_"))
    assert issued in step.masks


def test_a_login(action: Action) -> None:
    """The Basic header that the credential makes, and the token that it gets."""

    async def answer(request: web.Request) -> web.StreamResponse:
        if request.path == "/token":
            return web.json_response({"token": "a-token-for-a-while"})
        if request.headers.get("Authorization") == "Bearer a-token-for-a-while":
            return web.json_response({})
        return challenging(f'Bearer realm="{server.url}/token"')

    with Served(answer) as server:
        step = action.step(SPEC.format(server=server.host), ENVIRONMENT, verify="required")

    assert step.exit_code == 0, step.stdout
    pair = b64encode(f"octocat:{PASSWORD}".encode()).decode()
    assert step.masks == [TOKEN, PASSWORD, pair, "a-token-for-a-while"]
