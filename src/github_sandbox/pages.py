"""Lists whose pages repeat, which no list of GitHub's should."""

from __future__ import annotations

from aiohttp import web
from aiohttp.typedefs import Handler

from github_sandbox.faults import Repeat


async def repeated(how: Repeat, request: web.Request, handler: Handler) -> web.StreamResponse:
    """A page that is not what it should be.

    `itself`: the page says that it follows on itself. `items`: it has the items of the page before.
    `forever`: each page has the items of the first one, and says that there is one more.
    """
    page = int(request.query.get("page", "1"))
    shown = {"itself": page, "items": max(1, page - 1), "forever": 1}[how]
    answer = await handler(request)
    instead = await handler(request.clone(rel_url=request.rel_url.update_query(page=str(shown))))
    if isinstance(answer, web.Response) and isinstance(instead, web.Response):
        answer.body = instead.body
    following = {"itself": page, "items": None, "forever": page + 1}[how]
    if following is not None:
        url = request.url.update_query(page=str(following))
        answer.headers["Link"] = f'<{url}>; rel="next"'
    return answer
