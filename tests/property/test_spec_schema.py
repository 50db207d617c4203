"""The JSON Schema of a spec and its parser agree, except about the rules that docs/cli.md lists."""

from __future__ import annotations

import re
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft7Validator

from codespaces_registry_secrets.errors import InvalidConfigError
from codespaces_registry_secrets.spec.json_schema import spec_schema
from codespaces_registry_secrets.spec.load import load_desired
from codespaces_registry_secrets.spec.yaml_document import Document

PAGE = (Path(__file__).parents[2] / "docs" / "cli.md").read_text(encoding="utf-8")
SCHEMA = Draft7Validator(spec_schema())
SOURCE = {"env": "ACR_PASSWORD"}
ORGANIZATION = {"organization": "octo-org"}
REGISTRY = {
    "id": "ACR",
    "server": "mycompany.azurecr.io",
    "username": "me",
    "password": SOURCE,
    "targets": [ORGANIZATION],
}
GENERATE = {
    "kind": "aws-iam-access-key",
    "user": "codespaces-pull",
    "role": "arn:aws:iam::123456789012:role/rotate-codespaces-pull",
    "store": "ECR_CREDENTIAL",
}
ECR = {
    "id": "ECR",
    "registry": "ecr",
    "account": "123456789012",
    "region": "eu-west-1",
    "generate": GENERATE,
    "targets": [ORGANIZATION],
}
GITLAB = {
    "kind": "gitlab-deploy-token",
    "url": "https://gitlab.com",
    "project": "team/app",
    "token": SOURCE,
    "store": "GITLAB_CREDENTIAL",
}
HARBOR = {
    "kind": "harbor-robot",
    "url": "http://localhost:8080/harbor",
    "project": "team",
    "username": "rotate-team",
    "password": SOURCE,
    "store": "HARBOR_CREDENTIAL",
}
GOOGLE = {
    "kind": "google-service-account-key",
    "service-account": "pull@team-images.iam.gserviceaccount.com",
    "workload-identity-provider": (
        "projects/1/locations/global/workloadIdentityPools/github/providers/actions"
    ),
    "store": "GOOGLE_CREDENTIAL",
}
AZURE = {
    "kind": "azure-container-registry-token",
    "tenant": "contoso.onmicrosoft.com",
    "client-id": "22222222-2222-2222-2222-222222222222",
    "subscription": "33333333-3333-3333-3333-333333333333",
    "resource-group": "team-images",
    "token": "codespaces-pull",
    "store": "ACR_CREDENTIAL",
}
KIND_RULES = (
    "is required with `registry|only valid with `registry"
    "|^must be (lower-case|a domain|twelve|a region|`eu`|a location)"
)
# Each rule that the schema cannot express: its row in docs/cli.md, a message of the parser, and a
# registry or registries that break it, with `defaults` where the rule is about them.
Registries = dict[str, Any] | list[dict[str, Any]]
RULES: dict[str, tuple[str, Registries, dict[str, Any]]] = {
    "`username` and `password` need each other, and a server": (
        r"`(username|password)` is required when|has no server",
        {"id": "ACR", "username": "me", "targets": [ORGANIZATION]},
        {},
    ),
    "the keys of a registry kind are required, valid and have their format": (
        KIND_RULES,
        {"id": "ACR", "name": "MyCompany", "targets": [ORGANIZATION]},
        {"registry": "acr"},
    ),
    "`expires` needs a `password`, and `images` a `password` or `generate`": (
        "only valid with `username` and `password`",
        {"id": "ACR", "images": ["team/devbox"], "targets": [ORGANIZATION]},
        {},
    ),
    "`access-only: true` excludes `username` and `password`": (
        "`access-only: true` are mutually exclusive",
        {**REGISTRY, "access-only": True},
        {},
    ),
    "`generate` excludes `username`, `password`, `expires` and `access-only: true`": (
        "`generate` and `[^`]*` are mutually exclusive",
        {**ECR, "username": "me", "password": SOURCE},
        {},
    ),
    "a kind of `generate` belongs to its registry": (
        "is only valid with `(registry|server)|^not possible with `",
        {"id": "ACR", "generate": GENERATE, "targets": [ORGANIZATION]},
        {"registry": "acr", "name": "mycompany"},
    ),
    "each registry has its own `store`": (
        "has this `store` already",
        [ECR, {**ECR, "id": "ECR_2", "generate": {**GENERATE, "user": "other"}}],
        {},
    ),
    "each registry has its own user, token or account at the issuer": (
        "creates the credentials of the same",
        [ECR, {**ECR, "id": "ECR_2", "generate": {**GENERATE, "store": "OTHER"}}],
        {},
    ),
    "every registry has `targets`, itself or by `defaults`": (
        "`targets` is missing",
        {key: value for key, value in REGISTRY.items() if key != "targets"},
        {},
    ),
    "`registry` and `server` exclude each other": (
        "`registry` and `server` are mutually exclusive",
        {"id": "ACR", "username": "me", "password": SOURCE, "targets": [ORGANIZATION]},
        {"registry": "dockerhub", "server": "mycompany.azurecr.io"},
    ),
    "an ID is declared once for a target": (
        "duplicate: ",
        {**REGISTRY, "targets": [ORGANIZATION, ORGANIZATION]},
        {},
    ),
    "a selected repository belongs to the organization of its target": (
        "must be a repository of ",
        {**REGISTRY, "targets": [{**ORGANIZATION, "repositories": ["hubot/app"]}]},
        {},
    ),
    "each `[` of a glob needs a `]`": (
        "each `\\[` needs a `]`",
        {**REGISTRY, "targets": [{**ORGANIZATION, "repositories": ["svc-[a"]}]},
        {},
    ),
    "`expires` is a date that exists": (
        "must be a date such as",
        {**REGISTRY, "expires": "2027-02-30"},
        {},
    ),
}
VALUES: dict[str, list[Any]] = {
    "id": ["ACR", "acr_1", "_", "1ACR", "github", "GITHUB_X", "GITHUBX", "a-b", "", 1, None],
    "registry": ["acr", "ecr", "ghcr", "gcr", "dockerhub", "artifact-registry", "quay", 1, None],
    "server": [
        "mycompany.azurecr.io",
        "localhost:5000",
        "https://index.docker.io/v1/",
        "docker.io",
        "index.docker.io:443",
        "docker.io:5000",
        "ghcr.io:443",
        "https://ghcr.io",
        "GHCR.io",
        "a..b",
        "x" * 254,
        "",
        5000,
        None,
    ],
    "name": ["mycompany", "MyCompany", "", 5, None],
    "suffix": ["azurecr.cn", "azurecr", None],
    "subdomain": ["octocorp", "octo.corp"],
    "account": ["123456789012", "1234", 123456789012],
    "region": ["eu-west-1", "Europe"],
    "location": ["eu", "europe-west4", "EU"],
    "username": ["me", "", 1, True, None, SOURCE, {"env": "A", "file": "b"}, {}, []],
    "password": [
        SOURCE,
        {"secret": "A"},
        {"file": "a/b"},
        {"input": "password"},
        {"env": "A", "trim": False, "encoding": "base64"},
        {"env": "A", "encoding": "hex"},
        {"env": "A", "trim": "yes"},
        {"env": "github_token"},
        {"env": "INPUTS"},
        {"env": "a-b"},
        {"file": ""},
        {"file": "x/.GIT/config"},
        {"file": ".gitignore"},
        {"input": "token"},
        {"env": None},
        {"env": "A", "secret": "B"},
        {"unknown": "A"},
        {},
        "literal",
        None,
    ],
    "rotate": [
        "changed",
        "missing",
        "never",
        {"when": "always", "max-age": "30d"},
        {"max-age": "36H"},
        {"max-age": "0d"},
        {"max-age": "30"},
        {"max-age": 30},
        {"other": 1},
        {},
        None,
    ],
    "expires": ["2027-01-31", "2027-01-31T18:00:00+01:00", "2027-02-30", "soon", 2027, None],
    "images": [["team/devbox:latest"], ["Team/devbox"], ["a", 1], [], "team/devbox", None],
    "generate": [
        GENERATE,
        {**GENERATE, "retire-after": "20h"},
        {**GENERATE, "retire-after": "soon"},
        {**GENERATE, "retire-after": 20},
        {**GENERATE, "expires-in": "90d"},
        {**GENERATE, "store": "GITHUB_SECRET"},
        {**GENERATE, "store": "1A"},
        {**GENERATE, "store": None},
        {**GENERATE, "user": "a/b"},
        {**GENERATE, "user": SOURCE},
        {**GENERATE, "role": "arn:aws:iam::123456789012:user/a"},
        {**GENERATE, "project": "team"},
        {**GENERATE, "unknown": "x"},
        {key: value for key, value in GENERATE.items() if key != "store"},
        {key: value for key, value in GENERATE.items() if key != "role"},
        {"kind": "unknown", "store": "A"},
        {"kind": "dockerhub", "store": "A"},
        {"kind": 1, "store": "A"},
        {"store": "A"},
        GITLAB,
        {**GITLAB, "expires-in": "30d"},
        {**GITLAB, "expires-in": None},
        {**GITLAB, "group": "team"},
        {**GITLAB, "project": "12345"},
        {**GITLAB, "project": 12345},
        {**GITLAB, "url": "http://gitlab.example.com"},
        {**GITLAB, "url": "ftp://gitlab.example.com"},
        {**GITLAB, "url": "https://user@gitlab.example.com"},
        {**GITLAB, "token": "literal"},
        {**GITLAB, "token": {"env": "INPUT_TOKEN"}},
        {key: value for key, value in GITLAB.items() if key != "project"},
        HARBOR,
        {**HARBOR, "username": SOURCE},
        {**HARBOR, "username": ""},
        {**HARBOR, "password": "literal"},
        {**HARBOR, "password": {"env": "A", "secret": "B"}},
        {**HARBOR, "project": "Team"},
        GOOGLE,
        {**GOOGLE, "through": "other@team-images.iam.gserviceaccount.com"},
        {**GOOGLE, "through": "me@example.com"},
        {**GOOGLE, "expires-in": "90d"},
        AZURE,
        {**AZURE, "tenant": "a b"},
        {**AZURE, "client-id": "2"},
        {**AZURE, "token": "a"},
        {**AZURE, "token": SOURCE},
        {},
        [],
        None,
    ],
    "access-only": [True, False, "yes", None],
    "unknown": ["x"],
}
SELECTIONS: list[Any] = [
    ["api", "svc-*"],
    ["octo-org/api", "octo-org/svc-[ab]"],
    ["hubot/api"],
    ["a b"],
    [".."],
    ["svc-[a"],
    [1],
    [],
    {},
    {"include": []},
    {"include": [], "mode": "ensure"},
    {"include": ["api"], "mode": "remove", "exclude": ["a b"]},
    {"include": ["octo-org/api"], "exclude": ["api"]},
    {"include": ["octo-org/api"], "archived": True},
    {"mode": "sometimes", "include": ["api"]},
    {"topics": ["a"]},
    {"topics": []},
    {"topics": [1]},
    {"teams": ["a.b-c_D"]},
    {"teams": []},
    {"teams": ["a b"]},
    {"teams": [".."]},
    {"teams": ["a"], "include": ["octo-org/api"]},
    {"properties": {"team": "a"}},
    {"properties": {"team": ["a", "b"]}},
    {"properties": {"team": []}},
    {"properties": {}},
    {"unknown": 1, "include": ["api"]},
    "api",
    None,
]
SCOPES: list[dict[str, Any]] = [
    {"organization": "octo-org"},
    {"organization": "octo org"},
    {"organization": None},
    {"organization": "octo-*"},
    {"organization": "octo-[!a]?"},
    {"organization": "octo-[a"},
    {"repository": "octo-org/api"},
    {"repository": "octo-org/svc-*"},
    {"repository": "octo-org"},
    {"repository": "octo-org/.."},
    {"user": "octocat"},
    {"user": "@me"},
    {"user": "@you"},
    {"organization": "octo-org", "user": "octocat"},
    {},
]
targets = st.builds(
    lambda scope, visibility, repositories: {**scope, **visibility, **repositories},
    st.sampled_from(SCOPES),
    st.sampled_from([{}, *({"visibility": v} for v in ("all", "private", "selected", "x", None))]),
    st.sampled_from([{}, *({"repositories": selection} for selection in SELECTIONS)]),
)
target_lists: st.SearchStrategy[Any] = st.lists(targets, max_size=2) | st.sampled_from(
    [None, {}, ["octo-org"]]
)
keys = st.lists(st.sampled_from(sorted(VALUES)), max_size=2, unique=True).flatmap(
    lambda names: st.fixed_dictionaries({name: st.sampled_from(VALUES[name]) for name in names})
)
changed_registries = st.builds(
    lambda changes, target_list, removed: {
        key: value
        for key, value in {**REGISTRY, **changes, **target_list}.items()
        if key not in removed
    },
    keys,
    st.one_of(st.just({}), st.fixed_dictionaries({"targets": target_lists})),
    st.sets(st.sampled_from(sorted(REGISTRY)), max_size=1),
)
defaults = st.one_of(
    st.just({}),
    st.builds(
        lambda changes, target_list: {**changes, **target_list},
        keys,
        st.one_of(st.just({}), st.fixed_dictionaries({"targets": target_lists})),
    ),
)
specs = st.builds(
    lambda version, default, registries: {
        "version": version,
        **({"defaults": default} if default else {}),
        "registries": registries,
    },
    st.sampled_from([1, 1, 1, 2, "1", True, None]),
    defaults,
    st.lists(changed_registries, max_size=2) | st.sampled_from([None, {}, "x"]),
)


def parser_messages(spec: dict[str, Any]) -> list[str]:
    """The errors of the parser; none if it accepts the spec."""
    try:
        load_desired(Document(deepcopy(spec), "spec.yml"), lambda *_: None)
    except InvalidConfigError as error:
        return [item.message for item in error.errors]
    return []


def is_rule(message: str) -> bool:
    return any(re.search(pattern, message) for pattern, _, _ in RULES.values())


@given(specs)
def test_the_schema_never_rejects_what_the_parser_accepts(spec: dict[str, Any]) -> None:
    """An editor never marks a valid spec."""
    if not SCHEMA.is_valid(spec):
        assert parser_messages(spec)


@given(specs)
def test_the_schema_rejects_what_the_parser_rejects(spec: dict[str, Any]) -> None:
    """Unless all errors are about the rules that a schema cannot express."""
    if SCHEMA.is_valid(spec):
        assert [message for message in parser_messages(spec) if not is_rule(message)] == []


@pytest.mark.parametrize("rule", RULES)
def test_the_documentation_lists_what_the_schema_cannot_express(rule: str) -> None:
    """The parser rejects the registry by this rule alone, and the schema accepts it."""
    message, registries, default = RULES[rule]
    registries = registries if isinstance(registries, list) else [registries]
    spec = {"version": 1, **({"defaults": default} if default else {}), "registries": registries}
    assert f"| {rule} |" in PAGE
    assert SCHEMA.is_valid(spec)
    messages = parser_messages(spec)
    assert messages
    assert all(re.search(message, item) for item in messages), messages


def test_a_whole_number_with_a_point_is_equal_in_json() -> None:
    """So the schema accepts the version 1.0, which the parser does not."""
    spec = {"version": 1.0, "registries": [REGISTRY]}
    assert "| `version` is `1`, not `1.0` |" in PAGE
    assert SCHEMA.is_valid(spec)
    assert parser_messages(spec)


def test_the_page_lists_no_other_rule() -> None:
    """Each row has its case above."""
    rows = re.findall(r"^\| (.+?) \|", PAGE.partition("cannot express it |")[2], re.MULTILINE)
    assert set(rows) - {"---"} == {*RULES, "`version` is `1`, not `1.0`"}
