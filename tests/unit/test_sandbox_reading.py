from __future__ import annotations

from collections.abc import Iterator

import pytest
import requests

from contract.sandbox_client import PREFIXES, TARGETS, Client, client_of
from github_sandbox import Sandbox, World

ORG, REPO = PREFIXES["organization"], PREFIXES["repository"]


@pytest.fixture
def client(world: World) -> Iterator[Client]:
    """The owner's client."""
    with Sandbox(world) as sandbox, client_of(sandbox) as client:
        yield client


def relations(answer: requests.Response) -> dict[str, str]:
    """The `Link` header: relation -> query."""
    return {rel: link["url"].split("?")[1] for rel, link in answer.links.items()}


@pytest.mark.parametrize("scope", PREFIXES)
def test_secrets_come_in_pages_of_30_at_most_100(scope: str, client: Client, world: World) -> None:
    """`total_count` is of all; `per_page` above 100 counts as 100."""
    for number in range(70):
        world.put_secret(TARGETS[scope], f"S_{number:02}", b"v")
    for query, size in (("", 30), ("?page=3", 10), ("?page=4", 0), ("?per_page=1000", 70)):
        body = client.get(PREFIXES[scope] + query).json()
        assert (len(body["secrets"]), body["total_count"]) == (size, 70)


def test_repositories_of_a_secret_come_in_pages_of_at_most_100(
    client: Client, world: World
) -> None:
    """100 is the most that one page holds, and what is beyond is on the next."""
    names = [f"octo-org/r-{number}" for number in range(101)]
    for name in names:
        world.add_repository(name)
    world.put_secret("organization:octo-org", "A", b"v", visibility="selected", repositories=names)
    sizes = [
        len(client.get(f"{ORG}/A/repositories?per_page=200&page={page}").json()["repositories"])
        for page in (1, 2)
    ]
    assert sizes == [100, 1]


def test_link_header_leads_through_the_pages(client: Client, world: World) -> None:
    """Each page links its neighbours and the ends, by URLs that can be followed as they are."""
    for number in range(5):
        world.put_secret("organization:octo-org", f"S_{number}", b"v")
    first, second, third = (client.get(f"{ORG}?per_page=2&page={page}") for page in (1, 2, 3))
    one, two, three = (f"per_page=2&page={page}" for page in (1, 2, 3))
    assert relations(first) == {"next": two, "last": three}
    assert relations(second) == {"prev": one, "next": three, "last": three, "first": one}
    assert relations(third) == {"prev": two, "first": one}
    followed = client.session.get(first.links["next"]["url"], timeout=10)
    assert followed.json() == second.json()


def test_one_page_has_no_link_header(client: Client) -> None:
    """Where all fits on a page there is nowhere to go."""
    assert "Link" not in client.get("/orgs/octo-org/repos").headers


@pytest.mark.parametrize("query", ["page=0", "page=-1", "page=x", "per_page=0&page=²", "page="])
def test_a_senseless_page_is_the_first(query: str, client: Client, world: World) -> None:
    """GitHub answers with something sensible where no such page can be."""
    world.put_secret("organization:octo-org", "A", b"v")
    assert [one["name"] for one in client.get(f"{ORG}?{query}").json()["secrets"]] == ["A"]


def test_repositories_of_an_organization_are_listed_newest_first(client: Client) -> None:
    """Only its own ones; `type` narrows them down and stays in the links."""
    names = [one["name"] for one in client.get("/orgs/octo-org/repos").json()]
    assert names == ["old", "docs", "web", "api"]
    public = client.get("/orgs/OCTO-org/repos?type=public").json()
    assert [one["full_name"] for one in public] == ["octo-org/docs"]
    private = client.get("/orgs/octo-org/repos?type=private&per_page=2")
    assert [one["name"] for one in private.json()] == ["old", "web"]
    assert relations(private)["next"] == "type=private&per_page=2&page=2"
    assert client.get("/orgs/octo-org/repos?type=forks").json() == []


def test_a_list_is_short_where_the_token_does_not_see_all(client: Client, world: World) -> None:
    """`total_count` stays whole: this is how a caller can tell."""
    listed = ["octo-org/api", "octo-org/web"]
    world.put_secret("organization:octo-org", "A", b"v", visibility="selected", repositories=listed)
    world.hide_from("ghp_owner", "octo-org/web")
    body = client.get(f"{ORG}/A/repositories").json()
    assert [one["name"] for one in body["repositories"]] == ["api"]
    assert body["total_count"] == 2
    assert client.get("/repos/octo-org/web").status_code == 404


def test_a_renamed_repository_redirects_every_method(client: Client, world: World) -> None:
    """To the same endpoint below the id, query included; nothing is done at the old name.

    A GET gets 301, every other verb 307.
    """
    repository = world.rename("octo-org/api", "octo-org/api2")
    base = f"{client.url}/repositories/{repository.id}"
    permanently, temporarily = (301, "Moved Permanently"), (307, "Temporary Redirect")
    for method, tail, expected in (
        ("GET", "", permanently),
        ("GET", "/codespaces/secrets?page=2", permanently),
        ("PUT", "/codespaces/secrets/A", temporarily),
        ("DELETE", "/codespaces/secrets/A", temporarily),
    ):
        answer = client.send(method, f"/repos/octo-org/API{tail}")
        assert (answer.status_code, answer.json()["message"]) == expected
        assert answer.headers["Location"] == base + tail
        assert answer.json()["url"] == answer.headers["Location"]


def test_a_repository_keeps_its_secrets_under_a_new_name(client: Client, world: World) -> None:
    """By id, by the new name, and in the lists that it is on."""
    world.put_secret("repository:octo-org/api", "A", b"v")
    world.put_secret("user:octocat", "B", b"v", repositories=["octo-org/api"])
    identity = world.rename("octo-org/api", "octo-org/api2").id
    by_id = f"/repositories/{identity}/codespaces/secrets"
    body = {**client.sealed(by_id, b"w")}
    assert client.put(f"{by_id}/A", body).status_code == 204
    assert client.get("/repos/octo-org/api2/codespaces/secrets/A").status_code == 200
    assert world.secrets("repository:octo-org/api2")["A"].value == b"w"
    assert world.secrets("user:octocat")["B"].repositories == ("octo-org/api2",)


def test_a_transferred_repository_redirects_to_its_new_owner(client: Client, world: World) -> None:
    """The id stays, and leads to the new name below the new owner."""
    world.add_organization("other-org", owners=["octocat"])
    identity = world.rename("octo-org/api", "other-org/api").id
    answer = client.get("/repos/octo-org/api")
    assert answer.headers["Location"] == f"{client.url}/repositories/{identity}"
    moved = client.get(f"/repositories/{identity}").json()
    assert (moved["full_name"], moved["owner"]["login"]) == ("other-org/api", "other-org")


def test_a_name_that_is_taken_again_redirects_no_more(client: Client, world: World) -> None:
    """The new bearer of the name is meant."""
    old = world.rename("octo-org/api", "octo-org/api2").id
    new = world.add_repository("octo-org/api").id
    assert client.get("/repos/octo-org/api").json()["id"] == new != old


def test_a_redirect_gives_no_hidden_repository_away(client: Client, world: World) -> None:
    """404 to a token that may not see it."""
    world.rename("octo-org/api", "octo-org/api2")
    world.hide_from("ghp_owner", "octo-org/api2")
    assert client.get("/repos/octo-org/api").status_code == 404


def test_accounts_are_told_apart(client: Client) -> None:
    """Anyone can be looked up, an organization also as one; `/user` is the token's own."""
    assert client.get("/user").json()["login"] == "octocat"
    assert client.get("/users/HUBOT").json()["type"] == "User"
    assert client.get("/users/octo-org").json()["type"] == "Organization"
    assert client.get("/orgs/octo-org").json()["plan"]["name"] == "team"
    for path in ("/users/nobody", "/orgs/nobody", "/orgs/octocat", "/repos/octo-org/none"):
        assert client.get(path).status_code == 404


def test_a_repository_tells_its_state(client: Client, world: World) -> None:
    """Visibility, archival and topics are what they were made."""
    world.add_repository("octo-org/tagged", private=True, topics=("codespaces", "python"))
    tagged = client.get("/repos/octo-org/tagged").json()
    assert (tagged["private"], tagged["archived"]) == (True, False)
    assert tagged["topics"] == ["codespaces", "python"]
    assert client.get("/repos/octo-org/old").json()["archived"] is True
    assert client.get("/repos/octo-org/docs").json()["private"] is False


def test_what_is_not_there_is_a_github_error(client: Client) -> None:
    """Unknown paths and methods are a 404 with the body that every error has."""
    for method, path in (("GET", "/nope"), ("PATCH", ORG), ("POST", "/user"), ("GET", "/")):
        answer = client.send(method, path)
        assert answer.status_code == 404
        assert set(answer.json()) == {"message", "documentation_url", "status"}
