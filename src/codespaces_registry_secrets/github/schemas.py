"""The shapes of GitHub's answers, as far as they are used.

Source: GitHub's OpenAPI description, 2022-11-28. An answer that does not fit is an error that says
so: a list that is taken for empty would be sent back empty.
"""

from __future__ import annotations

from base64 import b64decode
from typing import Annotated, TypeVar

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    TypeAdapter,
    ValidationError,
)

from codespaces_registry_secrets.errors import GitHubError
from codespaces_registry_secrets.model.repositories import Properties, RepositoryInfo
from codespaces_registry_secrets.model.targets import Visibility

T = TypeVar("T")

UNEXPECTED_RESPONSE = "GitHub's answer does not have the form that its API promises; run again"
# Source: "Public-key authenticated encryption", doc.libsodium.org.
PUBLIC_KEY_BYTES = 32


class _Answer(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Secret(_Answer):
    """A secret in a list of them, of Codespaces or of Actions."""

    name: str
    updated_at: AwareDatetime
    visibility: Visibility | None = None


class Secrets(_Answer):
    """A page of secrets."""

    total_count: int
    secrets: list[Secret]


class Repository(_Answer):
    """A repository, in a list or alone."""

    id: int
    full_name: str
    archived: bool = False
    topics: tuple[str, ...] = ()

    @property
    def repo(self) -> RepositoryInfo:
        """The part that a selection needs."""
        return RepositoryInfo(self.full_name, self.id, self.archived, self.topics)


class SelectedRepositories(_Answer):
    """A page of a secret's list."""

    total_count: int
    repositories: list[Repository]


def _key(value: str) -> str:
    if len(b64decode(value, validate=True)) != PUBLIC_KEY_BYTES:
        raise ValueError
    return value


class PublicKey(_Answer):
    """A scope's key for sealed boxes; `key` is base64."""

    key_id: str
    key: Annotated[str, AfterValidator(_key)]


class Account(_Answer):
    """The token's own user."""

    login: str


class Installation(_Answer):
    """Where an App is installed."""

    id: int
    account: Account


class InstallationToken(_Answer):
    """The token of an installation."""

    token: str
    expires_at: AwareDatetime


class Property(_Answer):
    """A custom property of a repository; one without a value has None."""

    property_name: str
    value: str | list[str] | None = None


class RepositoryProperties(_Answer):
    """The custom properties of one repository."""

    repository_id: int
    properties: list[Property]

    @property
    def values(self) -> Properties:
        """Each property with all of its values."""
        valued = [(p.property_name, p.value) for p in self.properties if p.value is not None]
        return tuple((name, (v,) if isinstance(v, str) else tuple(v)) for name, v in valued)


Schema = type[T] | TypeAdapter[T]

REPOSITORIES = TypeAdapter(list[Repository])
PROPERTIES = TypeAdapter(list[RepositoryProperties])


def parse_response(shape: Schema[T], body: object) -> T:
    """`body` in its shape.

    Raises:
        GitHubError: the answer has another one.
    """
    adapter = shape if isinstance(shape, TypeAdapter) else TypeAdapter(shape)
    try:
        return adapter.validate_python(body)
    except ValidationError:
        raise GitHubError(UNEXPECTED_RESPONSE) from None
