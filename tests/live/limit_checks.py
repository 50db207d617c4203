"""Checks of limits and of missing scopes. Those that can meet a rate limit are last."""

from __future__ import annotations

from collections.abc import Mapping
from http.client import CREATED
from time import monotonic
from urllib.parse import quote

from live.api import is_limited
from live.checks import Check, Live, check
from live.organization import secret_prefix
from live.write_checks import secrets_of

MAX_SECRETS = 100
MINUTE_SECONDS = 60


@check("A classic token without `read:org` gets a 404 for an existing team", "404")
def team_without_read_org(live: Live) -> str:
    """List the repositories of a team with a token that has the scope `repo` only."""
    team = live.resources.team("team")
    return str(live.repo_api.get(f"{team}/repos").status_code)


@check("A classic token without `admin:org` gets a 403 for the secrets of an organization", "403")
def secrets_without_admin_org(live: Live) -> str:
    """List the secrets of the organization with a token that has the scope `repo` only."""
    organization = quote(live.organization, safe="")
    return str(live.repo_api.get(f"/orgs/{organization}/codespaces/secrets").status_code)


@check("A repository has at most 100 secrets", "100 stored, then 422")
def secrets_of_a_repository(live: Live) -> str:
    """Create secrets of a repository until one is rejected."""
    secrets = secrets_of(live.resources.repository("full"))
    return fill(live, secrets, "NUMBER", live.api.seal(secrets, b"value"))


@check("An organization has at most 100 secrets", "100 stored, then 422")
def secrets_of_an_organization(live: Live) -> str:
    """Create secrets of the organization until one is rejected."""
    secrets, prefix = live.resources.secrets, secret_prefix(f"{live.resources.prefix}full")
    body = {**live.api.seal(secrets, b"value"), "visibility": "private"}
    return fill(live, secrets, prefix, body)


def fill(live: Live, secrets: str, prefix: str, body: Mapping[str, str]) -> str:
    """Create secrets until one is rejected, or one more than the limit exists."""
    for number in range(int(live.api.read(secrets)["total_count"]), MAX_SECRETS + 1):
        status = live.api.send("PUT", f"{secrets}/{prefix}_{number}", body).status_code
        if status != CREATED:
            return f"{number} stored, then {status}"
    return f"{MAX_SECRETS + 1} stored"


@check(
    "Creating secrets does not count as creating content, which GitHub allows 80 times a minute",
    "100 created in a minute",
)
def creating_secrets_in_a_minute(live: Live) -> str:
    """Create 100 secrets without a pause, and stop at the first limit."""
    secrets = secrets_of(live.resources.repository("minute"))
    body, began = live.api.seal(secrets, b"value"), monotonic()
    for number in range(MAX_SECRETS):
        response = live.api.send_once("PUT", f"{secrets}/NUMBER_{number}", body)
        if is_limited(response):
            after = response.headers.get("Retry-After", "no")
            return f"{number} created, then {response.status_code} with Retry-After {after}"
        if response.status_code != CREATED:
            return f"{number} created, then {response.status_code}"
    seconds = monotonic() - began
    if seconds > MINUTE_SECONDS:
        return f"not observed: {MAX_SECRETS} requests took {seconds:.0f} s"
    return f"{MAX_SECRETS} created in a minute"


LIMIT_CHECKS: tuple[Check, ...] = (
    team_without_read_org,
    secrets_without_admin_org,
    secrets_of_a_repository,
    secrets_of_an_organization,
    creating_secrets_in_a_minute,
)
