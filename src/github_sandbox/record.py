"""What a sandbox was asked and what it holds, as JSON: for those that run it as a process."""

from __future__ import annotations

from github_sandbox.faults import Exchange
from github_sandbox.json_types import Body
from github_sandbox.server import Sandbox
from github_sandbox.world import World


def record(sandbox: Sandbox) -> Body:
    """`{"exchanges": […], "secrets": {target: {name: value}}}`, exchanges in order of the answers.

    The values are opened, and only targets that hold any are there.
    """
    return {
        "exchanges": [exchanged(one) for one in sandbox.exchanges],
        "secrets": held(sandbox.world),
    }


def exchanged(exchange: Exchange) -> Body:
    """An exchange in short; `began` and `ended` are seconds of `time.monotonic()`."""
    return {
        "method": exchange.method,
        "path": exchange.path,
        "status": exchange.status,
        "began": exchange.began,
        "ended": exchange.ended,
        "sent": exchange.sent,
        "received": exchange.received,
    }


def held(world: World) -> Body:
    """The secrets of every account and repository."""
    targets = [f"{account.kind.lower()}:{account.login}" for account in world.accounts()]
    for account in world.accounts():
        targets += [f"repository:{one.full_name}" for one in world.repositories(account)]
    found = {target: world.secrets(target) for target in targets}
    return {
        target: {name: secret.value.decode(errors="replace") for name, secret in secrets.items()}
        for target, secrets in found.items()
        if secrets
    }
