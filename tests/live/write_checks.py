"""Checks of writing a secret: names, values, times, moved and archived repositories."""

from __future__ import annotations

import base64
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any

from nacl.public import PrivateKey, SealedBox
from requests import Response

from codespaces_registry_secrets.model.state import AFTER_WRITE, BEFORE_WRITE
from live.api import succeeded
from live.checks import Check, Live, check

TRIPLET_SPEC = """
version: 1
registries:
  - id: LIVE
    server: registry.example.com
    username: live-tests
    password: {{env: LIVE_PASSWORD}}
    targets:
      - repository: {}
"""
MAX_BYTES = 48 * 1024


def secrets_of(repository: Any) -> str:
    """The path of the secrets of a repository."""
    return f"/repos/{repository['full_name']}/codespaces/secrets"


def put(live: Live, repository: Any, name: str, value: bytes = b"value") -> Response:
    """Write a secret of a repository."""
    secrets = secrets_of(repository)
    return live.api.send("PUT", f"{secrets}/{name}", live.api.seal(secrets, value))


@check(
    "A renamed repository redirects by its ID: 301 for a GET, 307 for a write, with the same path",
    "GET 301, PUT 307, DELETE 307 to /repositories/ID/codespaces/secrets/NAME",
)
def renamed_repository_redirects(live: Live) -> str:
    """Send three requests for the former name."""
    repository = live.resources.repository("former")
    body = live.api.seal(secrets_of(repository), b"value")
    live.resources.rename(repository, "renamed")
    path = f"{secrets_of(repository)}/NAME"
    responses = [
        live.api.send("GET", path),
        live.api.send("PUT", path, body),
        live.api.send("DELETE", path),
    ]
    statuses = [f"{item.request.method} {item.status_code}" for item in responses]
    places = {item.headers.get("Location", "nowhere") for item in responses}
    shortened = sorted(
        place.removeprefix(live.api.url).replace(f"/{repository['id']}/", "/ID/")
        for place in places
    )
    return f"{', '.join(statuses)} to {' and '.join(shortened)}"


@check(
    "The Action writes to a renamed repository that the spec names by its former name",
    "exit 0, 3 secrets",
)
def action_follows_a_renamed_repository(live: Live) -> str:
    """Run the Action with the former name, and count the secrets at the new one."""
    repository = live.resources.repository("action-former")
    renamed = live.resources.rename(repository, "action-renamed")
    spec = TRIPLET_SPEC.format(repository["full_name"])
    exit_code = live.run_action(spec, {"LIVE_PASSWORD": "not-a-password"})
    return f"exit {exit_code}, {live.api.read(secrets_of(renamed))['total_count']} secrets"


@check("The secrets of an archived repository cannot be written", "403")
def archived_repository(live: Live) -> str:
    """Write a secret after the repository was archived."""
    repository = live.resources.repository("archived")
    body = live.api.seal(secrets_of(repository), b"value")
    succeeded(live.api.send("PATCH", f"/repos/{repository['full_name']}", {"archived": True}))
    return str(live.api.send("PUT", f"{secrets_of(repository)}/NAME", body).status_code)


@check(
    "`updated_at` is close to `Date` of the response to a write, even if it is read at once",
    "within 1 s before and 10 s after",
)
def time_of_a_write(live: Live) -> str:
    """Write a secret a second time, read it at once, and compare the times."""
    repository = live.resources.repository("time")
    succeeded(put(live, repository, "NAME"))
    live.api.wait(2 * AFTER_WRITE.total_seconds())
    written = succeeded(put(live, repository, "NAME"))
    read = live.api.read(f"{secrets_of(repository)}/NAME")["updated_at"]
    responded = parsedate_to_datetime(written.headers["Date"])
    difference = datetime.fromisoformat(read) - responded
    if -BEFORE_WRITE <= difference <= AFTER_WRITE:
        return "within 1 s before and 10 s after"
    return f"{difference.total_seconds():+.0f} s"


@check("A value that is sealed for another key is rejected", "422")
def value_for_another_key(live: Live) -> str:
    """Write a value with the ID of the current key that another key has sealed."""
    repository = live.resources.repository("other-key")
    box = SealedBox(PrivateKey.generate().public_key).encrypt(b"value")
    body = live.api.seal(secrets_of(repository), b"value")
    body["encrypted_value"] = base64.b64encode(box).decode()
    return str(live.api.send("PUT", f"{secrets_of(repository)}/NAME", body).status_code)


@check("A value has at most 48 KB", "49152 bytes: 201, 49153 bytes: 422")
def largest_value(live: Live) -> str:
    """Write the largest value, and one that is a byte too long."""
    repository = live.resources.repository("largest")
    sizes = {"FITS": MAX_BYTES, "TOO_LONG": MAX_BYTES + 1}
    statuses = {
        size: put(live, repository, name, b"v" * size).status_code for name, size in sizes.items()
    }
    return ", ".join(f"{size} bytes: {status}" for size, status in statuses.items())


@check("The name of a secret is in upper case, however it is written", "name_1 becomes NAME_1")
def lower_case_name(live: Live) -> str:
    """Write a secret with a name in lower case, and list it."""
    repository = live.resources.repository("lower-case")
    succeeded(put(live, repository, "name_1"))
    (secret,) = live.api.read(secrets_of(repository))["secrets"]
    return f"name_1 becomes {secret['name']}"


WRITE_CHECKS: tuple[Check, ...] = (
    renamed_repository_redirects,
    action_follows_a_renamed_repository,
    archived_repository,
    time_of_a_write,
    value_for_another_key,
    largest_value,
    lower_case_name,
)
