"""Alterations of GitHub's responses: of the body by its schema, of the headers, of the status."""

from __future__ import annotations

import copy
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import Any, Literal

from aiohttp import web
from hypothesis import strategies as st

from fuzz.mutations import junk, numbers, pieces
from fuzz.openapi import Node, find_schema, walk

# What is changed: a value of the body, or the whole response. The first ones break GitHub's schema.
BREAKS_SCHEMA = ("missing", "null", "type", "enum", "date")
# These change the whole response, the others a value of its body.
WHOLE = ("text", "headers", "status")
KINDS = (
    *BREAKS_SCHEMA,
    *("junk", "extra", "empty", "double", "count", "time"),
    *WHOLE,
)
WRONG_TYPES: tuple[Any, ...] = ({}, [], "text", 1.5, True, 7, {"a": []}, ["a"])
TIMES = (
    *("0001-01-01T00:00:00+23:59", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"),
    *("9999-12-31T23:59:59-23:59", "1969-12-31T23:59:59Z", "2026-02-30T00:00:00Z", "2026-01-01"),
)
TEXTS = (
    *("", " ", "null", "[]", "{}", "0", '"text"', "[[]]", "{", "<html>Unicorn!</html>", "\ufeff{}"),
    *("[" * 100_000, '{"a":' * 5_000, "1" * 5_000, '{"total_count": 1e999}', "NaN", "\0"),
)
LINKS = (
    *("<{url}?page=2>; rel=next", '<{url}>; rel="next"', '<{other}/a?page=2>; rel="next"'),
    *('<{other}>; rel="last"', '<{url}?page=99999>; rel="last"', '<{url}?page=3>; rel="last"'),
    *(
        '<>; rel="next"',
        'rel="next"',
        '<http://[>; rel="next"',
        "<",
        ",;,",
        '<{url}?page=x>; rel="last"',
    ),
    *(f'<{{url}}?page={"9" * 5000}>; rel="last"', '</a>; rel="next"', '<//x/y>; rel="next"'),
)
HEADERS: Sequence[tuple[str, Sequence[str]]] = (
    ("Link", LINKS),
    ("Date", ("", "yesterday", "Fri, 31 Dec 9999 23:59:59 GMT", "Mon, 01 Jan 0001 00:00:00 +2359")),
    ("Content-Type", ("", "text/html", "application/json; charset=utf-16", "a/b/c; charset=x")),
    ("x-github-sso", ("partial-results; organizations=1", "required; url={other}", "x")),
    (
        "github-authentication-token-expiration",
        ("", "0001-01-01 00:00:00 +2359", "9999-12-31 23:59:59 -2359"),
    ),
    ("x-accepted-github-permissions", ("", "a=b;c", "::error::x", "`</details>`")),
    ("x-ratelimit-remaining", ("x", "-1", "9" * 400)),
    ("x-ratelimit-reset", ("x", "-1", "9" * 400)),
    (
        "Location",
        ("{other}/x", "{url}", "/", "/repositories/1", "/repositories/" + "9" * 30, "http://["),
    ),
)
STATUSES = (
    *(201, 202, 204, 206, 226, 301, 302, 304, 307, 308, 400, 401, 403, 404, 405, 409, 410, 412),
    *(415, 418, 422, 451, 500, 502, 503, 504, 599, 600, 999),
)
ERRORS: tuple[Any, ...] = (
    {"message": "Not Found", "documentation_url": "https://docs.github.com", "status": "404"},
    {"message": "Validation Failed", "errors": [{"code": "invalid", "field": 7}, "x", None]},
    *({"message": None}, {"message": ["x"]}, {"errors": {}}, [], "text", None, 7),
    {"message": "::error::x\r\n##[error]y</details>`|"},
)
Times = Literal["all", "first", "later"]


@dataclass
class Alteration:
    """One change of the responses of one endpoint.

    `place` chooses the value of the body, `value` is put there. `times`: of each path, the first
    response, the later ones, or all. `counts` is how often each path was requested.
    """

    kind: str
    endpoint: int
    place: int
    value: Any
    times: Times
    applied: int = 0
    counts: dict[str, int] = field(default_factory=dict)
    lock: Lock = field(default_factory=Lock, repr=False)

    @property
    def breaks_schema(self) -> bool:
        """Whether the responses do not match GitHub's OpenAPI."""
        return self.kind in BREAKS_SCHEMA

    @property
    def whole(self) -> bool:
        """Whether the whole response changes, so that it needs no body."""
        return self.kind in WHOLE

    def applies(self, path: str) -> bool:
        """Count a request of the endpoint, and say whether to change its response."""
        with self.lock:
            self.counts[path] = self.counts.get(path, 0) + 1
            first = self.counts[path] == 1
        return self.times == "all" or first == (self.times == "first")

    def apply(self, path: str, response: web.StreamResponse, url: str, other: str) -> web.Response:
        """The response to send instead. `url` is of the request, `other` another server."""
        assert isinstance(response, web.Response)
        body = response.body if isinstance(response.body, bytes) else b""
        names = {"url": url, "other": other}
        status, headers = response.status, {"Content-Type": "application/json"}
        link = response.headers.get("Link")
        headers |= {"Link": link} if link else {}
        if self.kind == "headers":
            headers |= {name: _fill(text, names) for name, text in self.value}
        elif self.kind == "status":
            status, data, location = self.value
            body = json.dumps(data).encode()
            headers |= {"Location": _fill(location, names), "Retry-After": "0"}
        elif self.kind == "text":
            body = self.value.encode("utf-8", "surrogatepass")
        elif body:
            body = self._altered_body(path, json.loads(body))
        else:
            return response
        self.applied += 1
        return web.Response(status=status, body=body, headers=headers)

    def _altered_body(self, path: str, body: Any) -> bytes:
        """The body with a change of this kind, or of another one if it has no place for it."""
        nodes = list(walk(body, find_schema(path)))
        for kind in (self.kind, "missing", "junk"):
            self.kind = kind
            fitting = [node for node in nodes if self._fits(node)]
            if fitting:
                self._alter(fitting[self.place % len(fitting)])
                break
        return json.dumps(body).encode()

    def _fits(self, node: Node) -> bool:
        """Whether this kind of change can be made to a value."""
        old = node.container[node.key]
        fits: dict[str, bool] = {
            "missing": node.required,
            "null": bool(node.types) and "null" not in node.types,
            "type": not node.permits(self.value),
            "enum": bool(node.choices),
            "date": node.is_date,
            "time": node.is_date,
            "extra": isinstance(node.container, dict),
            "empty": isinstance(old, list),
            "double": isinstance(node.container, list),
            "count": bool(node.key == "total_count"),
        }
        return fits.get(self.kind, True)

    def _alter(self, node: Node) -> None:
        container, key = node.container, node.key
        if self.kind == "missing":
            del container[key]
        elif self.kind == "null":
            container[key] = None
        elif self.kind in {"enum", "date"}:
            container[key] = "neither of these"
        elif self.kind == "extra":
            container["another key"] = self.value
        elif self.kind == "empty":
            container[key] = []
        elif self.kind == "double":
            container.insert(key, copy.deepcopy(container[key]))
        elif self.kind == "count":
            container[key] += self.place % 5 - 2
        else:
            container[key] = self.value


def _fill(text: str, names: dict[str, str]) -> str:
    for name, value in names.items():
        text = text.replace(f"{{{name}}}", value)
    return text


_headers = st.sampled_from(HEADERS).flatmap(
    lambda one: st.tuples(st.just(one[0]), st.sampled_from(one[1]))
)
_VALUES: dict[str, st.SearchStrategy[Any]] = {
    "type": st.sampled_from(WRONG_TYPES),
    "time": st.sampled_from(TIMES),
    "headers": st.lists(_headers, min_size=1, max_size=3),
    "status": st.tuples(
        st.sampled_from(STATUSES),
        st.sampled_from(ERRORS),
        st.sampled_from(["{other}/x", "{url}", "/repositories/1", "", "http://["]),
    ),
    "text": st.sampled_from(TEXTS) | st.lists(pieces).map("".join),
}


@st.composite
def alterations(draw: st.DrawFn) -> Alteration:
    """One change of one endpoint."""
    kind = draw(st.sampled_from(KINDS))
    value = draw(_VALUES.get(kind, junk))
    times: Times = draw(st.sampled_from(["all", "all", "first", "later"]))
    return Alteration(kind, draw(numbers), draw(numbers), value, times)
