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
    """Write a repository's secret; the status."""
    return client.put(f"{REPO}/{name}", client.sealed(REPO, b"v")).status_code


def statuses(client: Client, times: int) -> list[int]:
    """What the same request is answered with, again and again."""
    return [client.get("/user").status_code for _ in range(times)]


def test_a_fault_before_carries_nothing_out(sandbox: Sandbox, client: Client, world: World) -> None:
    """The answer is an error and the secret is not there; the next request passes."""
    sandbox.fail(Fault("PUT"))
    assert put(client) == 500
    assert world.secrets(TARGET) == {}
    assert put(client) == 201


def test_a_fault_after_has_carried_it_out(sandbox: Sandbox, client: Client, world: World) -> None:
    """The answer is an error and the secret is there all the same."""
    sandbox.fail(Fault("PUT", status=502, when="after"))
    assert put(client) == 502
    assert world.secrets(TARGET)["A"].value == b"v"
    assert put(client) == 204


@pytest.mark.parametrize(("when", "stored"), [("before", False), ("after", True)])
def test_a_dropped_connection_gives_no_answer(
    sandbox: Sandbox, client: Client, world: World, when: str, stored: bool
) -> None:
    """The client sees the connection break, whether or not the write was carried out."""
    sandbox.fail(Fault("PUT", drop=True, when="after" if when == "after" else "before"))
    body = client.sealed(REPO, b"v")
    with pytest.raises(requests.ConnectionError):
        client.put(f"{REPO}/A", body)
    assert ("A" in world.secrets(TARGET)) is stored
    assert sandbox.exchanges[-1].status is None
    assert client.put(f"{REPO}/A", body).status_code in (201, 204)


def test_an_answer_may_break_off_in_the_middle(sandbox: Sandbox, client: Client) -> None:
    """The head and half of the body come, and then the connection ends."""
    sandbox.fail(Fault(status=None, tear=True))
    with pytest.raises(requests.exceptions.ChunkedEncodingError, match="more expected"):
        client.get("/user")
    assert sandbox.exchanges[-1].status == 200
    assert client.get("/user").json()["login"] == "octocat"


def test_a_write_without_a_body_in_its_answer_breaks_off_at_once(
    sandbox: Sandbox, client: Client, world: World
) -> None:
    """It is carried out all the same."""
    put(client)
    sandbox.fail(Fault("DELETE", status=None, tear=True))
    with pytest.raises(requests.ConnectionError):
        client.delete(f"{REPO}/A")
    assert world.secrets(TARGET) == {}


def test_a_fault_hits_the_nth_and_so_many_after_it(sandbox: Sandbox, client: Client) -> None:
    """Counted from the moment that it is armed."""
    statuses(client, 3)
    sandbox.fail(Fault(nth=2, times=2))
    assert statuses(client, 5) == [200, 500, 500, 200, 200]


def test_a_fault_may_last_until_healed(sandbox: Sandbox, client: Client) -> None:
    """`times=None` ends with `heal`."""
    sandbox.fail(Fault(nth=2, times=None, status=503))
    assert statuses(client, 4) == [200, 503, 503, 503]
    sandbox.clear_faults()
    assert statuses(client, 2) == [200, 200]


def test_a_fault_may_hit_each_request_when_it_is_sent_first(
    sandbox: Sandbox, client: Client
) -> None:
    """Each method and path is counted by itself, and anew after one that passes."""
    sandbox.fail(Fault(each=True))
    paths = ["/user", "/user", "/users/hubot", "/user", "/users/hubot", "/user"]
    assert [client.get(path).status_code for path in paths] == [500, 200, 500, 500, 200, 200]


def test_a_fault_picks_its_requests(sandbox: Sandbox, client: Client) -> None:
    """By method and by a pattern in the path and its query; others do not count."""
    sandbox.fail(Fault("GET", path=r"/api/codespaces/secrets\?page=2$", nth=2))
    paths = [f"{REPO}?page=2", REPO, f"{ORG}?page=2", f"{REPO}?page=2", f"{REPO}?page=2"]
    assert [client.get(path).status_code for path in paths] == [200, 200, 200, 500, 200]
    sandbox.fail(Fault("PUT", path="public-key"))
    assert client.get(f"{REPO}/public-key").status_code == 200


def test_two_faults_count_each_for_itself(sandbox: Sandbox, client: Client) -> None:
    """The first that hits wins; the other has counted the request all the same."""
    sandbox.fail(Fault(nth=1, status=500))
    sandbox.fail(Fault(nth=2, status=502))
    assert statuses(client, 3) == [500, 502, 200]


def test_a_fault_answers_as_it_is_told(sandbox: Sandbox, client: Client) -> None:
    """Its status, headers and text; without a text, an error body as GitHub's."""
    sandbox.fail(Fault(status=403, headers={"x-ratelimit-remaining": "0"}, body="<html>"))
    answer = client.get("/user")
    assert (answer.status_code, answer.text) == (403, "<html>")
    assert answer.headers["x-ratelimit-remaining"] == "0"
    sandbox.fail(Fault(status=504))
    assert client.get("/user").json()["status"] == "504"


def test_a_fault_without_a_status_adds_to_the_real_answer(sandbox: Sandbox, client: Client) -> None:
    """Headers of choice on an answer that is otherwise right."""
    sandbox.fail(Fault(status=None, headers={"x-github-sso": "partial-results; organizations=1"}))
    answer = client.get("/user")
    assert answer.json()["login"] == "octocat"
    assert answer.headers["x-github-sso"] == "partial-results; organizations=1"


def test_a_fault_may_only_delay(sandbox: Sandbox, client: Client) -> None:
    """The answer comes late and is right."""
    sandbox.fail(Fault(status=None, delay=0.15))
    began = time.monotonic()
    assert statuses(client, 1) == [200]
    assert time.monotonic() - began >= 0.15


def test_a_write_is_carried_out_though_the_client_has_left(
    sandbox: Sandbox, client: Client, world: World
) -> None:
    """What it sent has arrived, and is done when the delay is over."""
    body = client.sealed(REPO, b"v")
    sandbox.fail(Fault("PUT", status=None, delay=0.3))
    with pytest.raises(requests.ReadTimeout):
        client.session.put(f"{client.url}{REPO}/A", json=body, timeout=0.1)
    assert world.secrets(TARGET) == {}
    time.sleep(0.4)
    assert world.secrets(TARGET)["A"].value == b"v"


def test_latency_is_paid_by_every_request_at_the_same_time(world: World) -> None:
    """Twenty at once take as long as one."""
    with Sandbox(world, latency=0.1) as sandbox, ThreadPoolExecutor(20) as pool:
        began = time.monotonic()
        answers = list(pool.map(lambda _: asked_alone(sandbox), range(20)))
        took = time.monotonic() - began
    assert answers == [200] * 20
    assert 0.1 <= took < 1.5


def asked_alone(sandbox: Sandbox) -> int:
    """One request on a connection of its own."""
    with client_of(sandbox) as client:
        return client.get("/user").status_code


def test_writers_at_the_same_time_all_win(sandbox: Sandbox, world: World) -> None:
    """Twenty clients put one repository each on a list; none is lost."""
    world.put_secret("organization:octo-org", "A", b"v", visibility="selected")
    ids = [world.add_repository(f"octo-org/r-{number}").id for number in range(20)]
    with ThreadPoolExecutor(20) as pool:
        list(pool.map(lambda identity: add(sandbox, identity), ids))
    assert len(world.secrets("organization:octo-org")["A"].repositories) == 20


def add(sandbox: Sandbox, identity: int) -> None:
    """Put a repository on the list of `A`, on a connection of its own."""
    with client_of(sandbox) as client:
        assert client.put(f"{ORG}/A/repositories/{identity}").status_code == 204


@pytest.mark.parametrize("status", [403, 429])
def test_the_write_limit_refuses_and_tells_how_long(
    sandbox: Sandbox, client: Client, world: World, status: int
) -> None:
    """Over the limit nothing is stored, reads pass, and after the wait writes do again."""
    sandbox.limit_writes(2, per=1.0, status=status)
    body = client.sealed(REPO, b"v")
    answers = [client.put(f"{REPO}/S_{number}", body) for number in range(3)]
    assert [one.status_code for one in answers] == [201, 201, status]
    assert "secondary rate limit" in answers[2].json()["message"]
    assert answers[2].headers["retry-after"] == "1"
    assert client.get(REPO).json()["total_count"] == 2
    time.sleep(1.0)
    assert client.put(f"{REPO}/S_2", body).status_code == 201
    assert len(world.secrets(TARGET)) == 3


def test_healing_lifts_the_write_limit(sandbox: Sandbox, client: Client) -> None:
    """A limit of nothing refuses the first write until it is lifted."""
    sandbox.limit_writes(1, per=60.0)
    assert [put(client), put(client)] == [201, 403]
    sandbox.clear_faults()
    assert put(client) == 204


def test_the_primary_limit_is_told(sandbox: Sandbox, client: Client) -> None:
    """Every answer counts down, errors too."""
    first, second = client.get("/user"), client.get("/nope")
    left = [int(one.headers["x-ratelimit-remaining"]) for one in (first, second)]
    assert left[0] - left[1] == 1
    assert int(second.headers["x-ratelimit-reset"]) > time.time()
    assert second.headers["x-ratelimit-resource"] == "core"


def test_exchanges_are_written_down(sandbox: Sandbox, client: Client) -> None:
    """What was asked, with which body and kind of token, and what was answered."""
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


def test_exchanges_hold_no_credentials(sandbox: Sandbox, client: Client) -> None:
    """Not the token, known or unknown."""
    client.get("/user")
    with client_of(sandbox, "ghp_unknown") as stranger:
        stranger.get("/user")
    known, unknown = sandbox.exchanges
    assert (known.token_kind, unknown.token_kind) == ("classic", None)
    assert OWNER_TOKEN not in repr(known)
    assert "ghp_unknown" not in repr(unknown)
    assert isinstance(known, Exchange)
