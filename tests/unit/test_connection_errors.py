"""Errors of connections to GitHub: the message names the host and the cause."""

from __future__ import annotations

import socket

import pytest
import requests

from codespaces_registry_secrets.github.errors import connection_error
from codespaces_registry_secrets.text.redaction import Redactor


def message(url: str, proxy: str | None = None) -> str:
    """The message for a request to `url` that fails."""
    with requests.Session() as session:
        session.trust_env = False
        with pytest.raises(requests.RequestException) as caught:
            session.get(url, timeout=5, proxies={"http": proxy} if proxy else {})
    return str(connection_error(caught.value, Redactor(b"a secret")))


def closed_port() -> int:
    """A port of this machine on which no process listens."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        port: int = server.getsockname()[1]
    return port


def test_a_host_that_does_not_resolve_is_named() -> None:
    """The message does not advise to run again, because that cannot help."""
    assert message("http://api.octocorp.invalid/user") == (
        "api.octocorp.invalid does not resolve; check the input `api-url` and the runner's network"
    )


def test_a_refused_connection_is_reported_with_its_cause() -> None:
    """In the words of the operating system, not of the libraries."""
    assert message(f"http://127.0.0.1:{closed_port()}/user") == (
        "Could not connect to 127.0.0.1: Connection refused. It is safe to re-run."
    )


@pytest.mark.parametrize("proxy", ["127.0.0.1", "proxy.invalid"])
def test_an_unreachable_proxy_is_named_as_such(proxy: str) -> None:
    """If the proxy does not resolve, the message does not blame the host."""
    text = message("http://api.github.com/user", f"http://{proxy}:{closed_port()}")

    assert text.startswith("Could not connect to api.github.com through the configured proxy: ")


def test_a_response_that_breaks_off_names_no_host() -> None:
    """The error of `requests` does not have the request."""
    error = requests.exceptions.ChunkedEncodingError("Connection broken")

    assert str(connection_error(error, Redactor(b"a secret"))) == (
        "Could not connect to GitHub: Connection broken. It is safe to re-run."
    )
