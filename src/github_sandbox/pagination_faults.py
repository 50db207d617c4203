"""Lists whose pages repeat, to test that a client detects it."""

from __future__ import annotations

from aiohttp import web
from aiohttp.typedefs import Handler

from github_sandbox.faults import Repeat


async def serve_repeated_page(
    repeat: Repeat, request: web.Request, handler: Handler
) -> web.StreamResponse:
    """Respond with a page whose items or `Link` header are wrong.

    `itself`: the page links to itself as the next one. `items`: it has the items of the previous
    page. `forever`: every page has the items of the first page and links to one more.
    """
    page = int(request.query.get("page", "1"))
    source_page = {"itself": page, "items": max(1, page - 1), "forever": 1}[repeat]
    response = await handler(request)
    source_url = request.rel_url.update_query(page=str(source_page))
    source = await handler(request.clone(rel_url=source_url))
    if isinstance(response, web.Response) and isinstance(source, web.Response):
        response.body = source.body
    next_page = {"itself": page, "items": None, "forever": page + 1}[repeat]
    if next_page is not None:
        url = request.url.update_query(page=str(next_page))
        response.headers["Link"] = f'<{url}>; rel="next"'
    return response
