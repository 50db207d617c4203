"""Refuse every organization that is not for these tests, and remove what they leave there.

All names begin with a prefix: `crs-live-` those of repositories and teams, `CRS_LIVE_` those of
secrets. The ID of the run follows, so a run knows what is its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from http.client import NOT_FOUND, OK, TEMPORARY_REDIRECT
from typing import Any
from urllib.parse import quote

from live.api import Api, succeeded
from live.settings import RefusedError

SUFFIX = "-live-tests"
PREFIX = "crs-live-"
NO_ACCESS = (
    "GitHub does not show the Codespaces secrets of {}. The tests need an organization on a Team "
    "or Enterprise plan, and a classic token of an owner, with the scope admin:org"
)


def secret_prefix(prefix: str) -> str:
    """The prefix of secrets, whose names have no hyphens and are in upper case."""
    return prefix.upper().replace("-", "_")


def check_organization(api: Api, login: str) -> None:
    """Check that an organization is for these tests only.

    Raises:
        RefusedError: its name does not say so, or it has a secret or a repository of something
            else.
    """
    if not login.lower().endswith(SUFFIX):
        raise RefusedError(
            f"{login} is not an organization for these tests: its name must end with {SUFFIX}. "
            "They delete repositories and secrets there"
        )
    found = api.get(f"/orgs/{quote(login, safe='')}/codespaces/secrets")
    if found.status_code != OK:
        raise RefusedError(NO_ACCESS.format(login) + f" (status {found.status_code})")
    foreign = [*foreign_names(api, login)]
    if foreign:
        raise RefusedError(
            f"{login} is used for something else: it has {', '.join(foreign[:3])}. Use an "
            f"organization without repositories, and without secrets, of other names than {PREFIX}…"
        )


def foreign_names(api: Api, login: str) -> Iterator[str]:
    """Yield the secrets and the repositories of an organization that these tests do not create."""
    for name in secret_names(api, login):
        if not name.startswith(secret_prefix(PREFIX)):
            yield f"the secret {name}"
    for name in repository_names(api, login):
        if not name.startswith(PREFIX):
            yield f"the repository {name}"


def remove(api: Api, login: str, prefix: str) -> list[str]:
    """Delete repositories, teams and secrets whose names begin with a prefix; return their paths.

    Raises:
        requests.HTTPError: GitHub rejects a deletion. The others are tried all the same.
    """
    if not prefix.startswith(PREFIX):
        raise ValueError(prefix)
    paths = [*paths_with_prefix(api, login, prefix)]
    responses = [api.send("DELETE", path) for path in paths]
    for response in responses:
        if response.status_code != NOT_FOUND:
            succeeded(response)
    return paths


def paths_with_prefix(api: Api, login: str, prefix: str) -> Iterator[str]:
    """Yield the paths of repositories, teams and secrets whose names begin with a prefix."""
    for name in secret_names(api, login):
        if name.startswith(secret_prefix(prefix)):
            yield f"/orgs/{login}/codespaces/secrets/{name}"
    for name in repository_names(api, login):
        if name.startswith(prefix):
            yield f"/repos/{login}/{name}"
    for page in api.pages(f"/orgs/{login}/teams"):
        for team in page:
            if team["slug"].startswith(prefix):
                yield f"/orgs/{login}/teams/{team['slug']}"


def secret_names(api: Api, login: str) -> Iterator[str]:
    """Yield the names of an organization's Codespaces secrets."""
    for page in api.pages(f"/orgs/{login}/codespaces/secrets"):
        yield from (secret["name"] for secret in page["secrets"])


def repository_names(api: Api, login: str) -> Iterator[str]:
    """Yield the names of an organization's repositories."""
    for page in api.pages(f"/orgs/{login}/repos"):
        yield from (repository["name"] for repository in page)


class Resources:
    """Creates repositories, teams and secrets with the prefix of one run.

    `created` are the paths so far. A new repository can be missing from GitHub's lists for a while.
    """

    def __init__(self, api: Api, login: str, run_id: str) -> None:
        self.prefix = f"{PREFIX}{run_id}-"
        self.secrets = f"/orgs/{login}/codespaces/secrets"
        self.created: dict[str, None] = {}
        self._api = api
        self._login = login

    def secret(self, label: str) -> str:
        """The path of a secret of the organization."""
        return self._add(f"{self.secrets}/{secret_prefix(self.prefix + label)}")

    def repository(self, label: str) -> Any:
        """Create a private repository, and return it as GitHub does."""
        name = self.prefix + label
        self._add(f"/repos/{self._login}/{name}")
        body = {"name": name, "private": True}
        return succeeded(self._api.send("POST", f"/orgs/{self._login}/repos", body)).json()

    def rename(self, repository: Any, label: str) -> Any:
        """Rename a repository, and return it as GitHub does."""
        name = self.prefix + label
        self._add(f"/repos/{self._login}/{name}")
        path = f"/repos/{repository['full_name']}"
        return succeeded(self._api.send("PATCH", path, {"name": name})).json()

    def team(self, label: str) -> str:
        """Create a secret team without members, and return its path."""
        name = self.prefix + label
        path = self._add(f"/orgs/{self._login}/teams/{name}")
        body = {"name": name, "privacy": "secret"}
        succeeded(self._api.send("POST", f"/orgs/{self._login}/teams", body))
        return path

    def remove(self) -> None:
        """Delete everything with the prefix of the run, listed or not.

        Raises:
            requests.RequestException: GitHub rejects a deletion, or cannot be reached.
        """
        removed = remove(self._api, self._login, self.prefix)
        for path in self.created.keys() - set(removed):
            response = self._api.send("DELETE", path)
            # A former name of a repository redirects, and no redirect is followed.
            if response.status_code not in (NOT_FOUND, TEMPORARY_REDIRECT):
                succeeded(response)

    def _add(self, path: str) -> str:
        self.created[path] = None
        return path
