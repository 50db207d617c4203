"""Endpoints for issues: list, create, update and close.

Source: docs.github.com/rest/issues/issues: lists have pull requests, too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Literal

from github_sandbox.authorization import (
    find_login,
)
from github_sandbox.errors import ApiError, invalid
from github_sandbox.issue_access import authorize_access, authorize_edit
from github_sandbox.issue_store import Issue, IssueStore
from github_sandbox.json_types import Json, JsonObject
from github_sandbox.routing import ApiRequest, ApiResponse, TokenRoute
from github_sandbox.schemas import WEB, format_time, id_fields, simple_user
from github_sandbox.secret_validation import read_string
from github_sandbox.tokens import Token

PERMISSIONS = ("issues",)
PREFIXES = ("/repos/{owner}/{repository}", "/repositories/{repository_id}")
STATE_REASONS = ("completed", "not_planned", "duplicate", "reopened")
DISABLED = "Issues has been disabled in this repository."


def routes() -> list[TokenRoute]:
    """The endpoints of this module."""
    endpoints = (
        ("GET", "/issues", list_issues),
        ("POST", "/issues", create_issue),
        ("PATCH", "/issues/{number}", update_issue),
    )
    return [
        TokenRoute(method, f"{prefix}{tail}", handler, "issues/issues")
        for prefix in PREFIXES
        for method, tail, handler in endpoints
    ]


def list_issues(request: ApiRequest[Token]) -> ApiResponse:
    """List issues and pull requests by state, creator and labels; open ones, newest first."""
    repository = authorize_access(request, PERMISSIONS)
    query = request.query
    state = read_choice(query, "state", ("open", "closed", "all"))
    key = read_choice(query, "sort", ("created", "updated", "comments"))
    direction = read_choice(query, "direction", ("desc", "asc"))
    labels = {name.lower() for name in query.get("labels", "").split(",") if name}
    creator = query.get("creator", "").lower()
    issues = [
        issue
        for issue in request.world.issue_store(repository.id).list()
        if state in ("all", issue.state)
        and creator in ("", issue.author.login.lower())
        and labels <= {name.lower() for name in issue.labels}
    ]
    if key == "updated":
        issues.sort(key=lambda issue: issue.updated_at)
    if direction == "desc":
        issues.reverse()
    page, headers = request.paginate(issues)
    return ApiResponse(200, [render(issue, request) for issue in page], headers)


def create_issue(request: ApiRequest[Token]) -> ApiResponse:
    """Create an issue of the token's account."""
    store = find_store(request)
    title, body = read_string(request.body, "title", "Issue"), read_text(request.body, "body")
    issue = store.create(
        request.world.author(find_login(request)),
        title,
        body,
        request.world.now(),
        labels=read_labels(request.body),
    )
    return ApiResponse(201, render(issue, request))


def update_issue(request: ApiRequest[Token]) -> ApiResponse:
    """Change title, body, labels and state; of somebody else's, too, with write access."""
    store = find_store(request)
    issue = store.find(request.path_id("number"))
    authorize_edit(request, issue.author)
    body = request.body
    if "title" in body:
        issue = replace(issue, title=read_string(body, "title", "Issue"))
    if "body" in body:
        issue = replace(issue, body=read_text(body, "body"))
    if "labels" in body:
        issue = replace(issue, labels=read_labels(body))
    if "state" in body:
        state: Literal["open", "closed"] = read_state(body)
        default = "completed" if state == "closed" else "reopened"
        reason = read_text(body, "state_reason") or (
            default if state != issue.state else issue.state_reason
        )
        if reason not in (None, *STATE_REASONS):
            raise invalid("state_reason", f"{reason} is not a reason.", resource="Issue")
        issue = replace(issue, state=state, state_reason=reason)
    return ApiResponse(200, render(store.update(issue, request.world.now()), request))


def find_store(request: ApiRequest[Token]) -> IssueStore:
    """Find the issues to write.

    Raises:
        ApiError: 410 if the repository has no issues. A list of them is empty then.
    """
    store = request.world.issue_store(authorize_access(request, PERMISSIONS).id)
    if not store.enabled:
        raise ApiError(410, DISABLED)
    return store


def read_choice(query: Mapping[str, str], name: str, choices: tuple[str, ...]) -> str:
    """A parameter of a list; the first of the choices if it is not set.

    Raises:
        ApiError: 422 if it is something else.
    """
    value = query.get(name, choices[0])
    if value not in choices:
        raise invalid(name, f"{value} is not one of {', '.join(choices)}.", resource="Issue")
    return value


def read_state(body: Mapping[str, Json]) -> Literal["open", "closed"]:
    """The state in a body.

    Raises:
        ApiError: 422 if it is neither `open` nor `closed`.
    """
    value = read_string(body, "state", "Issue")
    if value == "open":
        return "open"
    if value == "closed":
        return "closed"
    raise invalid("state", f"{value} is not a state.", resource="Issue")


def read_text(body: Mapping[str, Json], field: str) -> str | None:
    """A string of a body that can be null or missing."""
    return None if body.get(field) is None else read_string(body, field, "Issue")


def read_labels(body: Mapping[str, Json]) -> tuple[str, ...]:
    """The names of labels in a body.

    Raises:
        ApiError: 422 if it is no list of strings.
    """
    labels = body.get("labels") or []
    if not isinstance(labels, list) or not all(isinstance(name, str) for name in labels):
        raise invalid("labels", "is not a list of strings.", resource="Issue")
    return tuple(str(name) for name in labels)


def render(issue: Issue, request: ApiRequest[Token]) -> JsonObject:
    """`issue`: an issue, or a pull request as an issue."""
    repository = f"{request.base_url}{request.path.partition('/issues')[0]}"
    url = f"{repository}/issues/{issue.number}"
    kind = "pull" if issue.is_pull_request else "issues"
    html = f"{WEB}{request.path.partition('/issues')[0]}/{kind}/{issue.number}"
    pull_request: JsonObject = dict.fromkeys(("url", "html_url", "diff_url", "patch_url"))
    return {
        **id_fields("I", issue.id),
        "number": issue.number,
        "url": url,
        "repository_url": repository,
        "labels_url": f"{url}/labels{{/name}}",
        "comments_url": f"{url}/comments",
        "events_url": f"{url}/events",
        "html_url": html,
        "title": issue.title,
        "body": issue.body,
        "labels": list(issue.labels),
        "state": issue.state,
        "state_reason": issue.state_reason,
        "locked": False,
        "assignee": None,
        "milestone": None,
        "comments": 0,
        "user": simple_user(issue.author, request.base_url),
        "author_association": "NONE",
        "created_at": format_time(issue.created_at),
        "updated_at": format_time(issue.updated_at),
        "closed_at": format_time(issue.closed_at) if issue.closed_at else None,
        **({"pull_request": pull_request} if issue.is_pull_request else {}),
    }
