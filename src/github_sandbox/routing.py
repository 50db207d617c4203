"""What a handler takes and returns: `ApiRequest`, `ApiResponse`, and the `Route` to the handler."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeAlias, TypeVar
from urllib.parse import urlencode

from github_sandbox.errors import ApiError
from github_sandbox.json_types import Json, JsonObject
from github_sandbox.tokens import App, Token
from github_sandbox.world import World

Caller = TypeVar("Caller", Token, App)
Item = TypeVar("Item")


@dataclass(frozen=True)
class PageSize:
    """The items of a page without `per_page`, and at most."""

    default: int = 30
    maximum: int = 100


USUAL_PAGE_SIZE = PageSize()


@dataclass(frozen=True)
class ApiResponse:
    """A status, an optional JSON body, and headers."""

    status: int
    body: Json = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class ApiRequest(Generic[Caller]):
    """An authenticated request with its JSON body, parsed and raw.

    `caller` is the token or the App that authenticated. `params` are the parameters in the path,
    `base_url` is the scheme and host that the client used.
    """

    world: World
    caller: Caller
    method: str
    base_url: str
    path: str
    params: Mapping[str, str]
    query: Mapping[str, str]
    json: Json
    raw_body: bytes

    @property
    def url(self) -> str:
        """The URL of the request without its query."""
        return f"{self.base_url}{self.path}"

    @property
    def body(self) -> Mapping[str, Json]:
        """The JSON object of a write; empty if the request has no body.

        Raises:
            ApiError: 400 if the body is not an object.
        """
        if self.json is None:
            return {}
        if not isinstance(self.json, Mapping):
            raise ApiError(400, "Body should be a JSON object")
        return self.json

    def path_id(self, name: str) -> int:
        """An id in the path; 0, which no resource has, if it is not a number."""
        text = self.params[name]
        return int(text) if text.isascii() and text.isdigit() else 0

    def paginate(
        self, items: Sequence[Item], size: PageSize = USUAL_PAGE_SIZE
    ) -> tuple[Sequence[Item], dict[str, str]]:
        """Select the requested page of `items`, and build its `Link` header if there are more."""
        maximum = min(size.maximum, self.world.max_per_page)
        per_page = min(self._positive("per_page", size.default), maximum)
        page, last = self._positive("page", 1), max(1, -(-len(items) // per_page))
        relations = {"prev": page - 1, "next": page + 1, "last": last, "first": 1}
        if page >= last:
            del relations["next"], relations["last"]
        if page == 1:
            del relations["prev"], relations["first"]
        links = [self._link(relation, target, per_page) for relation, target in relations.items()]
        selected = items[(page - 1) * per_page : page * per_page]
        return selected, {"Link": ", ".join(links)} if links else {}

    def _positive(self, name: str, default: int) -> int:
        text = self.query.get(name, "")
        return max(1, int(text)) if text.isascii() and text.isdigit() else default

    def _link(self, relation: str, page: int, per_page: int) -> str:
        query = {**self.query, "per_page": str(per_page), "page": str(page)}
        return f'<{self.url}?{urlencode(query)}>; rel="{relation}"'


@dataclass(frozen=True)
class Route(Generic[Caller]):
    """One endpoint.

    `path` is an aiohttp path pattern, `docs` is the endpoint's page under docs.github.com/rest.
    """

    method: str
    path: str
    handler: Callable[[ApiRequest[Caller]], ApiResponse]
    docs: str


TokenRoute: TypeAlias = Route[Token]
AppRoute: TypeAlias = Route[App]


def counted_list_response(
    request: ApiRequest[Token],
    name: str,
    items: Sequence[JsonObject],
    total: int,
    size: PageSize = USUAL_PAGE_SIZE,
) -> ApiResponse:
    """Respond with a page of a counted list: `{"total_count": …, name: […]}`."""
    selected, headers = request.paginate(items, size)
    return ApiResponse(200, {"total_count": total, name: list(selected)}, headers)
