"""Endpoints for the comments on pull requests.

Source: docs.github.com/rest/issues/comments: pull requests are issues there.
"""

from __future__ import annotations

from github_sandbox.authorization import (
    find_login,
)
from github_sandbox.comment_store import Comment, CommentStore
from github_sandbox.issue_access import authorize_access, authorize_edit
from github_sandbox.json_types import JsonObject
from github_sandbox.routing import ApiRequest, ApiResponse, TokenRoute
from github_sandbox.schemas import WEB, format_time, id_fields, simple_user
from github_sandbox.secret_validation import read_string
from github_sandbox.tokens import Token

PERMISSIONS = ("issues", "pull_requests")
PREFIXES = ("/repos/{owner}/{repository}", "/repositories/{repository_id}")


def routes() -> list[TokenRoute]:
    """The endpoints of this module."""
    endpoints = (
        ("GET", "/issues/{number}/comments", list_comments),
        ("POST", "/issues/{number}/comments", create_comment),
        ("PATCH", "/issues/comments/{comment_id}", update_comment),
    )
    return [
        TokenRoute(method, f"{prefix}{tail}", handler, "issues/comments")
        for prefix in PREFIXES
        for method, tail, handler in endpoints
    ]


def list_comments(request: ApiRequest[Token]) -> ApiResponse:
    """List the comments on a pull request, oldest first."""
    store = authorize_store(request)
    page, headers = request.paginate(store.list(request.path_id("number")))
    return ApiResponse(200, [render(comment, request) for comment in page], headers)


def create_comment(request: ApiRequest[Token]) -> ApiResponse:
    """Create a comment of the token's account."""
    store, body = authorize_store(request), read_string(request.body, "body", "IssueComment")
    author = request.world.author(find_login(request))
    comment = store.create(request.path_id("number"), author, body, request.world.now())
    return ApiResponse(201, render(comment, request))


def update_comment(request: ApiRequest[Token]) -> ApiResponse:
    """Replace the body of a comment; of somebody else's, too, with write access."""
    store, body = authorize_store(request), read_string(request.body, "body", "IssueComment")
    comment = store.find(request.path_id("comment_id"))
    authorize_edit(request, comment.author)
    return ApiResponse(200, render(store.update(comment, body, request.world.now()), request))


def authorize_store(request: ApiRequest[Token]) -> CommentStore:
    """Authorize access to the comments of the repository in the path, and find them."""
    return request.world.comment_store(authorize_access(request, PERMISSIONS).id)


def render(comment: Comment, request: ApiRequest[Token]) -> JsonObject:
    """`issue-comment`: a comment with its author."""
    repository = request.path.partition("/issues/")[0]
    url, html = f"{request.base_url}{repository}/issues", f"{WEB}{repository}/pull"
    return {
        **id_fields("IC", comment.id),
        "url": f"{url}/comments/{comment.id}",
        "html_url": f"{html}/{comment.number}#issuecomment-{comment.id}",
        "issue_url": f"{url}/{comment.number}",
        "body": comment.body,
        "user": simple_user(comment.author, request.base_url),
        "author_association": "NONE",
        "created_at": format_time(comment.created_at),
        "updated_at": format_time(comment.updated_at),
    }
