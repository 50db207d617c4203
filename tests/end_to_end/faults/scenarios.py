"""Scenarios: targets whose runs request every endpoint, alone or with nineteen other targets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from codespaces_registry_secrets.github.auth import TimeoutConfig
from github_app import private_pem

TIMEOUTS = TimeoutConfig(timeout=1, backoff=0)
PASSWORD = "ACR_PASSWORD"
ENVIRONMENT = {PASSWORD: "new", "GITHUB_REPOSITORY": "home-org/app"}
CREDENTIAL = {"server": "mycompany.azurecr.io", "username": "new"}
POLICY = {"ACR": "always", "KEPT": "always", "HALF": "missing"}
SPECIFIED = ("ACR", "KEPT", "LIST", "MORE", "LESS", "HALF")


@dataclass(frozen=True)
class Scenario:
    """A target of a spec, its registries, and the targets `at` that it expands to.

    The faults of an endpoint are tested in the first scenario that requests it, and in the scenarios
    that list it in `again`. If `late`, only faults after a first success are tested.
    """

    name: str
    target: str
    registries: tuple[str, ...]
    at: tuple[str, ...]
    again: tuple[str, ...] = ()
    late: bool = False
    app: bool = False

    @property
    def source(self) -> str:
        """The kind of source. The age of a `secret` is requested."""
        return "secret" if self.name == "repository" else "env"


REPOSITORY, ORGANIZATION, USER, GLOB = (
    "repository:home-org/app",
    "organization:home-org",
    "user:octocat",
    "repository:octocat/*",
)
MATCHES = tuple(f"repository:octocat/{name}" for name in ("dotfiles", "notes", "site"))
NAMED = "/codespaces/secrets/{name}"
LIST = NAMED + "/repositories"
# The registries are the ways to write. ACR and KEPT: values, with selected repositories of the spec or
# with the stored ones. LIST, MORE and LESS: selected repositories only, replaced, added or removed.
# HALF: the missing secrets of a triplet. GONE: a deletion, because the spec does not have it.
LISTS = ("LIST", "MORE", "LESS", "GONE")
SCENARIOS = (
    Scenario("repository", REPOSITORY, ("ACR", "HALF", "GONE"), (REPOSITORY,)),
    Scenario("organization", ORGANIZATION, ("ACR",), (ORGANIZATION,)),
    Scenario(
        "organization, kept",
        ORGANIZATION,
        ("KEPT",),
        (ORGANIZATION,),
        ("/orgs/{organization}" + NAMED, "/orgs/{organization}" + LIST),
        late=True,
    ),
    Scenario("organization, lists", ORGANIZATION, LISTS, (ORGANIZATION,)),
    Scenario("user", USER, ("ACR",), (USER,), ("/orgs/{organization}/repos",)),
    Scenario("user, kept", USER, ("KEPT",), (USER,), ("/user" + NAMED, "/user" + LIST), late=True),
    Scenario("user, lists", USER, LISTS, (USER,)),
    Scenario(
        "glob", GLOB, ("ACR",), MATCHES, ("/orgs/{organization}/repos", "/user", "/user/repos")
    ),
    Scenario("App, organization", ORGANIZATION, ("ACR",), (ORGANIZATION,), app=True),
    Scenario("App, repository", REPOSITORY, ("ACR",), (REPOSITORY,), app=True),
    Scenario("App, glob", GLOB, ("ACR",), MATCHES[::2], app=True),
)
CREW = tuple(f"crew-{number}" for number in range(9))


def others(scenario: Scenario) -> list[str]:
    """Return nineteen other targets; with an App no user, and fewer owners, because each takes a while."""
    user = [] if scenario.app or "octocat" in scenario.target else [USER]
    accounts = [*user, *(f"organization:{login}" for login in CREW[: 2 if scenario.app else 9])]
    return [*accounts, *(f"repository:{CREW[0]}/svc-{n}" for n in range(19 - len(accounts)))]


def spec(scenario: Scenario, other_targets: Sequence[str]) -> str:
    """Return the spec of a scenario and its other targets."""
    registries = []
    for registry in SPECIFIED:
        targets = [_entry(scenario.target, registry)] if registry in scenario.registries else []
        targets += [_entry(target, registry) for target in other_targets if registry == "HALF"]
        if targets:
            entry: dict[str, Any] = {"id": registry, "targets": targets}
            if registry in POLICY:
                entry |= {**CREDENTIAL, "password": {scenario.source: PASSWORD}}
                entry["rotate"] = POLICY[registry]
            registries.append(entry)
    return yaml.safe_dump({"version": 1, "registries": registries})


def _entry(target: str, registry: str) -> Mapping[str, Any]:
    kind, _, name = target.partition(":")
    selections = dict(_selections(kind)) if kind != "repository" else {}
    return {
        kind: name,
        **({"repositories": selections[registry]} if registry in selections else {}),
    }


def _selections(kind: str) -> Iterator[tuple[str, Any]]:
    owner = "" if kind == "organization" else "home-org/"
    if kind == "organization":
        yield "ACR", {"topics": ["codespaces"], "properties": {"team": "core"}}
    else:
        yield "ACR", ["octocat/*", "hubot/*", f"{owner}app"]
    yield "LIST", [f"{owner}app", f"{owner}web"]
    yield "MORE", {"mode": "ensure", "include": [f"{owner}web"]}
    yield "LESS", {"mode": "remove", "include": [f"{owner}api"]}


def inputs(scenario: Scenario) -> dict[str, str]:
    """Return the inputs: a token, or an App."""
    if not scenario.app:
        return {"prune": "true"}
    return {"prune": "true", "token": "", "app_id": "1234", "app_private_key": private_pem()}
