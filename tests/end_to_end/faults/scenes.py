"""Targets whose runs touch every endpoint, alone and among nineteen others; and their specs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from codespaces_registry_secrets.github.auth import TimeoutConfig
from github_app import private_pem

PATIENCE = TimeoutConfig(timeout=1, backoff=0)
PASSWORD = "ACR_PASSWORD"
ENVIRONMENT = {PASSWORD: "new", "GITHUB_REPOSITORY": "home-org/app"}
CREDENTIAL = {"server": "mycompany.azurecr.io", "username": "new"}
POLICY = {"ACR": "always", "KEPT": "always", "HALF": "missing"}
SPECIFIED = ("ACR", "KEPT", "LIST", "MORE", "LESS", "HALF")


@dataclass(frozen=True)
class Scene:
    """A target as a spec names it, the registries there, and the targets `at` that it means.

    An endpoint is tried in the first scene that asks for it, and `again` in others; in one that is
    `late`, only after all was fine.
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
        """The kind of source: where it is a secret, its age is asked for."""
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
# A registry for each way to write: with a list that is made or that stays; a list alone, as a whole,
# by one more or by one less; into the gap of a triplet; and away, as the spec lacks it.
LISTS = ("LIST", "MORE", "LESS", "GONE")
SCENES = (
    Scene("repository", REPOSITORY, ("ACR", "HALF", "GONE"), (REPOSITORY,)),
    Scene("organization", ORGANIZATION, ("ACR",), (ORGANIZATION,)),
    Scene(
        "organization, kept",
        ORGANIZATION,
        ("KEPT",),
        (ORGANIZATION,),
        ("/orgs/{organization}" + NAMED, "/orgs/{organization}" + LIST),
        late=True,
    ),
    Scene("organization, lists", ORGANIZATION, LISTS, (ORGANIZATION,)),
    Scene("user", USER, ("ACR",), (USER,), ("/orgs/{organization}/repos",)),
    Scene("user, kept", USER, ("KEPT",), (USER,), ("/user" + NAMED, "/user" + LIST), late=True),
    Scene("user, lists", USER, LISTS, (USER,)),
    Scene("glob", GLOB, ("ACR",), MATCHES, ("/orgs/{organization}/repos", "/user", "/user/repos")),
    Scene("App, organization", ORGANIZATION, ("ACR",), (ORGANIZATION,), app=True),
    Scene("App, repository", REPOSITORY, ("ACR",), (REPOSITORY,), app=True),
    Scene("App, glob", GLOB, ("ACR",), MATCHES[::2], app=True),
)
CREW = tuple(f"crew-{number}" for number in range(9))


def others(scene: Scene) -> list[str]:
    """Nineteen other targets; an App can have no user, and takes a while for each owner."""
    user = [] if scene.app or "octocat" in scene.target else [USER]
    accounts = [*user, *(f"organization:{login}" for login in CREW[: 2 if scene.app else 9])]
    return [*accounts, *(f"repository:{CREW[0]}/svc-{n}" for n in range(19 - len(accounts)))]


def spec(scene: Scene, crowd: Sequence[str]) -> str:
    """What the world is to become."""
    registries = []
    for registry in SPECIFIED:
        targets = [_entry(scene.target, registry)] if registry in scene.registries else []
        targets += [_entry(target, registry) for target in crowd if registry == "HALF"]
        if targets:
            entry: dict[str, Any] = {"id": registry, "targets": targets}
            if registry in POLICY:
                entry |= {**CREDENTIAL, "password": {scene.source: PASSWORD}}
                entry["rotate"] = POLICY[registry]
            registries.append(entry)
    return yaml.safe_dump({"version": 1, "registries": registries})


def _entry(target: str, registry: str) -> Mapping[str, Any]:
    kind, _, name = target.partition(":")
    chosen = dict(_chosen(kind)) if kind != "repository" else {}
    return {kind: name, **({"repositories": chosen[registry]} if registry in chosen else {})}


def _chosen(kind: str) -> Iterator[tuple[str, Any]]:
    owner = "" if kind == "organization" else "home-org/"
    if kind == "organization":
        yield "ACR", {"topics": ["codespaces"], "properties": {"team": "core"}}
    else:
        yield "ACR", ["octocat/*", "hubot/*", f"{owner}app"]
    yield "LIST", [f"{owner}app", f"{owner}web"]
    yield "MORE", {"mode": "ensure", "include": [f"{owner}web"]}
    yield "LESS", {"mode": "remove", "include": [f"{owner}api"]}


def inputs(scene: Scene) -> dict[str, str]:
    """With a token, or as an App."""
    if not scene.app:
        return {"prune": "true"}
    return {"prune": "true", "token": "", "app_id": "1234", "app_private_key": private_pem()}
