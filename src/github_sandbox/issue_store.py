"""The issues and pull requests of one repository, which share their numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import count
from typing import Literal

from github_sandbox.accounts import Account
from github_sandbox.errors import ApiError, not_found

MAX_TITLE_CHARACTERS = 256
MAX_BODY_CHARACTERS = 65_536
State = Literal["open", "closed"]
_ids = count(7001)  # GitHub's ids of issues are unique across repositories


@dataclass(frozen=True)
class Issue:
    """An issue or a pull request. `state_reason` says why it was closed or opened again."""

    id: int
    number: int
    author: Account
    title: str
    body: str | None
    labels: tuple[str, ...]
    state: State
    state_reason: str | None
    is_pull_request: bool
    created_at: datetime
    updated_at: datetime
    closed_at: datetime | None = None


class IssueStore:
    """Issues and pull requests by number. `enabled` is the setting *Issues* of the repository."""

    def __init__(self) -> None:
        self.enabled = True
        self._issues: list[Issue] = []

    def list(self) -> list[Issue]:
        """All issues and pull requests, oldest first."""
        return list(self._issues)

    def find(self, number: int) -> Issue:
        """The issue or pull request with this number.

        Raises:
            ApiError: 404 if there is none.
        """
        if not 1 <= number <= len(self._issues):
            raise not_found()
        return self._issues[number - 1]

    def create(
        self,
        author: Account,
        title: str,
        body: str | None,
        now: datetime,
        *,
        labels: Sequence[str] = (),
        is_pull_request: bool = False,
    ) -> Issue:
        """Add an issue or a pull request.

        Raises:
            ApiError: 422 for an invalid title or body.
        """
        check_texts(title, body)
        number = len(self._issues) + 1
        names, kind = tuple(labels), is_pull_request
        issue = Issue(next(_ids), number, author, title, body, names, "open", None, kind, now, now)
        self._issues.append(issue)
        return issue

    def update(self, issue: Issue, now: datetime) -> Issue:
        """Replace an issue by this one with the same number; set its times.

        Raises:
            ApiError: 422 for an invalid title or body.
        """
        check_texts(issue.title, issue.body)
        old = self.find(issue.number)
        closed_at = old.closed_at or now if issue.state == "closed" else None
        self._issues[issue.number - 1] = replace(issue, updated_at=now, closed_at=closed_at)
        return self._issues[issue.number - 1]


def check_texts(title: str, body: str | None) -> None:
    """Raise 422 for an empty title, and for a title or a body that is too long."""
    if not title.strip():
        raise _invalid("title", "missing_field", "title can't be blank")
    if len(title) > MAX_TITLE_CHARACTERS:
        why = f"title is too long (maximum is {MAX_TITLE_CHARACTERS} characters)"
        raise _invalid("title", "custom", why)
    if len(body or "") > MAX_BODY_CHARACTERS:
        why = f"body is too long (maximum is {MAX_BODY_CHARACTERS} characters)"
        raise _invalid("body", "custom", why)


def _invalid(field: str, code: str, why: str) -> ApiError:
    error = {"resource": "Issue", "code": code, "field": field, "message": why}
    return ApiError(422, "Validation Failed", errors=[error])
