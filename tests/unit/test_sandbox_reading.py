"""Read secrets, accounts and repositories from the sandbox."""

from __future__ import annotations

import pytest
import requests

from contract.sandbox_client import PREFIXES, TARGETS, Client
from github_sandbox import World

ORG, REPO = PREFIXES["organization"], PREFIXES["repository"]


def link_queries(response: requests.Response) -> dict[str, str]:
    """The query of each relation in the `Link` header."""
    return {rel: link["url"].split("?")[1] for rel, link in response.links.items()}


@pytest.mark.parametrize("scope", PREFIXES)
def test_secrets_come_in_pages_of_30_at_most_100(scope: str, client: Client, world: World) -> None:
    """`total_count` counts all; `per_page` above 100 is taken as 100."""
    for number in range(70):
        world.put_secret(TARGETS[scope], f"S_{number:02}", b"v")
    for query, size in (("", 30), ("?page=3", 10), ("?page=4", 0), ("?per_page=1000", 70)):
        body = client.get(PREFIXES[scope] + query).json()
        assert (len(body["secrets"]), body["total_count"]) == (size, 70)


def test_repositories_of_a_secret_come_in_pages_of_at_most_100(
    client: Client, world: World
) -> None:
    """A page has at most 100 repositories; the rest is on the next page."""
    names = [f"octo-org/r-{number}" for number in range(101)]
    for name in names:
        world.add_repository(name)
    world.put_secret("organization:octo-org", "A", b"v", visibility="selected", repositories=names)
    sizes = [
        len(client.get(f"{ORG}/A/repositories?per_page=200&page={page}").json()["repositories"])
        for page in (1, 2)
    ]
    assert sizes == [100, 1]


def test_the_link_header_links_the_pages(client: Client, world: World) -> None:
    """Each page links the previous, next, first and last page; the URLs can be requested."""
    for number in range(5):
        world.put_secret("organization:octo-org", f"S_{number}", b"v")
    first, second, third = (client.get(f"{ORG}?per_page=2&page={page}") for page in (1, 2, 3))
    query_1, query_2, query_3 = (f"per_page=2&page={page}" for page in (1, 2, 3))
    assert link_queries(first) == {"next": query_2, "last": query_3}
    assert link_queries(second) == {
        "prev": query_1,
        "next": query_3,
        "last": query_3,
        "first": query_1,
    }
    assert link_queries(third) == {"prev": query_2, "first": query_1}
    followed = client.session.get(first.links["next"]["url"], timeout=10)
    assert followed.json() == second.json()


def test_one_page_has_no_link_header(client: Client) -> None:
    """A list that fits on one page has no other pages to link."""
    assert "Link" not in client.get("/orgs/octo-org/repos").headers


@pytest.mark.parametrize("query", ["page=0", "page=-1", "page=x", "per_page=0&page=²", "page="])
def test_an_invalid_page_number_is_the_first_page(query: str, client: Client, world: World) -> None:
    """Invalid values of `page` and `per_page` are ignored."""
    world.put_secret("organization:octo-org", "A", b"v")
    assert [secret["name"] for secret in client.get(f"{ORG}?{query}").json()["secrets"]] == ["A"]


def test_repositories_of_an_organization_are_listed_newest_first(client: Client) -> None:
    """Only its own repositories; `type` filters them and stays in the links."""
    names = [repository["name"] for repository in client.get("/orgs/octo-org/repos").json()]
    assert names == ["old", "docs", "web", "api"]
    public = client.get("/orgs/OCTO-org/repos?type=public").json()
    assert [repository["full_name"] for repository in public] == ["octo-org/docs"]
    private = client.get("/orgs/octo-org/repos?type=private&per_page=2")
    assert [repository["name"] for repository in private.json()] == ["old", "web"]
    assert link_queries(private)["next"] == "type=private&per_page=2&page=2"
    assert client.get("/orgs/octo-org/repos?type=forks").json() == []


def test_a_list_omits_repositories_that_the_token_cannot_see(client: Client, world: World) -> None:
    """`total_count` includes them, so a client can detect it."""
    listed = ["octo-org/api", "octo-org/web"]
    world.put_secret("organization:octo-org", "A", b"v", visibility="selected", repositories=listed)
    world.hide_from("ghp_owner", "octo-org/web")
    body = client.get(f"{ORG}/A/repositories").json()
    assert [repository["name"] for repository in body["repositories"]] == ["api"]
    assert body["total_count"] == 2
    assert client.get("/repos/octo-org/web").status_code == 404


def test_a_renamed_repository_redirects_every_method(client: Client, world: World) -> None:
    """To the same endpoint under the id, with the query; the request has no other effect.

    301 for a GET, 307 for other methods.
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
        response = client.send(method, f"/repos/octo-org/API{tail}")
        assert (response.status_code, response.json()["message"]) == expected
        assert response.headers["Location"] == base + tail
        assert response.json()["url"] == response.headers["Location"]


def test_a_repository_keeps_its_secrets_under_a_new_name(client: Client, world: World) -> None:
    """By id, by the new name, and in lists of selected repositories."""
    world.put_secret("repository:octo-org/api", "A", b"v")
    world.put_secret("user:octocat", "B", b"v", repositories=["octo-org/api"])
    repository_id = world.rename("octo-org/api", "octo-org/api2").id
    by_id = f"/repositories/{repository_id}/codespaces/secrets"
    body = {**client.sealed(by_id, b"w")}
    assert client.put(f"{by_id}/A", body).status_code == 204
    assert client.get("/repos/octo-org/api2/codespaces/secrets/A").status_code == 200
    assert world.secrets("repository:octo-org/api2")["A"].value == b"w"
    assert world.secrets("user:octocat")["B"].repositories == ("octo-org/api2",)


def test_a_transferred_repository_redirects_to_its_new_owner(client: Client, world: World) -> None:
    """The id stays the same and finds the repository at its new owner."""
    world.add_organization("other-org", owners=["octocat"])
    repository_id = world.rename("octo-org/api", "other-org/api").id
    response = client.get("/repos/octo-org/api")
    assert response.headers["Location"] == f"{client.url}/repositories/{repository_id}"
    moved = client.get(f"/repositories/{repository_id}").json()
    assert (moved["full_name"], moved["owner"]["login"]) == ("other-org/api", "other-org")


def test_a_reused_name_does_not_redirect(client: Client, world: World) -> None:
    """The name finds the new repository."""
    old = world.rename("octo-org/api", "octo-org/api2").id
    new = world.add_repository("octo-org/api").id
    assert client.get("/repos/octo-org/api").json()["id"] == new != old


def test_a_hidden_repository_does_not_redirect(client: Client, world: World) -> None:
    """404 for a token that cannot see it."""
    world.rename("octo-org/api", "octo-org/api2")
    world.hide_from("ghp_owner", "octo-org/api2")
    assert client.get("/repos/octo-org/api").status_code == 404


def test_accounts_are_found_by_kind(client: Client) -> None:
    """`/users` finds any account, `/orgs` organizations only, `/user` the token's own user."""
    assert client.get("/user").json()["login"] == "octocat"
    assert client.get("/users/HUBOT").json()["type"] == "User"
    assert client.get("/users/octo-org").json()["type"] == "Organization"
    assert client.get("/orgs/octo-org").json()["plan"]["name"] == "team"
    for path in ("/users/nobody", "/orgs/nobody", "/orgs/octocat", "/repos/octo-org/none"):
        assert client.get(path).status_code == 404


def test_a_repository_has_its_visibility_archival_and_topics(client: Client, world: World) -> None:
    """As they were set when it was added."""
    world.add_repository("octo-org/tagged", private=True, topics=("codespaces", "python"))
    tagged = client.get("/repos/octo-org/tagged").json()
    assert (tagged["private"], tagged["archived"]) == (True, False)
    assert tagged["topics"] == ["codespaces", "python"]
    assert client.get("/repos/octo-org/old").json()["archived"] is True
    assert client.get("/repos/octo-org/docs").json()["private"] is False


def test_an_unknown_endpoint_is_a_github_error(client: Client) -> None:
    """Unknown paths and methods are a 404 with the body of every error."""
    for method, path in (("GET", "/nope"), ("PATCH", ORG), ("POST", "/user"), ("GET", "/")):
        response = client.send(method, path)
        assert response.status_code == 404
        assert set(response.json()) == {"message", "documentation_url", "status"}
