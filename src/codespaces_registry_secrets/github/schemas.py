"""Schemas of GitHub's responses, with the fields that the Action uses.

Source: GitHub's OpenAPI description, 2022-11-28. A response that does not match is an error: a list
that was wrongly read as empty would be written back empty.
"""

from __future__ import annotations

from base64 import b64decode
from typing import Annotated, Literal, TypeVar

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
)

from codespaces_registry_secrets.errors import GitHubError
from codespaces_registry_secrets.model.repositories import Properties, RepositoryInfo
from codespaces_registry_secrets.model.targets import Visibility

T = TypeVar("T")

UNEXPECTED_RESPONSE = "GitHub's response does not match its API's schema; run again"
# Source: "Public-key authenticated encryption", doc.libsodium.org.
PUBLIC_KEY_BYTES = 32


def _check_text(value: object) -> object:
    if not isinstance(value, str):
        raise ValueError  # noqa: TRY004 - pydantic reports no other error
    return value


# Without these, pydantic takes `true` for the number 1, "on" for `true`, and a number for a time.
_Integer = Annotated[int, Field(strict=True)]
_Boolean = Annotated[bool, Field(strict=True)]
_Time = Annotated[AwareDatetime, BeforeValidator(_check_text)]


class _Response(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Secret(_Response):
    """A Codespaces secret or an Actions secret, without its value."""

    name: str
    updated_at: _Time
    visibility: Visibility | None = None


class Secrets(_Response):
    """A page of a list of secrets."""

    total_count: _Integer
    secrets: list[Secret]


class Variable(_Response):
    """An Actions variable."""

    value: str


class Variables(_Response):
    """The number of variables in a list of Actions variables."""

    total_count: _Integer


class Repository(_Response):
    """A repository."""

    id: _Integer
    full_name: str
    archived: _Boolean = False
    topics: tuple[str, ...] = ()
    private: _Boolean = True

    @property
    def repo(self) -> RepositoryInfo:
        """The repository as the model has it, without custom properties."""
        return RepositoryInfo(
            self.full_name, self.id, self.archived, self.topics, private=self.private
        )


class Owner(_Response):
    """The owner of a repository; `type` is `Organization` or `User`."""

    login: str
    type: str


class RepositoryWithOwner(Repository):
    """A repository with what decides about the secrets that it gets."""

    private: _Boolean
    owner: Owner


class SelectedRepositories(_Response):
    """A page of a secret's selected repositories."""

    total_count: _Integer
    repositories: list[Repository]


def _check_key(value: str) -> str:
    if len(b64decode(value, validate=True)) != PUBLIC_KEY_BYTES:
        raise ValueError
    return value


class PublicKey(_Response):
    """The public key that seals the values for a target; `key` is base64."""

    key_id: str
    key: Annotated[str, AfterValidator(_check_key)]


class Account(_Response):
    """An organization or a user."""

    login: str


class IssueComment(_Response):
    """A comment on an issue or a pull request; `user` is None if the account was deleted."""

    id: _Integer
    body: str | None = None
    user: Account | None = None


class Issue(_Response):
    """An issue, or a pull request as an issue; `user` is None if the account was deleted."""

    number: _Integer
    state: Literal["open", "closed"]
    body: str | None = None
    user: Account | None = None
    pull_request: object = None  # only a pull request has it


class Viewer(_Response):
    """The account that a token acts for: a user, or the bot of an App."""

    viewer: Account


class Installation(_Response):
    """The installation of an App at an account."""

    id: _Integer
    account: Account


class InstalledOn(_Response):
    """The account of an installation; an enterprise has neither a login nor a type."""

    login: str = ""
    type: str = ""


class ListedInstallation(_Response):
    """An installation in the list of an App."""

    account: InstalledOn | None = None
    suspended_at: _Time | None = None


class InstallationToken(_Response):
    """A token for an installation of an App."""

    token: str
    expires_at: _Time


class Property(_Response):
    """A custom property of a repository; `value` is None if it has none."""

    property_name: str
    value: str | list[str] | None = None


class RepositoryProperties(_Response):
    """The custom properties of one repository."""

    repository_id: _Integer
    properties: list[Property]

    @property
    def values(self) -> Properties:
        """Each property that has a value, with all of its values."""
        valued = [(p.property_name, p.value) for p in self.properties if p.value is not None]
        return tuple((name, (v,) if isinstance(v, str) else tuple(v)) for name, v in valued)


Schema = type[T] | TypeAdapter[T]

REPOSITORIES = TypeAdapter(list[Repository])
ORGANIZATIONS = TypeAdapter(list[Account])
INSTALLATIONS = TypeAdapter(list[ListedInstallation])
ISSUE_COMMENTS = TypeAdapter(list[IssueComment])
ISSUES = TypeAdapter(list[Issue])
PROPERTIES = TypeAdapter(list[RepositoryProperties])


def parse_response(schema: Schema[T], body: object) -> T:
    """Parse the JSON body of a response.

    Raises:
        GitHubError: the body does not match `schema`.
    """
    adapter = schema if isinstance(schema, TypeAdapter) else TypeAdapter(schema)
    try:
        return adapter.validate_python(body)
    except ValidationError:
        raise GitHubError(UNEXPECTED_RESPONSE) from None
