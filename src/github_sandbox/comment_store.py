"""The comments on the issues and pull requests of one repository."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from itertools import count

from github_sandbox.accounts import Account
from github_sandbox.errors import ApiError, not_found
from github_sandbox.issue_store import IssueStore

MAX_CHARACTERS = 65_536
_ids = count(5001)  # GitHub's ids of comments are unique across repositories


@dataclass(frozen=True)
class Comment:
    """A comment on the pull request with this number."""

    id: int
    number: int
    author: Account
    body: str
    created_at: datetime
    updated_at: datetime


class CommentStore:
    """Comments by id, on the issues and pull requests of `issues`."""

    def __init__(self, issues: IssueStore) -> None:
        self._issues = issues
        self._comments: dict[int, Comment] = {}

    def list(self, number: int) -> list[Comment]:
        """The comments on a pull request, oldest first.

        Raises:
            ApiError: 404 if there is no pull request with this number.
        """
        self._issues.find(number)
        return [comment for comment in self._comments.values() if comment.number == number]

    def find(self, comment_id: int) -> Comment:
        """The comment with this id.

        Raises:
            ApiError: 404 if there is none.
        """
        if comment_id not in self._comments:
            raise not_found()
        return self._comments[comment_id]

    def create(self, number: int, author: Account, body: str, now: datetime) -> Comment:
        """Add a comment.

        Raises:
            ApiError: 404 if there is no such pull request, 422 for an invalid body.
        """
        self.list(number)
        check_body(body)
        comment = Comment(next(_ids), number, author, body, now, now)
        self._comments[comment.id] = comment
        return comment

    def update(self, comment: Comment, body: str, now: datetime) -> Comment:
        """Replace the body of a comment.

        Raises:
            ApiError: 422 for an invalid body.
        """
        check_body(body)
        self._comments[comment.id] = replace(comment, body=body, updated_at=now)
        return self._comments[comment.id]


def check_body(body: str) -> None:
    """Raise 422 for an empty body, and for one that is too long."""
    why = "" if body.strip() else "Body can't be blank"
    if len(body) > MAX_CHARACTERS:
        why = f"Body is too long (maximum is {MAX_CHARACTERS} characters)"
    if why:
        error = {
            "resource": "IssueComment",
            "code": "unprocessable",
            "field": "data",
            "message": why,
        }
        raise ApiError(422, "Validation Failed", errors=[error])
