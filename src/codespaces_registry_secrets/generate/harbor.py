"""Create robot accounts of a Harbor project, which can only pull images.

Source: `api/v2.0/swagger.yaml` and `src/server/v2.0/handler/robot.go` of goharbor/harbor. Harbor
checks for cross-site requests only if a request has the cookie of a session; ours never have.
"""

from __future__ import annotations

import re
import secrets
from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import cached_property
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from pydantic import Field, SecretStr, StrictBool, StrictInt, StrictStr

from codespaces_registry_secrets.generate.api import AbsentError, Api, Schema, Task
from codespaces_registry_secrets.generate.http import IssuerClient
from codespaces_registry_secrets.generate.issuer import (
    Issuer,
    IssuerContext,
    IssuerError,
    NewCredential,
)
from codespaces_registry_secrets.generate.marker import marker, repository_of
from codespaces_registry_secrets.generate.rest import connect, read_pages
from codespaces_registry_secrets.generate.utc_time import UtcTime, unless_never
from codespaces_registry_secrets.model.generator import IssuedCredential

# Harbor has no limit. One robot is in use, one retires; the others are for rotations in quick
# succession. A limit keeps an error from filling the project with valid robots.
LIMIT = 10

_NEVER = -1
_MAX_TIME = int(datetime.max.replace(tzinfo=UTC).timestamp())
_DAY = timedelta(days=1)
_ADVICE: Mapping[int, str] = {
    HTTPStatus.UNAUTHORIZED: (
        "check `generate.username` and `generate.password`; a robot's name has a prefix such as "
        "`robot$`"
    ),
    HTTPStatus.FORBIDDEN: (
        "the user needs the role Project Admin of the project; a robot needs the permissions to "
        "read the project and to create, list, read, update and delete robots, and to pull "
        "repositories"
    ),
    HTTPStatus.NOT_FOUND: "check `generate.url` and `generate.project`",
}


class _Project(Schema):
    project_id: StrictInt


class _Robot(Schema):
    id: StrictInt
    name: StrictStr = Field(min_length=1)
    creation_time: UtcTime
    # Harbor leaves out false, and returns -1 for a robot that does not expire.
    disable: StrictBool = False
    expires_at: StrictInt = Field(default=_NEVER, ge=_NEVER, le=_MAX_TIME)


class _NewRobot(_Robot):
    secret: SecretStr = Field(min_length=1)


class HarborRobot(Issuer):
    """Creates a robot account for each credential, and never changes the secret of one.

    The options are `url` and `project`, the name of a project. The values `username` and `password`
    are those of a user who administers the project, or of a robot that can create robots. The name
    of each new robot starts with a marker; robots without the marker of this journal are never
    listed, changed or deleted.

    A lifetime is rounded up to days, because Harbor counts in days.
    """

    limit = LIMIT
    can_disable = True

    def __init__(self, context: IssuerContext) -> None:
        self._context = context
        self._client = IssuerClient(context.mask)

    def list_credentials(self) -> tuple[IssuedCredential, ...]:
        """All robots of the project with the marker; disabled and expired ones, too."""
        return tuple(
            IssuedCredential(
                str(robot.id),
                robot.creation_time,
                disabled=robot.disable,
                expires=_expiry(robot),
            )
            for robot, _ in self._robots()
        )

    def create(self, existing: Sequence[IssuedCredential]) -> NewCredential:  # noqa: ARG002
        """Create a robot. Others are not affected, because a project can have many."""
        task = Task(f"create a robot in {self._owner}")
        lifetime = self._context.generator.expires_in
        body = {
            "name": f"{marker(self._context)}-{secrets.token_hex(8)}",
            "description": (
                f"Secret {self._context.generator.store} of "
                f"{repository_of(self._context)}, by Codespaces Registry Secrets"
            ),
            "level": "project",
            "duration": _NEVER if lifetime is None else max(1, -(-lifetime // _DAY)),
            "permissions": [
                {
                    "kind": "project",
                    "namespace": self._project,
                    "access": [{"resource": "repository", "action": "pull"}],
                }
            ],
        }
        response = self._api.change(task, "POST", self._url, json=body).json
        self._client.hide_field(response, "secret")
        robot = self._api.parse(task, _NewRobot, response)
        return NewCredential(
            str(robot.id), robot.name, robot.secret, robot.creation_time, _expiry(robot)
        )

    def disable(self, credential_id: str) -> None:
        """Disable a robot that has the marker; do nothing if there is none with this id."""
        fields = self._find(credential_id)
        if fields is None:
            return
        task = Task(f"disable robot {credential_id} of {self._owner}")
        # A PUT replaces all fields: Harbor empties what it leaves out.
        body = {**fields, "disable": True}
        with suppress(AbsentError):
            self._api.change(task, "PUT", f"{self._url}/{credential_id}", json=body)

    def delete(self, credential_id: str) -> None:
        """Delete a robot that has the marker; do nothing if there is none with this id."""
        if self._find(credential_id) is None:
            return
        task = Task(f"delete robot {credential_id} of {self._owner}")
        with suppress(AbsentError):
            self._api.change(task, "DELETE", f"{self._url}/{credential_id}")

    def _robots(self) -> Iterator[tuple[_Robot, dict[str, Any]]]:
        """The robots with the marker, each with all of its fields as Harbor returned them."""
        task = Task(f"list the robots of {self._owner}")
        # The name of a robot is `robot$project+name`, and its prefix depends on Harbor's settings.
        ours = re.compile(rf".*\+{marker(self._context)}-[0-9a-f]+")
        query = f"Level=project,ProjectID={self._project_id},Name=~{marker(self._context)}"
        for page in read_pages(self._api, task, self._url, {"q": query}, "page_size"):
            for item in page:
                robot = self._api.parse(task, _Robot, item)
                if ours.fullmatch(robot.name):
                    yield robot, item

    def _find(self, credential_id: str) -> dict[str, Any] | None:
        """All fields of a robot with the marker.

        An id of another Harbor, from before `url` was changed, can be that of a person's robot.
        """
        robots = self._robots()
        return next((fields for robot, fields in robots if str(robot.id) == credential_id), None)

    @cached_property
    def _project_id(self) -> int:
        """The id of the project, which the list of robots requires."""
        task = Task(f"find {self._owner}")
        url = f"{self._api.url}/api/v2.0/projects/{quote(self._project, safe='')}"
        # Without this header, a name of digits is taken for an id.
        response = self._api.read(task, url, headers={"X-Is-Resource-Name": "true"})
        return self._api.parse(task, _Project, response.json).project_id

    @cached_property
    def _api(self) -> Api:
        headers = {"Authorization": self._authorization()}
        return connect(self._client, self._context, headers=headers, advice=_ADVICE)

    @property
    def _url(self) -> str:
        return f"{self._api.url}/api/v2.0/robots"

    def _authorization(self) -> str:
        username = self._context.header_value("username")
        password = self._context.header_value("password")
        self._client.hide(password)
        if ":" in username:
            raise IssuerError(
                "`generate.username` contains a colon, which Basic authentication does not allow; "
                "correct it"
            )
        pair = b64encode(f"{username}:{password}".encode()).decode()
        self._client.hide(pair)
        return f"Basic {pair}"

    @property
    def _project(self) -> str:
        return self._context.generator.option("project")

    @property
    def _owner(self) -> str:
        return f"project {self._project}"


def _expiry(robot: _Robot) -> datetime | None:
    if robot.expires_at == _NEVER:
        return None
    return unless_never(datetime.fromtimestamp(robot.expires_at, UTC))
