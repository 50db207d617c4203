"""Read the event that started the workflow: its pull request, and who can read its log.

Source: "Webhook events and payloads", docs.github.com. The payload is a file of the runner.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError


@dataclass(frozen=True)
class Event:
    """What the Action uses of an event.

    `pull_request` is the number of the pull request, or None if the event has none. `from_fork`
    says whether its branch belongs to another repository. `public` says whether everybody can read
    the log of the workflow.
    """

    pull_request: int | None = None
    from_fork: bool = False
    public: bool = False


class _Payload(BaseModel):
    model_config = ConfigDict(extra="ignore")


class _Repository(_Payload):
    id: int | None = None
    private: bool | None = None
    visibility: str | None = None


class _Branch(_Payload):
    repo: _Repository | None = None  # GitHub sends null for the branch of a deleted fork


class _PullRequest(_Payload):
    number: int
    head: _Branch = _Branch()
    base: _Branch = _Branch()


class _Issue(_Payload):
    number: int
    pull_request: object = None  # only a pull request has it


class _EventPayload(_Payload):
    repository: _Repository = _Repository()
    pull_request: _PullRequest | None = None
    issue: _Issue | None = None


def read_event(path: Path | None) -> Event:
    """Read the payload. Outside of a workflow there is no `path`, and no log that others can read.

    A payload that does not tell the visibility of the repository counts as one of a public one.
    """
    if path is None:
        return Event()
    try:
        payload = _EventPayload.model_validate_json(path.read_bytes())
    except (OSError, ValidationError):
        return Event(public=True)
    return Event(
        pull_request=_number(payload),
        from_fork=_is_from_fork(payload.pull_request),
        public=_is_public(payload.repository),
    )


def _number(payload: _EventPayload) -> int | None:
    if payload.pull_request:
        return payload.pull_request.number
    is_pull_request = payload.issue and payload.issue.pull_request
    return payload.issue.number if payload.issue and is_pull_request else None


def _is_from_fork(pull_request: _PullRequest | None) -> bool:
    if pull_request is None:
        return False
    head, base = pull_request.head.repo, pull_request.base.repo
    return base is not None and (head is None or head.id != base.id)


def _is_public(repository: _Repository) -> bool:
    if repository.visibility:
        return repository.visibility == "public"
    return repository.private is not True
