"""Error responses of the API: status, message, body and headers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from github_sandbox.json_types import Json, JsonObject


class ApiError(Exception):
    """Raised by a handler to respond with an error: `status`, `message`, `errors`, `headers`."""

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

    def body(self, documentation_url: str) -> JsonObject:
        """Build the JSON body; `documentation_url` is the page of the endpoint."""
        body: JsonObject = {"message": self.message, **self.fields}
        if self.errors:
            body["errors"] = [dict(error) for error in self.errors]
        return {**body, "documentation_url": documentation_url, "status": str(self.status)}


def not_found() -> ApiError:
    """404: the resource does not exist or the token cannot see it; GitHub does not say which."""
    return ApiError(404, "Not Found")


def invalid(field: str, why: str, *, code: str = "invalid", resource: str = "Secret") -> ApiError:
    """422 for one field of the request body."""
    error: JsonObject = {"resource": resource, "field": field, "code": code, "message": why}
    return ApiError(422, f"Invalid request.\n\n{why}", errors=[error])
