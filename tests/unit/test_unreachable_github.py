"""Where GitHub gives no answer, the message names the host and the cause."""

from __future__ import annotations

import socket

import pytest
import requests

from codespaces_registry_secrets.github.errors import connection_error
from codespaces_registry_secrets.text.redaction import Redactor


def message(url: str, proxy: str | None = None) -> str:
    """What a request to `url` that fails is told as."""
    with requests.Session() as session:
        session.trust_env = False
        with pytest.raises(requests.RequestException) as caught:
            session.get(url, timeout=5, proxies={"http": proxy} if proxy else {})
    return str(connection_error(caught.value, Redactor(b"a secret")))


def closed_port() -> int:
    """A port of this machine that nobody listens at."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        port: int = server.getsockname()[1]
    return port


def test_a_host_that_does_not_resolve_is_named() -> None:
    """To run again would not help, so nobody is told to."""
    assert message("http://api.octocorp.invalid/user") == (
        "api.octocorp.invalid does not resolve; check the input `api-url` and the runner's network"
    )


def test_a_connection_that_is_refused_is_told_with_its_cause() -> None:
    """The system's words, and none of the libraries' own."""
    assert message(f"http://127.0.0.1:{closed_port()}/user") == (
        "could not connect to 127.0.0.1: Connection refused. It is safe to re-run."
    )


@pytest.mark.parametrize("proxy", ["127.0.0.1", "proxy.invalid"])
def test_a_proxy_that_does_not_answer_is_told_from_the_host(proxy: str) -> None:
    """It is not the host that does not resolve."""
    found = message("http://api.github.com/user", f"http://{proxy}:{closed_port()}")

    assert found.startswith(
        "could not connect to api.github.com through the proxy of the environment: "
    )


def test_an_answer_that_breaks_off_does_not_tell_the_host() -> None:
    """`requests` does not say which request it was."""
    error = requests.exceptions.ChunkedEncodingError("Connection broken")

    assert str(connection_error(error, Redactor(b"a secret"))) == (
        "could not connect to GitHub: Connection broken. It is safe to re-run."
    )
