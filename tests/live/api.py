"""Send requests to GitHub's API as they are, and return responses unchanged.

The Action has a client of its own. The checks do not use it, because they observe what it relies on.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from http import HTTPStatus
from typing import Any

import requests
from nacl.public import PublicKey, SealedBox
from requests.utils import parse_header_links

TIMEOUT_SECONDS = 30
# Source: "Best practices for using the REST API", docs.github.com: a second between writes, and a
# minute after a limit for which GitHub names no time.
PAUSE_SECONDS = 1
LIMIT_SECONDS = 60
MAX_TRIES = 10


class Api:
    """Sends requests with one token, without redirects.

    `wait` is called with the seconds of each pause.
    """

    def __init__(self, url: str, token: str, wait: Callable[[float], None]) -> None:
        self.url = url
        self.wait = wait
        self._session = requests.Session()
        self._session.headers["Authorization"] = f"Bearer {token}"
        self._session.headers["Accept"] = "application/vnd.github+json"
        self._session.headers["X-GitHub-Api-Version"] = "2022-11-28"

    def send_once(self, method: str, path: str, body: Any = None) -> requests.Response:
        """Send a request at once, and return any response."""
        return self._session.request(
            method, self.url + path, json=body, allow_redirects=False, timeout=TIMEOUT_SECONDS
        )

    def send(self, method: str, path: str, body: Any = None) -> requests.Response:
        """Send a request; pause before a write, and send it again after a rate limit."""
        for _ in range(MAX_TRIES):
            if method != "GET":
                self.wait(PAUSE_SECONDS)
            response = self.send_once(method, path, body)
            if not is_limited(response):
                break
            self.wait(float(response.headers.get("Retry-After", LIMIT_SECONDS)))
        return response

    def get(self, path: str) -> requests.Response:
        """Send a GET."""
        return self.send("GET", path)

    def read(self, path: str) -> Any:
        """Read the JSON of a resource.

        Raises:
            requests.HTTPError: GitHub does not return it.
        """
        return succeeded(self.get(path)).json()

    def pages(self, path: str) -> Iterator[Any]:
        """Read the JSON of each page of a list."""
        url = f"{path}?per_page=100"
        while url:
            response = succeeded(self.get(url))
            yield response.json()
            links = parse_header_links(response.headers.get("Link", ""))
            following = [link["url"] for link in links if link.get("rel") == "next"]
            url = following[0].removeprefix(self.url) if following else ""

    def seal(self, secrets: str, value: bytes) -> dict[str, str]:
        """Seal a value for a scope; the fields of a body. `secrets` is the path of its secrets."""
        key = self.read(f"{secrets}/public-key")
        box = SealedBox(PublicKey(base64.b64decode(key["key"]))).encrypt(value)
        return {"encrypted_value": base64.b64encode(box).decode(), "key_id": key["key_id"]}


def is_limited(response: requests.Response) -> bool:
    """Whether a response is that of a rate limit."""
    if response.status_code == HTTPStatus.TOO_MANY_REQUESTS:
        return True
    text = response.text if response.status_code == HTTPStatus.FORBIDDEN else ""
    return "Retry-After" in response.headers or "rate limit" in text


def succeeded(response: requests.Response) -> requests.Response:
    """Return the response of a request that succeeded.

    Raises:
        requests.HTTPError: it failed. The message has the method, the URL, and GitHub's message.
    """
    if response.status_code >= HTTPStatus.MULTIPLE_CHOICES:
        request, message = response.request, response.text[:200]
        error = f"{request.method} {request.url}: {response.status_code} {message}"
        raise requests.HTTPError(error, response=response)
    return response
