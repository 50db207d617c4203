"""GitHub's responses are parsed as its API describes them: no value is converted."""

from __future__ import annotations

import pytest

from codespaces_registry_secrets.errors import GitHubError
from codespaces_registry_secrets.github import schemas
from codespaces_registry_secrets.github.schemas import Schema, parse_response

REPOSITORY = {"id": 7, "full_name": "octo-org/app", "archived": False, "private": True}
SECRET = {"name": "A", "updated_at": "2026-01-01T03:00:00Z"}
SECRETS = {"total_count": 1, "secrets": [SECRET]}


@pytest.mark.parametrize(
    ("schema", "body"),
    [
        (schemas.Repository, {**REPOSITORY, "id": True}),
        (schemas.Repository, {**REPOSITORY, "id": "7"}),
        (schemas.Repository, {**REPOSITORY, "id": 7.0}),
        (schemas.Repository, {**REPOSITORY, "archived": "on"}),
        (schemas.Repository, {**REPOSITORY, "private": 0}),
        (schemas.Secrets, {**SECRETS, "total_count": "1"}),
        (schemas.Secrets, {**SECRETS, "total_count": True}),
        (schemas.Secret, {**SECRET, "updated_at": 0}),
        (schemas.Secret, {**SECRET, "updated_at": None}),
    ],
)
def test_a_value_of_another_type_is_no_response_of_github(
    schema: Schema[object], body: object
) -> None:
    """A repository with the id `true` would otherwise be the one with the id 1."""
    with pytest.raises(GitHubError, match="does not match its API's schema"):
        parse_response(schema, body)


@pytest.mark.parametrize(
    ("schema", "body"),
    [(schemas.Repository, REPOSITORY), (schemas.Secrets, SECRETS), (schemas.Secret, SECRET)],
)
def test_a_response_of_github_is_parsed(schema: Schema[object], body: object) -> None:
    assert parse_response(schema, body)
