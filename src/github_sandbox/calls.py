"""One request as a handler sees it, and what a handler gives back."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeAlias, TypeVar
from urllib.parse import urlencode

from github_sandbox.json_types import Body, Json
from github_sandbox.keyring import App, Token
from github_sandbox.refusals import Refusal
from github_sandbox.world import World

Caller = TypeVar("Caller", Token, App)
Item = TypeVar("Item")

PER_PAGE_DEFAULT = 30
PER_PAGE_MAXIMUM = 100


@dataclass(frozen=True)
class Answer:
    """A status, a JSON body if there is one, and headers."""

    status: int
    body: Json = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Call(Generic[Caller]):
    """A request: who asks, for what, with which parsed JSON body.

    `params` are the parts of the path, `base` is the scheme and host that the API was reached at.
    """

    world: World
    caller: Caller
    method: str
    base: str
    path: str
    params: Mapping[str, str]
    query: Mapping[str, str]
    json: Json

    @property
    def url(self) -> str:
        """The URL of the request without its query."""
        return f"{self.base}{self.path}"

    @property
    def body(self) -> Mapping[str, Json]:
        """The body of a write, which must be an object; no body counts as an empty one."""
        if self.json is None:
            return {}
        if not isinstance(self.json, Mapping):
            raise Refusal(400, "Body should be a JSON object")
        return self.json

    def number(self, name: str) -> int:
        """An id in the path; 0, which is nobody's, for noise."""
        text = self.params[name]
        return int(text) if text.isascii() and text.isdigit() else 0

    def page_of(self, items: Sequence[Item]) -> tuple[Sequence[Item], dict[str, str]]:
        """The page of `items` that was asked for, and its `Link` header if there are several."""
        most = min(PER_PAGE_MAXIMUM, self.world.most_per_page)
        per_page = min(self._positive("per_page", PER_PAGE_DEFAULT), most)
        page, last = self._positive("page", 1), max(1, -(-len(items) // per_page))
        neighbours = {"prev": page - 1, "next": page + 1, "last": last, "first": 1}
        if page >= last:
            del neighbours["next"], neighbours["last"]
        if page == 1:
            del neighbours["prev"], neighbours["first"]
        links = [self._link(rel, number, per_page) for rel, number in neighbours.items()]
        shown = items[(page - 1) * per_page : page * per_page]
        return shown, {"Link": ", ".join(links)} if links else {}

    def _positive(self, name: str, default: int) -> int:
        text = self.query.get(name, "")
        return max(1, int(text)) if text.isascii() and text.isdigit() else default

    def _link(self, rel: str, page: int, per_page: int) -> str:
        query = {**self.query, "per_page": str(per_page), "page": str(page)}
        return f'<{self.url}?{urlencode(query)}>; rel="{rel}"'


@dataclass(frozen=True)
class Route(Generic[Caller]):
    """One endpoint: `path` is a pattern of aiohttp, `docs` its page below docs.github.com/rest."""

    method: str
    path: str
    handler: Callable[[Call[Caller]], Answer]
    docs: str


TokenRoute: TypeAlias = Route[Token]
AppRoute: TypeAlias = Route[App]


def page(call: Call[Token], name: str, items: Sequence[Body], total: int) -> Answer:
    """A page of a counted list: `{"total_count": …, name: […]}`."""
    shown, headers = call.page_of(items)
    return Answer(200, {"total_count": total, name: list(shown)}, headers)
