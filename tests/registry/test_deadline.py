"""A login ends within its time limit, however slow the server is."""

from __future__ import annotations

import socket
import time
from base64 import b64encode
from threading import Event, current_thread
from threading import enumerate as threads
from typing import Any

import pytest
from aiohttp import web

from busy_machine import stretched
from codespaces_registry_secrets.verify.deadline import run_within
from registry.attacks import (
    Attack,
    Attacker,
    dribbled_chunk_extension,
    dribbled_header,
    endless_continue,
)
from registry.certificate_authority import CertificateAuthority
from registry.conftest import Login, Serve
from registry.scripted_server import challenging

ME = ("me", "the-secret-of-mine")
ECR = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"
KEY = ("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
SECONDS = 0.5


@pytest.mark.parametrize("attack", [dribbled_header, endless_continue, dribbled_chunk_extension])
@pytest.mark.parametrize("tls", [False, True], ids=["plain", "tls"])
def test_a_registry_that_keeps_the_login_waiting(
    login: Login, certificate_authority: CertificateAuthority, attack: Attack, tls: bool
) -> None:
    """The result comes in time, and the connection and its thread end."""
    context = certificate_authority.certify("localhost").context() if tls else None
    with Attacker(attack, context) as attacker:
        before = set(threads())
        began = time.monotonic()
        result = login(attacker.host, *ME, seconds=SECONDS)
        assert time.monotonic() - began < stretched(SECONDS + 1)
        assert attacker.gone.wait(5)
        for thread in set(threads()) - before:
            thread.join(5)
            assert not thread.is_alive()
    assert result.status == "unreachable"
    assert result.message == (
        f"the login at {attacker.host} did not finish within 0.5 s and was stopped; check that this "
        "is the registry, or run again later"
    )


def test_a_token_server_that_keeps_the_login_waiting(serve: Serve, login: Login) -> None:
    """The limit applies to all requests of a login together."""

    async def respond(request: web.Request) -> web.StreamResponse:
        return challenging(f'Bearer realm="http://{attacker.host}/token"')

    with Attacker(dribbled_header) as attacker:
        result = login(serve(respond).host, *ME, seconds=SECONDS)
        assert attacker.gone.wait(5)
    assert result.status == "unreachable"
    assert "did not finish within 0.5 s" in result.message


def test_an_exchange_at_aws_that_keeps_the_login_waiting(login: Login) -> None:
    """It counts as a part of the login."""
    with Attacker(dribbled_header) as attacker:
        endpoint = f"http://{attacker.host}"
        result = login(ECR, *KEY, ecr_endpoint=endpoint, seconds=SECONDS)
        assert attacker.gone.wait(5)
    assert result.status == "unreachable"
    assert f"the login at {ECR} did not finish within 0.5 s" in result.message


def test_a_name_that_takes_long_to_resolve(
    serve: Serve, login: Login, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Resolving cannot be interrupted; if the address is late, no request is sent."""
    resolve, resolved = socket.getaddrinfo, Event()

    def slowly(host: Any, *arguments: Any, **options: Any) -> Any:
        if host == "slow.test":
            resolved.wait(10)
            host = "127.0.0.1"
        return resolve(host, *arguments, **options)

    monkeypatch.setattr(socket, "getaddrinfo", slowly)
    with socket.create_server(("127.0.0.1", 0)) as server:
        before = set(threads())
        result = login(f"slow.test:{server.getsockname()[1]}", *ME, seconds=SECONDS)
        resolved.set()
        connection, _ = server.accept()
        with connection:
            assert connection.recv(65536) == b""
        for thread in set(threads()) - before:
            thread.join(5)
    assert result.status == "unreachable"
    assert "did not finish within 0.5 s" in result.message


def test_many_quick_requests_are_one_login(serve: Serve, login: Login) -> None:
    """The limit applies to their sum."""

    async def respond(request: web.Request) -> web.StreamResponse:
        time.sleep(0.2)  # noqa: ASYNC251 - the server has only this request
        return web.json_response({})

    images = [f"team/image-{number}" for number in range(50)]
    assert login(serve(respond).host, *ME, *images, seconds=SECONDS).status == "unreachable"


def test_an_error_in_the_thread_of_a_login_is_raised() -> None:
    """In the thread that waits for the result."""

    def fail(_: object) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        run_within(5, fail)


def test_a_login_that_is_given_up_does_not_keep_the_process_alive() -> None:
    """Its thread ends with the process."""
    assert run_within(5.0, lambda _: current_thread().daemon) is True


def test_a_fast_login_is_not_interrupted(serve: Serve, login: Login) -> None:
    """All of its requests arrive."""
    pair = b64encode(":".join(ME).encode()).decode()

    async def respond(request: web.Request) -> web.StreamResponse:
        authenticated = request.headers.get("Authorization") == f"Basic {pair}"
        return web.json_response({}) if authenticated else challenging('Basic realm="x"')

    server = serve(respond)
    assert login(server.host, *ME, "team/devbox", seconds=30).status == "accepted"
    assert [request.method for request in server.requests] == ["GET", "GET", "HEAD"]
