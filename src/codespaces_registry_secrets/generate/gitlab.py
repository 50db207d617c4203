"""Create deploy tokens of a GitLab project or group, which can only pull images.

Source: "Deploy tokens API" and "REST API", docs.gitlab.com, and `app/models/deploy_token.rb` of
GitLab. A token keeps the name that it was created with, and the API does not tell when that was.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from functools import cached_property
from http import HTTPStatus
from urllib.parse import quote

from pydantic import Field, SecretStr, StrictBool, StrictInt, StrictStr

from codespaces_registry_secrets.generate.api import AbsentError, Api, Schema, Task, server_time
from codespaces_registry_secrets.generate.http import IssuerClient
from codespaces_registry_secrets.generate.issuer import (
    Issuer,
    IssuerContext,
    IssuerError,
    NewCredential,
)
from codespaces_registry_secrets.generate.marker import marker, repository_of
from codespaces_registry_secrets.generate.rest import connect, read_pages
from codespaces_registry_secrets.generate.utc_time import Expiry
from codespaces_registry_secrets.model.generator import IssuedCredential

# GitLab has no limit. One token is in use, one retires; the others are for rotations in quick
# succession. A limit keeps an error from filling the project with valid tokens.
LIMIT = 10

_MAX_NAME = 255
_TIME = "%Y-%m-%dT%H:%M:%SZ"


class _Token(Schema):
    id: StrictInt
    name: StrictStr
    expires_at: Expiry = None
    # GitLab can return null for false.
    revoked: StrictBool | None = None


class _NewToken(_Token):
    username: StrictStr = Field(min_length=1)
    token: SecretStr = Field(min_length=1)


class GitLabDeployToken(Issuer):
    """Creates deploy tokens with the scope `read_registry`.

    The options are `url` and either `project` or `group`: a path or a number. The value `token` is
    an access token with the scope `api`. The name of each deploy token contains a marker and the
    time of its creation; tokens without the marker of this journal are never listed or deleted.
    """

    limit = LIMIT
    can_disable = False

    def __init__(self, context: IssuerContext) -> None:
        self._context = context
        self._client = IssuerClient(context.mask)

    def list_credentials(self) -> tuple[IssuedCredential, ...]:
        """All deploy tokens with the marker that are not revoked; expired ones, too."""
        task = Task(f"list the deploy tokens of {self._owner}")
        listed = []
        for page in read_pages(self._api, task, self._url, {}, "per_page"):
            for item in page:
                token = self._api.parse(task, _Token, item)
                created = self._created(token.name)
                if created is not None and not token.revoked:
                    listed.append(
                        IssuedCredential(str(token.id), created, expires=token.expires_at)
                    )
        return tuple(listed)

    def create(self, existing: Sequence[IssuedCredential]) -> NewCredential:  # noqa: ARG002
        """Create a deploy token. Others are not affected, because a project can have many."""
        task = Task(f"create a deploy token for {self._owner}")
        # GitLab does not tell when a token was created, so its name has the time by GitLab's clock.
        created = server_time(task, self._api.read(task, f"{self._url}?per_page=1"))
        body: dict[str, object] = {"name": self._name(created), "scopes": ["read_registry"]}
        lifetime = self._context.generator.expires_in
        if lifetime is not None:
            body["expires_at"] = (created + lifetime).strftime(_TIME)
        response = self._api.change(task, "POST", self._url, json=body).json
        self._client.hide_field(response, "token")
        token = self._api.parse(task, _NewToken, response)
        return NewCredential(
            str(token.id),
            token.username,
            token.token,
            created,
            token.expires_at,
        )

    def disable(self, credential_id: str) -> None:
        """Raise an error: a deploy token can only be deleted."""
        raise IssuerError(f"deploy token {credential_id} cannot be disabled, only deleted")

    def delete(self, credential_id: str) -> None:
        """Delete a deploy token that has the marker; do nothing if there is none with this id.

        An id of another GitLab, from before `url` was changed, can be that of a person's token.
        """
        if credential_id not in {listed.id for listed in self.list_credentials()}:
            return
        task = Task(f"delete deploy token {credential_id} of {self._owner}")
        with suppress(AbsentError):
            self._api.change(task, "DELETE", f"{self._url}/{credential_id}")

    @cached_property
    def _api(self) -> Api:
        token = self._context.header_value("token")
        self._client.hide(token)
        headers = {"PRIVATE-TOKEN": token}
        return connect(self._client, self._context, headers=headers, advice=self._advice)

    @property
    def _advice(self) -> dict[int, str]:
        role = "Owner of the group" if self._kind == "group" else "Maintainer of the project"
        return {
            HTTPStatus.UNAUTHORIZED: (
                "check that `generate.token` is a valid access token of this GitLab; it may have "
                "expired or been revoked"
            ),
            HTTPStatus.FORBIDDEN: (
                f"`generate.token` needs the scope `api`, and its user the role {role}"
            ),
            HTTPStatus.NOT_FOUND: (
                f"check `generate.url` and `generate.{self._kind}`; GitLab also responds so if "
                "`generate.token` has no access to it"
            ),
        }

    @property
    def _kind(self) -> str:
        return "project" if self._context.generator.option("project") else "group"

    @property
    def _owner(self) -> str:
        return f"{self._kind} {self._context.generator.option(self._kind)}"

    @property
    def _url(self) -> str:
        owner = quote(self._context.generator.option(self._kind), safe="")
        return f"{self._api.url}/api/v4/{self._kind}s/{owner}/deploy_tokens"

    def _name(self, created: datetime) -> str:
        """The marker, the time, and for people the repository and the secret."""
        repository = repository_of(self._context)
        store = self._context.generator.store
        name = f"{marker(self._context)} {created.strftime(_TIME)} {repository} {store}"
        return name[:_MAX_NAME]

    def _created(self, name: str) -> datetime | None:
        """When a token was created, by its name; None if the name has not our marker."""
        match = re.match(rf"{marker(self._context)} (\S+)(?: |$)", name)
        try:
            return datetime.strptime(match[1], _TIME).replace(tzinfo=UTC) if match else None
        except ValueError:
            return None
