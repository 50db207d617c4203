"""A Harbor on loopback that has the projects `team` and `other`, by `swagger.yaml` of its API v2.0.

Source of what the documentation leaves out: `src/server/v2.0/handler/robot.go` and
`src/server/middleware/csrf/csrf.go` of goharbor/harbor.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import unquote

from aiohttp import web

from issuers.issuer_server import Now, SelfHostedServer, json_body, knows, real_time

PROJECTS = {"team": 4, "other": 5, "2026": 6}
NAME = re.compile(r"[a-z0-9]+(?:[._-][a-z0-9]+)*")
PULL = [{"resource": "repository", "action": "pull"}]


@dataclass
class Robot:
    """A robot account. `duration` is in days, -1 without end; `name` is without a prefix."""

    id: int
    project: str
    name: str
    description: str
    secret: str
    duration: int
    created: datetime
    permissions: list[dict[str, Any]]
    disabled: bool = False
    settling: int = 0

    @property
    def expires_at(self) -> int:
        """In seconds since 1970; -1 without end."""
        if self.duration == -1:
            return -1
        return int((self.created + timedelta(days=self.duration)).timestamp())


class Harbor(SelfHostedServer):
    """Serves Harbor's API v2.0 for one user.

    `administers` are the projects of which the user is Project Admin; the user sees them only.
    `page_size` is the most that a page contains. `robot_prefix` is one of Harbor's settings.
    `filters_names`: whether the list can be filtered by name.
    """

    limit = 10

    def __init__(self, now: Now = real_time, *, prefix: str = "") -> None:
        super().__init__(now, prefix=prefix)
        self.username, self.password = "rotator", "Harbor-12345"
        self.administers = set(PROJECTS)
        self.page_size = 100
        self.robot_prefix = "robot$"
        self.filters_names = True
        self.robots: dict[int, Robot] = {}
        self.updates: list[Mapping[str, Any]] = []
        self._last_id = 0

    def live(self) -> list[str]:
        """The ids of all robots, those of people and the disabled ones included."""
        return [str(robot.id) for robot in self.robots.values()]

    def accepts(self, username: str, password: str) -> bool:
        """Whether the registry accepts a robot."""
        for robot in self.robots.values():
            if (self._full_name(robot), robot.secret) != (username, password):
                continue
            expired = -1 < robot.expires_at <= self.now().timestamp()
            if robot.disabled or expired:
                return False
            return knows(robot) and robot.permissions[0]["access"] == PULL
        return False

    def make_by_hand(self) -> str:
        """Create a robot of `team` in the web pages."""
        permission = {"kind": "project", "namespace": "team", "access": PULL}
        self._last_id += 1
        robot = Robot(
            self._last_id, "team", f"cluster-{self._last_id}", "", "Secret1", -1, self.now(),
            [permission],
        )  # fmt: skip
        self.robots[robot.id] = robot
        return str(robot.id)

    def reinstall(self) -> None:
        """Start over: without robots, and with the first id."""
        self.robots.clear()
        self._last_id = 0

    async def respond(self, request: web.Request) -> web.StreamResponse:
        """Carry out a request to `/api/v2.0`; each response starts a session."""
        path = request.rel_url.raw_path
        response = self._refusal(request, path)
        if response is None:
            path = path.removeprefix(f"{self.prefix}/api/v2.0/")
            response = self._route(request, path, await json_body(request))
        response.set_cookie("sid", "0123456789abcdef", httponly=True)
        return response

    def _refusal(self, request: web.Request, path: str) -> web.Response | None:
        if not path.startswith(f"{self.prefix}/api/v2.0/"):
            return web.Response(text="<html>Harbor</html>", content_type="text/html")
        if request.method != "GET" and "sid" in request.cookies:
            return _error(403, "FORBIDDEN", "CSRF token not found in request")
        pair = b64encode(f"{self.username}:{self.password}".encode()).decode()
        if request.headers.get("Authorization") != f"Basic {pair}":
            return _error(401, "UNAUTHORIZED", "unauthorized")
        return None

    def _route(self, request: web.Request, path: str, body: Mapping[str, Any]) -> web.Response:
        resource, _, name = path.partition("/")
        if resource == "projects" and request.method == "GET":
            by_name = request.headers.get("X-Is-Resource-Name") == "true"
            return self._project(unquote(name), by_name=by_name)
        if resource != "robots":
            return _error(404, "NOT_FOUND", "not found")
        if not name:
            return self._list(request) if request.method == "GET" else self._create(body)
        return self._change(request.method, name, body)

    def _change(self, method: str, number: str, body: Mapping[str, Any]) -> web.Response:
        robot = self.robots.get(int(number))
        if robot is None:
            return _error(404, "NOT_FOUND", f"robot {number} not found")
        if robot.project not in self.administers:
            return _error(403, "FORBIDDEN", "forbidden")
        if method == "PUT":
            return self._update(robot, body)
        del self.robots[robot.id]
        return web.Response()

    def _project(self, name: str, *, by_name: bool) -> web.Response:
        names = {str(number): name for name, number in PROJECTS.items()}
        if not by_name and name.isdigit():
            name = names.get(name, "")
        if name not in PROJECTS:
            return _error(404, "NOT_FOUND", f"project {name} not found")
        if name not in self.administers:
            return _error(403, "FORBIDDEN", "forbidden")
        return web.json_response({"project_id": PROJECTS[name], "name": name})

    def _list(self, request: web.Request) -> web.Response:
        query = dict(part.split("=", 1) for part in request.query.get("q", "").split(","))
        names = {str(number): name for name, number in PROJECTS.items()}
        project = names.get(query.get("ProjectID", ""))
        if query.get("Level") != "project" or project is None:
            return _error(400, "BAD_REQUEST", "must with project ID when to query project robots")
        if project not in self.administers:
            return _error(403, "FORBIDDEN", "forbidden")
        part = query.get("Name", "~").removeprefix("~") if self.filters_names else ""
        robots = [r for r in self.robots.values() if r.project == project and part in r.name]
        size = min(int(request.query.get("page_size", "10")), self.page_size)
        page = int(request.query.get("page", "1"))
        headers = {"X-Total-Count": str(len(robots))}
        if page * size < len(robots):
            headers["Link"] = f'</api/v2.0/robots?page={page + 1}>; rel="next"'
        shown = [self._shown(robot) for robot in robots[(page - 1) * size : page * size]]
        return web.json_response(shown or None, headers=headers)

    def _create(self, body: Mapping[str, Any]) -> web.Response:
        reason = _invalid(body)
        name = str(body.get("name"))
        if reason is None and not NAME.fullmatch(name):
            reason = "robot name is not in lower case or contains illegal characters"
        if reason:
            return _error(400, "BAD_REQUEST", reason)
        project = body["permissions"][0]["namespace"]
        if project not in self.administers:
            return _error(403, "FORBIDDEN", "forbidden")
        if name in {robot.name for robot in self.robots.values() if robot.project == project}:
            return _error(409, "CONFLICT", f"robot account {name} already exists")
        self._last_id += 1
        robot = Robot(
            self._last_id, project, name, str(body.get("description", "")),
            f"Secret-of-robot-{self._last_id:05}", body["duration"], self.now(),
            body["permissions"], settling=self.settling,
        )  # fmt: skip
        self.robots[robot.id] = robot
        created = {
            "id": robot.id,
            "name": self._full_name(robot),
            "secret": robot.secret,
            "creation_time": _time(robot.created),
            "expires_at": robot.expires_at,
        }
        return web.json_response(created, status=201)

    def _update(self, robot: Robot, body: Mapping[str, Any]) -> web.Response:
        """A PUT replaces all fields: what it leaves out is emptied."""
        reason = _invalid(body)
        if reason is None and body.get("name") != self._full_name(robot):
            reason = "cannot update the level or name of robot"
        if reason:
            return _error(400, "BAD_REQUEST", reason)
        self.updates.append(body)
        robot.description = str(body.get("description", ""))
        robot.disabled = body.get("disable", False)
        robot.duration, robot.permissions = body["duration"], body["permissions"]
        return web.Response()

    def _shown(self, robot: Robot) -> dict[str, Any]:
        """The fields of `Robot` in the swagger file, without those that are false."""
        shown = {
            "id": robot.id,
            "name": self._full_name(robot),
            "description": robot.description,
            "level": "project",
            "duration": robot.duration,
            "editable": True,
            "expires_at": robot.expires_at,
            "permissions": robot.permissions,
            "creation_time": _time(robot.created),
            "update_time": _time(robot.created),
        }
        return {**shown, "disable": True} if robot.disabled else shown

    def _full_name(self, robot: Robot) -> str:
        return f"{self.robot_prefix}{robot.project}+{robot.name}"


def _invalid(body: Mapping[str, Any]) -> str | None:
    """Why Harbor rejects a robot."""
    duration, permissions = body.get("duration"), body.get("permissions")
    if not isinstance(duration, int) or not (duration == -1 or 0 < duration < 2**31 - 1):
        return f"bad request error duration input: {duration}"
    if body.get("level") != "project":
        return "bad request error level input"
    if not isinstance(permissions, list) or len(permissions) != 1:
        return "bad request permission"
    access = permissions[0].get("access")
    if permissions[0].get("kind") != "project" or access != PULL:
        return f"bad request permission: {access}"
    return None


def _time(value: datetime) -> str:
    return value.strftime("%Y-%m-%dT%H:%M:%S.000Z")


def _error(status: int, code: str, message: str) -> web.Response:
    return web.json_response({"errors": [{"code": code, "message": message}]}, status=status)
