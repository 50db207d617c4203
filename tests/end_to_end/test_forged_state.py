"""Who can write the Actions variable of the state decides when a value is written, not which."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Callable
from typing import Any

import pytest
from nacl.pwhash import argon2id

from codespaces_registry_secrets.state.fingerprints import (
    FINGERPRINT_BYTES,
    ITERATIONS,
    MEMORY_BYTES,
)
from github_sandbox import World
from sandboxed_action import ACR_SPEC, TRIPLET, Action

HOME, WEB = "octo-org/app", "octo-org/lib-200"
SPEC = ACR_SPEC + "    targets: [{repository: octo-org/app}]\n"
ENVIRONMENT = {"ACR_PASSWORD": "p1", "GITHUB_REPOSITORY": HOME}
VALUES = dict(zip(TRIPLET, (b"mycompany.azurecr.io", b"me", b"p1"), strict=True))

Forge = Callable[[dict[str, Any]], None]


def fingerprints_of_another_value(registries: dict[str, Any]) -> None:
    """Claim that a value of their own is stored; the salt is in the variable."""
    acr = registries["ACR"]
    salt = b64decode(acr["salt"])
    forged = argon2id.kdf(
        FINGERPRINT_BYTES, b"PASSWORD\0evil", salt, opslimit=ITERATIONS, memlimit=MEMORY_BYTES
    )
    acr["fingerprints"] = [b64encode(forged).decode() for _ in acr["fingerprints"]]


def a_salt_of_their_own(registries: dict[str, Any]) -> None:
    """Choose the salt, for which a list of guesses exists."""
    registries["ACR"]["salt"] = b64encode(bytes(argon2id.SALTBYTES)).decode()


def a_time_in_the_future(registries: dict[str, Any]) -> None:
    """Claim that everything was written later than any source."""
    app = registries["ACR"]["targets"]["repository:octo-org"]
    app["app"] = [[index, 253_402_300_799] for index, _ in app["app"]]


def a_target_of_their_own(registries: dict[str, Any]) -> None:
    """Claim that another repository has the triplet."""
    targets = registries["ACR"]["targets"]["repository:octo-org"]
    targets[WEB.partition("/")[2]] = targets["app"]


def a_registry_of_their_own(registries: dict[str, Any]) -> None:
    """Claim that another registry is stored."""
    registries["EVIL"] = registries["ACR"]


FORGERIES: list[Forge] = [
    fingerprints_of_another_value,
    a_salt_of_their_own,
    a_time_in_the_future,
    a_target_of_their_own,
    a_registry_of_their_own,
]


@pytest.mark.parametrize("forge", FORGERIES)
@pytest.mark.parametrize("password", ["p1", "p2"], ids=["same password", "new password"])
def test_a_forged_state_stores_nothing_but_the_values_of_the_sources(
    forge: Forge, password: str, world: World, action: Action
) -> None:
    """At the targets of the spec; no other target gets or loses a secret."""
    assert action.run_in_process(SPEC, ENVIRONMENT, state="CRS_STATE") == 0
    world.put_secret(f"repository:{WEB}", "ACR_CONTAINER_REGISTRY_PASSWORD", b"theirs")
    header, body = world.variables(HOME)["CRS_STATE"].rstrip("\n").split("\n")
    document = json.loads(body)
    forge(document["registries"])
    world.put_variable(HOME, "CRS_STATE", f"{header}\n{json.dumps(document)}\n")

    environment = {**ENVIRONMENT, "ACR_PASSWORD": password}
    assert action.run_in_process(SPEC, environment, state="CRS_STATE", prune="true") == 0

    stored = {name: secret.value for name, secret in world.secrets(f"repository:{HOME}").items()}
    assert stored == {**VALUES, TRIPLET[2]: password.encode()}
    other = world.secrets(f"repository:{WEB}")
    assert [secret.value for secret in other.values()] == [b"theirs"]
