"""Recorded requests with their responses, and their export as JSON for `--record`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from github_sandbox.json_types import Json, JsonObject
from github_sandbox.world import World


@dataclass(frozen=True)
class Exchange:
    """A request and its response, without credentials.

    `body` is the request's JSON. `status` is None if the connection was dropped. `token_kind` is
    None for a JWT and for an unknown token. `began` and `ended` are `time.monotonic()`. `sent` and
    `received` are the bytes of the request's and the response's body.
    """

    method: str
    path: str
    query: Mapping[str, str]
    body: Json
    status: int | None
    token_kind: str | None
    began: float
    ended: float
    sent: int
    received: int


def build_record(exchanges: Iterable[Exchange], world: World) -> JsonObject:
    """Build `{"exchanges": […], "secrets": {target: {name: value}}}`.

    Exchanges are in the order of the responses. Values are decrypted. Targets without secrets are
    left out.
    """
    return {
        "exchanges": [render_exchange(exchange) for exchange in exchanges],
        "secrets": render_secrets(world),
    }


def render_exchange(exchange: Exchange) -> JsonObject:
    """Render an exchange without its bodies; `began` and `ended` are `time.monotonic()`."""
    return {
        "method": exchange.method,
        "path": exchange.path,
        "status": exchange.status,
        "began": exchange.began,
        "ended": exchange.ended,
        "sent": exchange.sent,
        "received": exchange.received,
    }


def render_secrets(world: World) -> JsonObject:
    """Render the secrets of every account and repository that has any."""
    targets = [f"{account.kind.lower()}:{account.login}" for account in world.accounts()]
    for account in world.accounts():
        targets += [
            f"repository:{repository.full_name}" for repository in world.repositories(account)
        ]
    secrets_by_target = {target: world.secrets(target) for target in targets}
    return {
        target: {name: secret.value.decode(errors="replace") for name, secret in secrets.items()}
        for target, secrets in secrets_by_target.items()
        if secrets
    }
