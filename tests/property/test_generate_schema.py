"""The JSON Schema of `generate` and its parser agree, for the keys of every kind."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codespaces_registry_secrets.model.generator import GENERATORS
from property.test_spec_schema import ORGANIZATION, SCHEMA, is_rule, parser_messages

SOURCE = {"env": "ISSUER_TOKEN"}
UUID = "11111111-2222-3333-4444-555555555555"
PROVIDER = "projects/123/locations/global/workloadIdentityPools/github/providers/actions"
ACCOUNT = "pull@team-images.iam.gserviceaccount.com"
# Of each kind: the keys of its registry, and its own.
VALID: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "aws-iam-access-key": (
        {"registry": "ecr", "account": "123456789012", "region": "eu-west-1"},
        {"user": "pull", "role": "arn:aws:iam::123456789012:role/path/rotate"},
    ),
    "azure-container-registry-token": (
        {"registry": "acr", "name": "mycompany"},
        {
            "tenant": UUID,
            "client-id": UUID,
            "subscription": UUID,
            "resource-group": "team-images",
            "token": "codespaces-pull",
            "expires-in": "90d",
        },
    ),
    "google-service-account-key": (
        {"registry": "gcr"},
        {
            "service-account": ACCOUNT,
            "workload-identity-provider": PROVIDER,
            "through": ACCOUNT,
        },
    ),
    "gitlab-deploy-token": (
        {"server": "registry.gitlab.example"},
        {"url": "https://gitlab.example", "group": "team/images", "token": SOURCE},
    ),
    "harbor-robot": (
        {"server": "harbor.example"},
        {
            "url": "https://harbor.example/path",
            "project": "team",
            "username": "me",
            "password": SOURCE,
        },
    ),
}
SOURCES: list[Any] = [SOURCE, {"secret": "A"}, {"env": "A", "file": "b"}, {}, "text", "", 1, None]
VALUES: dict[str, list[Any]] = {
    "kind": [*VALID, "dockerhub", "ghcr", "aws", "", 1, None],
    "store": ["A", "a_1", "_", "1A", "GITHUB_A", "github_a", "ACTIONS_X", "a-b", "", 1, None],
    "retire-after": ["24h", "0h", "1d", "36H", "24", "-1h", 24, None],
    "expires-in": ["90d", "0d", "30", 30, None],
    "user": ["pull", "a" * 64, "a" * 65, "a b", "", 1, None],
    "role": [
        "arn:aws-cn:iam::123456789012:role/a",
        "arn:aws:iam::12:role/a",
        "arn:aws:iam::123456789012:user/a",
        "rotate",
        1,
        None,
    ],
    "tenant": ["mycompany.onmicrosoft.com", UUID, "a b", "", None],
    "client-id": [UUID, UUID.upper(), UUID[:-1], "", 1],
    "subscription": [UUID, "mine"],
    "resource-group": ["a", "a.b", "a.", "(a)", "a" * 91, ""],
    "token": ["pull5", "abcd", "a b c", *SOURCES],
    "service-account": [ACCOUNT, "me@example.com", "", None],
    "workload-identity-provider": [PROVIDER, PROVIDER.replace("123", "x"), "", None],
    "through": [ACCOUNT, "me@example.com", None],
    "url": [
        "https://a.example",
        "https://a.example/b/",
        "https://a.example:8443",
        "https://a.example?b=c",
        "https://me@a.example",
        "http://a.example",
        "http://localhost:8080",
        "http://localhost.example",
        "http://127.0.0.1:8080/a",
        "http://127.0.0.1.example",
        "http://[::1]:8080",
        "ftp://a.example",
        "a.example",
        "",
        1,
        None,
    ],
    "project": ["team", "team/app", "7", 7, "Team", "a b", "/a", "", None],
    "group": ["team", "team/app", "", None],
    "username": ["me", "", 1, True, SOURCE, {}, None],
    "password": SOURCES,
    "unknown": ["x"],
}
kinds = st.sampled_from(sorted(VALID))
changes = st.lists(st.sampled_from(sorted(VALUES)), max_size=3, unique=True).flatmap(
    lambda names: st.fixed_dictionaries({name: st.sampled_from(VALUES[name]) for name in names})
)
removals = st.sets(
    st.sampled_from(["store", *sorted({key for _, own in VALID.values() for key in own})]),
    max_size=1,
)


def spec_of(kind: str, changed: dict[str, Any], removed: frozenset[str] = frozenset()) -> Any:
    """A spec with one registry of a kind, some of whose keys are changed or missing."""
    registry, own = VALID[kind]
    generate = {"kind": kind, "store": "STORE", **own, **changed}
    generate = {key: value for key, value in generate.items() if key not in removed}
    entry = {"id": "REG", **registry, "generate": generate, "targets": [ORGANIZATION]}
    return {"version": 1, "registries": [entry]}


@given(kinds, changes, removals)
def test_the_schema_and_the_parser_agree(
    kind: str, changed: dict[str, Any], removed: set[str]
) -> None:
    """Unless all errors are about the rules that a schema cannot express."""
    spec = spec_of(kind, changed, frozenset(removed))
    messages = parser_messages(spec)
    if SCHEMA.is_valid(spec):
        assert [message for message in messages if not is_rule(message)] == []
    else:
        assert messages


@pytest.mark.parametrize("kind", GENERATORS)
def test_every_kind_is_covered(kind: str) -> None:
    """With all its keys, in a spec that both accept."""
    _, own = VALID[kind]
    missing = GENERATORS[kind].keys - own.keys() - {"project"}
    assert missing == set()
    assert parser_messages(spec_of(kind, {})) == []
    assert SCHEMA.is_valid(spec_of(kind, {}))


@pytest.mark.parametrize("key", VALUES)
@pytest.mark.parametrize("kind", VALID)
def test_each_value_alone(kind: str, key: str) -> None:
    """Every value of every key, with every kind."""
    for value in VALUES[key]:
        spec = spec_of(kind, {key: value})
        accepted = [m for m in parser_messages(spec) if not is_rule(m)] == []
        assert accepted == SCHEMA.is_valid(spec), (key, value, parser_messages(spec))
