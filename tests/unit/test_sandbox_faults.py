"""Faults, latency and rate limits that a test injects into the sandbox."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from contract.sandbox_client import OWNER_TOKEN, PREFIXES, Client, client_of
from github_sandbox import Exchange, Fault, Sandbox, World

ORG, REPO = PREFIXES["organization"], PREFIXES["repository"]
TARGET = "repository:octo-org/api"


def put(client: Client, name: str = "A") -> int:
    """Write a repository's secret; return the status."""
    return client.put(f"{REPO}/{name}", client.sealed(REPO, b"v")).status_code


def statuses(client: Client, times: int) -> list[int]:
    """Send the same request several times; return the statuses."""
    return [client.get("/user").status_code for _ in range(times)]


def test_a_fault_before_the_handler_prevents_the_write(
    sandbox: Sandbox, client: Client, world: World
) -> None:
    """The response is an error and nothing is stored; the next request passes."""
    sandbox.fail(Fault("PUT"))
    assert put(client) == 500
    assert world.secrets(TARGET) == {}
    assert put(client) == 201


def test_a_fault_after_the_handler_keeps_the_write(
    sandbox: Sandbox, client: Client, world: World
) -> None:
    """The response is an error, but the secret is stored."""
    sandbox.fail(Fault("PUT", status=502, when="after"))
    assert put(client) == 502
    assert world.secrets(TARGET)["A"].value == b"v"
    assert put(client) == 204


@pytest.mark.parametrize(("when", "stored"), [("before", False), ("after", True)])
def test_a_dropped_connection_gives_no_response(
    sandbox: Sandbox, client: Client, world: World, when: str, stored: bool
) -> None:
    """The client gets a connection error, whether or not the write was handled."""
    sandbox.fail(Fault("PUT", drop=True, when="after" if when == "after" else "before"))
    body = client.sealed(REPO, b"v")
    with pytest.raises(requests.ConnectionError):
        client.put(f"{REPO}/A", body)
    assert ("A" in world.secrets(TARGET)) is stored
    assert sandbox.exchanges[-1].status is None
    assert client.put(f"{REPO}/A", body).status_code in (201, 204)


def test_a_response_can_be_truncated(sandbox: Sandbox, client: Client) -> None:
    """The client gets the headers and half of the body, then the connection is closed."""
    sandbox.fail(Fault(status=None, tear=True))
    with pytest.raises(requests.exceptions.ChunkedEncodingError, match="more expected"):
        client.get("/user")
    assert sandbox.exchanges[-1].status == 200
    assert client.get("/user").json()["login"] == "octocat"


def test_a_truncated_response_without_a_body_drops_the_connection(
    sandbox: Sandbox, client: Client, world: World
) -> None:
    """The write is handled."""
    put(client)
    sandbox.fail(Fault("DELETE", status=None, tear=True))
    with pytest.raises(requests.ConnectionError):
        client.delete(f"{REPO}/A")
    assert world.secrets(TARGET) == {}


def test_a_fault_affects_the_nth_request_and_times_in_all(sandbox: Sandbox, client: Client) -> None:
    """Requests are counted from the moment the fault is injected."""
    statuses(client, 3)
    sandbox.fail(Fault(nth=2, times=2))
    assert statuses(client, 5) == [200, 500, 500, 200, 200]


def test_a_fault_without_times_lasts_until_cleared(sandbox: Sandbox, client: Client) -> None:
    """`times=None` lasts until `clear_faults`."""
    sandbox.fail(Fault(nth=2, times=None, status=503))
    assert statuses(client, 4) == [200, 503, 503, 503]
    sandbox.clear_faults()
    assert statuses(client, 2) == [200, 200]


def test_a_fault_can_affect_the_first_attempt_of_each_request(
    sandbox: Sandbox, client: Client
) -> None:
    """Attempts are counted by method and path; the count restarts after a success."""
    sandbox.fail(Fault(each=True))
    paths = ["/user", "/user", "/users/hubot", "/user", "/users/hubot", "/user"]
    assert [client.get(path).status_code for path in paths] == [500, 200, 500, 500, 200, 200]


def test_a_fault_picks_its_requests(sandbox: Sandbox, client: Client) -> None:
    """By method and by a pattern in the path with its query; other requests are not counted."""
    sandbox.fail(Fault("GET", path=r"/api/codespaces/secrets\?page=2$", nth=2))
    paths = [f"{REPO}?page=2", REPO, f"{ORG}?page=2", f"{REPO}?page=2", f"{REPO}?page=2"]
    assert [client.get(path).status_code for path in paths] == [200, 200, 200, 500, 200]
    sandbox.fail(Fault("PUT", path="public-key"))
    assert client.get(f"{REPO}/public-key").status_code == 200


def test_two_faults_count_requests_independently(sandbox: Sandbox, client: Client) -> None:
    """The first one to affect a request is used; both count the request."""
    sandbox.fail(Fault(nth=1, status=500))
    sandbox.fail(Fault(nth=2, status=502))
    assert statuses(client, 3) == [500, 502, 200]


def test_a_fault_sets_status_headers_and_body(sandbox: Sandbox, client: Client) -> None:
    """Without a body, the response has GitHub's error body."""
    sandbox.fail(Fault(status=403, headers={"x-ratelimit-remaining": "0"}, body="<html>"))
    response = client.get("/user")
    assert (response.status_code, response.text) == (403, "<html>")
    assert response.headers["x-ratelimit-remaining"] == "0"
    sandbox.fail(Fault(status=504))
    assert client.get("/user").json()["status"] == "504"


def test_a_fault_without_a_status_keeps_the_real_response(sandbox: Sandbox, client: Client) -> None:
    """Its headers are added to the real response."""
    sandbox.fail(Fault(status=None, headers={"x-github-sso": "partial-results; organizations=1"}))
    response = client.get("/user")
    assert response.json()["login"] == "octocat"
    assert response.headers["x-github-sso"] == "partial-results; organizations=1"


def test_a_fault_can_only_delay(sandbox: Sandbox, client: Client) -> None:
    """The real response comes after the delay."""
    sandbox.fail(Fault(status=None, delay=0.15))
    began = time.monotonic()
    assert statuses(client, 1) == [200]
    assert time.monotonic() - began >= 0.15


def test_a_write_is_handled_after_the_client_disconnects(
    sandbox: Sandbox, client: Client, world: World
) -> None:
    """The request has arrived, and is handled after the delay."""
    body = client.sealed(REPO, b"v")
    sandbox.fail(Fault("PUT", status=None, delay=0.3))
    with pytest.raises(requests.ReadTimeout):
        client.session.put(f"{client.url}{REPO}/A", json=body, timeout=0.1)
    assert world.secrets(TARGET) == {}
    time.sleep(0.4)
    assert world.secrets(TARGET)["A"].value == b"v"


def test_latency_is_concurrent(world: World) -> None:
    """Twenty concurrent requests take as long as one."""
    with Sandbox(world, latency=0.1) as sandbox, ThreadPoolExecutor(20) as pool:
        began = time.monotonic()
        responses = list(pool.map(lambda _: get_user_status(sandbox), range(20)))
        took = time.monotonic() - began
    assert responses == [200] * 20
    assert 0.1 <= took < 1.5


def get_user_status(sandbox: Sandbox) -> int:
    """Send one request on a new connection."""
    with client_of(sandbox) as client:
        return client.get("/user").status_code


def test_concurrent_writes_are_all_stored(sandbox: Sandbox, world: World) -> None:
    """Twenty clients add one repository each to a list; none is lost."""
    world.put_secret("organization:octo-org", "A", b"v", visibility="selected")
    ids = [world.add_repository(f"octo-org/r-{number}").id for number in range(20)]
    with ThreadPoolExecutor(20) as pool:
        list(pool.map(lambda repository_id: add_to_list(sandbox, repository_id), ids))
    assert len(world.secrets("organization:octo-org")["A"].repositories) == 20


def add_to_list(sandbox: Sandbox, repository_id: int) -> None:
    """Add a repository to the list of `A`, on a new connection."""
    with client_of(sandbox) as client:
        assert client.put(f"{ORG}/A/repositories/{repository_id}").status_code == 204


@pytest.mark.parametrize("status", [403, 429])
def test_the_write_limit_rejects_writes_with_a_retry_after(
    sandbox: Sandbox, client: Client, world: World, status: int
) -> None:
    """Over the limit nothing is stored and reads pass; after the wait, writes pass again."""
    sandbox.limit_writes(2, per=1.0, status=status)
    body = client.sealed(REPO, b"v")
    responses = [client.put(f"{REPO}/S_{number}", body) for number in range(3)]
    assert [response.status_code for response in responses] == [201, 201, status]
    assert "secondary rate limit" in responses[2].json()["message"]
    assert responses[2].headers["retry-after"] == "1"
    assert client.get(REPO).json()["total_count"] == 2
    time.sleep(1.0)
    assert client.put(f"{REPO}/S_2", body).status_code == 201
    assert len(world.secrets(TARGET)) == 3


def test_clearing_faults_removes_the_write_limit(sandbox: Sandbox, client: Client) -> None:
    """A write beyond the limit is rejected until the limit is removed."""
    sandbox.limit_writes(1, per=60.0)
    assert [put(client), put(client)] == [201, 403]
    sandbox.clear_faults()
    assert put(client) == 204


def test_every_response_has_the_primary_rate_limit(sandbox: Sandbox, client: Client) -> None:
    """The remaining requests decrease with every response, also with errors."""
    first, second = client.get("/user"), client.get("/nope")
    remaining = [int(response.headers["x-ratelimit-remaining"]) for response in (first, second)]
    assert remaining[0] - remaining[1] == 1
    assert int(second.headers["x-ratelimit-reset"]) > time.time()
    assert second.headers["x-ratelimit-resource"] == "core"


def test_exchanges_are_recorded(sandbox: Sandbox, client: Client) -> None:
    """With method, path, query, body, kind of token and status."""
    body = client.sealed(REPO, b"v")
    client.put(f"{REPO}/A", body)
    client.get(f"{REPO}?page=2")
    *_, write, read = sandbox.exchanges
    assert sandbox.writes == [write]
    assert (write.method, write.path, write.status) == ("PUT", f"{REPO}/A", 201)
    assert (write.body, write.query, write.token_kind) == (body, {}, "classic")
    assert (read.method, read.query, read.body) == ("GET", {"page": "2"}, None)
    assert write.began <= write.ended <= read.began
    sandbox.clear_exchanges()
    assert sandbox.exchanges == []


def test_exchanges_contain_no_credentials(sandbox: Sandbox, client: Client) -> None:
    """Neither a known token nor an unknown one."""
    client.get("/user")
    with client_of(sandbox, "ghp_unknown") as stranger:
        stranger.get("/user")
    known, unknown = sandbox.exchanges
    assert (known.token_kind, unknown.token_kind) == ("classic", None)
    assert OWNER_TOKEN not in repr(known)
    assert "ghp_unknown" not in repr(unknown)
    assert isinstance(known, Exchange)
