"""How GitHub says no: the statuses, the messages and the headers that go with them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from github_sandbox.json_types import Json


class Refusal(Exception):  # noqa: N818 - an answer of the API, not a fault of the program
    """A request that is answered with an error: `status`, `message`, `errors`, `headers`."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        errors: Sequence[Mapping[str, Json]] = (),
        headers: Mapping[str, str] | None = None,
        fields: Mapping[str, Json] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.errors = tuple(errors)
        self.headers = dict(headers or {})
        self.fields = dict(fields or {})

    def body(self, documentation: str) -> dict[str, Json]:
        """The error body; `documentation` is the page of the endpoint."""
        body: dict[str, Json] = {"message": self.message, **self.fields}
        if self.errors:
            body["errors"] = [dict(error) for error in self.errors]
        return {**body, "documentation_url": documentation, "status": str(self.status)}


def not_found() -> Refusal:
    """404: absent, or hidden from this token; GitHub does not tell which."""
    return Refusal(404, "Not Found")


def invalid(field: str, why: str, *, code: str = "invalid", resource: str = "Secret") -> Refusal:
    """422 about one field of a body."""
    error: dict[str, Json] = {"resource": resource, "field": field, "code": code, "message": why}
    return Refusal(422, f"Invalid request.\n\n{why}", errors=[error])
