from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta

import pytest
from aiohttp import web

from codespaces_registry_secrets.generate import rest
from codespaces_registry_secrets.generate.gitlab import LIMIT, GitLabDeployToken
from codespaces_registry_secrets.generate.issuer import IssuerError
from issuers.contexts import Masks, context
from issuers.gitlab import GitLab

PROJECT = {"project": "team/app"}
NOW = datetime(2026, 8, 30, 12, 34, 56, tzinfo=UTC)
LAST_DAY = datetime(9999, 12, 31, tzinfo=UTC)
LIST = "GET /api/v4/projects/team/app/deploy_tokens"
POST = "POST /api/v4/projects/team/app/deploy_tokens"


@pytest.fixture
def gitlab() -> Iterator[GitLab]:
    with GitLab(lambda: NOW) as server:
        yield server


class Issuer(GitLabDeployToken):
    """The issuer of a workflow of a repository, and what it masked."""

    def __init__(
        self,
        gitlab: GitLab,
        repository: str = "octo-org/app",
        store: str = "GITLAB_CREDENTIAL",
        *,
        options: Mapping[str, str] = PROJECT,
        expires_in: timedelta | None = timedelta(days=90),
        token: bytes | None = None,
    ) -> None:
        self.masks = Masks()
        super().__init__(
            context(
                "gitlab-deploy-token",
                {"url": gitlab.address, **options},
                {"GITHUB_REPOSITORY": repository} if repository else {},
                self.masks,
                store=store,
                expires_in=expires_in,
                values={"token": gitlab.token.encode() if token is None else token},
            )
        )


def ids(issuer: GitLabDeployToken) -> set[str]:
    return {credential.id for credential in issuer.list_credentials()}


def test_a_new_token_logs_in(gitlab: GitLab) -> None:
    """It can only pull, and it has the lifetime of the spec by GitLab's clock."""
    new = Issuer(gitlab).create(())
    assert gitlab.accepts(new.username, new.password.get_secret_value())
    assert gitlab.deploy_tokens[int(new.id)].scopes == ["read_registry"]
    assert (new.created, new.expires) == (NOW, NOW + timedelta(days=90))


def test_a_token_without_a_lifetime_does_not_expire(gitlab: GitLab) -> None:
    assert Issuer(gitlab, expires_in=None).create(()).expires is None


def test_a_token_until_the_year_9999_does_not_expire(gitlab: GitLab) -> None:
    """No duration can be added to its expiry, which no token lives to see."""
    issuer = Issuer(gitlab, expires_in=LAST_DAY - NOW)
    assert issuer.create(()).expires is None
    assert [listed.expires for listed in issuer.list_credentials()] == [None]


def test_a_new_token_is_listed_as_it_was_returned(gitlab: GitLab) -> None:
    """The time of its creation is in its name, because the API does not tell it."""
    issuer = Issuer(gitlab)
    new = issuer.create(())
    [listed] = issuer.list_credentials()
    assert (listed.id, listed.created, listed.expires) == (new.id, new.created, new.expires)
    assert not listed.disabled


def test_people_see_where_a_token_is_used(gitlab: GitLab) -> None:
    name = gitlab.deploy_tokens[int(Issuer(gitlab).create(()).id)].name
    assert name.startswith("codespaces-registry-secrets-")
    assert name.endswith(" 2026-08-30T12:34:56Z octo-org/app GITLAB_CREDENTIAL")


def test_a_long_name_is_cut(gitlab: GitLab) -> None:
    """GitLab allows 255 characters. What identifies the token is at the start."""
    issuer = Issuer(gitlab, store="A" * 250)
    assert issuer.create(()).id in ids(issuer)


def test_another_token_leaves_the_first_as_it_is(gitlab: GitLab) -> None:
    issuer = Issuer(gitlab)
    first = issuer.create(())
    second = issuer.create(issuer.list_credentials())
    assert ids(issuer) == {first.id, second.id}
    assert gitlab.accepts(first.username, first.password.get_secret_value())


def test_a_token_of_a_person_is_not_listed(gitlab: GitLab) -> None:
    """It is not mistaken for one that an interrupted run left behind."""
    gitlab.make_by_hand()
    assert Issuer(gitlab).list_credentials() == ()


@pytest.mark.parametrize(
    "other", [("octo-org/web", "GITLAB_CREDENTIAL"), ("octo-org/app", "OTHER")]
)
def test_a_token_of_another_journal_is_not_listed(gitlab: GitLab, other: tuple[str, str]) -> None:
    """Two repositories can use the same project, and two registries the same repository."""
    Issuer(gitlab, *other).create(())
    assert Issuer(gitlab).list_credentials() == ()


def test_names_are_compared_without_case(gitlab: GitLab) -> None:
    """GitHub ignores case in both, so another spelling is the same journal."""
    new = Issuer(gitlab, "Octo-Org/App", "gitlab_credential").create(())
    assert ids(Issuer(gitlab)) == {new.id}


@pytest.mark.parametrize("ending", ["", " yesterday", " 2026-08-30T12:34:56Zulu"])
def test_a_name_that_only_resembles_ours_is_not_listed(gitlab: GitLab, ending: str) -> None:
    token = gitlab.deploy_tokens[int(Issuer(gitlab).create(()).id)]
    token.name = token.name.split()[0] + ending
    assert Issuer(gitlab).list_credentials() == ()


def test_a_revoked_token_is_not_listed(gitlab: GitLab) -> None:
    issuer = Issuer(gitlab)
    gitlab.deploy_tokens[int(issuer.create(()).id)].revoked = True
    assert issuer.list_credentials() == ()


def test_an_expired_token_is_listed(gitlab: GitLab) -> None:
    issuer = Issuer(gitlab)
    new = issuer.create(())
    gitlab.now = lambda: NOW + timedelta(days=200)
    [listed] = issuer.list_credentials()
    assert listed.expires == new.expires
    assert not gitlab.accepts(new.username, new.password.get_secret_value())


@pytest.mark.parametrize("headers", ["both", "link", "own"])
def test_all_pages_are_read(gitlab: GitLab, headers: str) -> None:
    """A `Link` names the next page, but its host is not followed."""
    issuer = Issuer(gitlab)
    created = {issuer.create(()).id for _ in range(5)}
    gitlab.headers, gitlab.page_size = headers, 2  # type: ignore[assignment]
    gitlab.requests.clear()
    assert ids(issuer) == created
    assert gitlab.requests == [LIST] * 3


def test_a_full_page_is_not_the_last_one(gitlab: GitLab) -> None:
    """A proxy can remove both headers."""
    for _ in range(100):
        gitlab.make_by_hand()
    issuer = Issuer(gitlab)
    new = issuer.create(())
    gitlab.headers = "none"
    assert ids(issuer) == {new.id}


def test_a_page_is_as_large_as_gitlab_allows(gitlab: GitLab) -> None:
    """By default, a page has 20 items."""
    for _ in range(25):
        gitlab.make_by_hand()
    Issuer(gitlab).list_credentials()
    assert gitlab.requests == [LIST]


def test_a_repeated_page_is_an_error(gitlab: GitLab) -> None:
    """Other pages are missing."""
    for _ in range(5):
        gitlab.make_by_hand()
    gitlab.page_size, gitlab.repeats_page = 2, True
    with pytest.raises(IssuerError, match=r"returned a page twice; run again$"):
        Issuer(gitlab).list_credentials()
    assert gitlab.requests == [LIST] * 2


def test_a_list_is_not_read_forever(gitlab: GitLab, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(5):
        gitlab.make_by_hand()
    gitlab.page_size = 2
    monkeypatch.setattr(rest, "MAX_PAGES", 2)
    with pytest.raises(IssuerError, match="the list has more than 2 pages"):
        Issuer(gitlab).list_credentials()


def test_a_list_can_have_as_many_pages_as_are_read(
    gitlab: GitLab, monkeypatch: pytest.MonkeyPatch
) -> None:
    issuer = Issuer(gitlab)
    created = {issuer.create(()).id for _ in range(4)}
    gitlab.page_size = 2
    monkeypatch.setattr(rest, "MAX_PAGES", 2)
    assert ids(issuer) == created


def test_a_token_of_a_group_logs_in(gitlab: GitLab) -> None:
    new = Issuer(gitlab, options={"group": "team"}).create(())
    assert gitlab.accepts(new.username, new.password.get_secret_value())
    assert gitlab.deploy_tokens[int(new.id)].owner == "groups/3"


@pytest.mark.parametrize("options", [{"project": "7"}, {"group": "3"}])
def test_a_number_names_a_project_or_a_group(gitlab: GitLab, options: dict[str, str]) -> None:
    issuer = Issuer(gitlab, options=options)
    assert ids(issuer) == set()
    assert issuer.create(()).id in ids(issuer)


def test_gitlab_can_have_a_path() -> None:
    with GitLab(lambda: NOW, prefix="/git/lab") as server:
        issuer = Issuer(server, options={**PROJECT, "url": f"{server.address}/"})
        assert issuer.create(()).id in ids(issuer)


def test_a_deleted_token_is_rejected(gitlab: GitLab) -> None:
    issuer = Issuer(gitlab)
    new = issuer.create(())
    issuer.delete(new.id)
    assert not gitlab.accepts(new.username, new.password.get_secret_value())
    assert ids(issuer) == set()


def test_deleting_a_token_again_does_nothing(gitlab: GitLab) -> None:
    issuer = Issuer(gitlab)
    new = issuer.create(())
    issuer.delete(new.id)
    issuer.delete(new.id)
    assert gitlab.live() == []


def test_a_token_that_is_deleted_meanwhile_is_no_error(gitlab: GitLab) -> None:
    issuer = Issuer(gitlab)
    new = issuer.create(())
    gitlab.on_request = lambda line: gitlab.deploy_tokens.clear() if "DELETE" in line else None
    issuer.delete(new.id)
    assert gitlab.requests[-1].startswith("DELETE")


def test_a_token_of_a_person_is_never_deleted(gitlab: GitLab) -> None:
    """An id from a journal can be of another GitLab, from before `url` was changed."""
    by_hand = gitlab.make_by_hand()
    Issuer(gitlab).delete(by_hand)
    assert gitlab.live() == [by_hand]


def test_a_token_cannot_be_disabled(gitlab: GitLab) -> None:
    issuer = Issuer(gitlab)
    new = issuer.create(())
    assert not issuer.can_disable
    with pytest.raises(IssuerError, match=f"^deploy token {new.id} cannot be disabled"):
        issuer.disable(new.id)
    assert gitlab.accepts(new.username, new.password.get_secret_value())


def test_the_last_use_is_unknown(gitlab: GitLab) -> None:
    issuer = Issuer(gitlab)
    new = issuer.create(())
    gitlab.use(new.id)
    assert issuer.unused_for(new.id) is None


def test_the_limit_is_that_of_the_server(gitlab: GitLab) -> None:
    assert Issuer(gitlab).limit == LIMIT == gitlab.limit


def test_no_request_is_sent_before_the_first_call(gitlab: GitLab) -> None:
    Issuer(gitlab)
    assert gitlab.requests == []


def test_secrets_are_masked(gitlab: GitLab) -> None:
    issuer = Issuer(gitlab)
    new = issuer.create(())
    assert issuer.masks.secrets == [gitlab.token, new.password.get_secret_value()]
    assert new.password.get_secret_value() not in repr(new)


def test_a_secret_is_masked_even_if_the_response_is_invalid(
    gitlab: GitLab, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The token exists, and nothing of the response is shown."""
    monkeypatch.setattr(gitlab, "_shown", lambda _: {"id": "one"})
    issuer = Issuer(gitlab)
    with pytest.raises(IssuerError) as caught:
        issuer.create(())
    assert "gldt-secret-of-token-00001" in issuer.masks.secrets
    assert "gldt" not in str(caught.value)


def test_a_lost_response_leaves_a_token_that_is_listed(gitlab: GitLab) -> None:
    """The request is not repeated: each would create a token."""
    gitlab.on_request = lambda line: "after" if line == POST else None
    issuer = Issuer(gitlab)
    with pytest.raises(
        IssuerError,
        match=r"^could not create a deploy token for project team/app: .*; the next run finds out whether the request was carried out$",
    ):
        issuer.create(())
    assert gitlab.requests.count(POST) == 1
    assert ids(issuer) == set(gitlab.live()) == {"1"}


@pytest.mark.parametrize("fault", [500, 503, 429, "before"])
def test_a_change_is_sent_once(gitlab: GitLab, fault: int) -> None:
    gitlab.on_request = lambda line: fault if line == POST else None
    with pytest.raises(IssuerError, match="could not create a deploy token"):
        Issuer(gitlab).create(())
    assert gitlab.requests.count(POST) == 1


@pytest.mark.parametrize("fault", [500, 502, 429, "before", "after"])
def test_a_read_is_repeated(gitlab: GitLab, fault: int) -> None:
    issuer = Issuer(gitlab)
    new = issuer.create(())
    faults = [fault, fault]
    gitlab.on_request = lambda _: faults.pop() if faults else None
    assert ids(issuer) == {new.id}


def test_an_outage_ends_after_three_reads(gitlab: GitLab) -> None:
    gitlab.on_request = lambda _: 503
    with pytest.raises(
        IssuerError,
        match=r"^could not list the deploy tokens of project team/app: 127\.0\.0\.1:\d+ responded 503: try again; run again later$",
    ):
        Issuer(gitlab).list_credentials()
    assert gitlab.requests == [LIST] * 3


def test_a_server_that_is_gone_is_an_error(gitlab: GitLab) -> None:
    gitlab.on_request = lambda _: "before"
    with pytest.raises(IssuerError, match="could not list the deploy tokens of project team/app: "):
        Issuer(gitlab).list_credentials()


def test_an_invalid_access_token_is_named(gitlab: GitLab) -> None:
    issuer = Issuer(gitlab, token=b"glpat-of-another-user")
    with pytest.raises(IssuerError, match=r"responded 401: .*; check that `generate\.token` is"):
        issuer.list_credentials()
    assert gitlab.requests == [LIST]


@pytest.mark.parametrize(
    ("role", "options", "needed"),
    [
        ("developer", {"project": "team/app"}, "Maintainer of the project"),
        ("maintainer", {"group": "team"}, "Owner of the group"),
    ],
)
def test_a_missing_role_is_named(
    gitlab: GitLab, role: str, options: dict[str, str], needed: str
) -> None:
    """A Maintainer of a group can list its deploy tokens, but not create one."""
    gitlab.role = role  # type: ignore[assignment]
    with pytest.raises(IssuerError, match=f"needs the scope `api`, and its user the role {needed}"):
        Issuer(gitlab, options=options).create(())
    assert gitlab.live() == []


def test_a_missing_scope_is_named(gitlab: GitLab) -> None:
    gitlab.scopes = ["read_api"]
    with pytest.raises(IssuerError, match=r"403: .*needs the scope `api`"):
        Issuer(gitlab).list_credentials()


@pytest.mark.parametrize("options", [{"project": "team/other"}, {"group": "other"}])
def test_a_missing_owner_is_named(gitlab: GitLab, options: dict[str, str]) -> None:
    [(key, _)] = options.items()
    with pytest.raises(IssuerError, match=f"404: .*check `generate.url` and `generate.{key}`"):
        Issuer(gitlab, options=options).list_credentials()


def test_a_project_that_was_moved_is_not_followed(gitlab: GitLab) -> None:
    gitlab.moved = True
    with pytest.raises(IssuerError, match=r"redirects to another address, .*project was moved"):
        Issuer(gitlab).list_credentials()
    assert gitlab.requests == [LIST]


def test_a_change_follows_no_redirect(gitlab: GitLab) -> None:
    def move(line: str) -> None:
        gitlab.moved = line == POST

    gitlab.on_request = move
    with pytest.raises(IssuerError, match=r"redirects to another address, .*project was moved"):
        Issuer(gitlab).create(())
    assert gitlab.live() == []


@pytest.mark.parametrize(
    "shown",
    [
        "text",
        {"id": "1", "name": "n"},
        {"id": True, "name": "n"},
        {"id": 1},
        {"id": 1, "name": "n", "expires_at": "tomorrow"},
        {"id": 1, "name": "n", "expires_at": "2026-11-28T00:00:00"},
        {"id": 1, "name": "n", "revoked": "no"},
    ],
)
def test_an_invalid_item_is_an_error(
    gitlab: GitLab, monkeypatch: pytest.MonkeyPatch, shown: object
) -> None:
    """A token that is not understood is not passed over, because it can be ours."""
    gitlab.make_by_hand()
    monkeypatch.setattr(gitlab, "_shown", lambda _: shown)
    with pytest.raises(IssuerError, match="returned an unexpected response"):
        Issuer(gitlab).list_credentials()


@pytest.mark.parametrize("text", ["<html>Sign in</html>", '{"id": 1}', "", "[" * 100_000])
def test_a_page_that_is_no_list_is_an_error(
    gitlab: GitLab, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    """A proxy can respond with a page to sign in."""
    monkeypatch.setattr(gitlab, "_list", lambda *_: web.Response(text=text))
    with pytest.raises(IssuerError, match=r"unexpected response; check that `generate\.url` is"):
        Issuer(gitlab).list_credentials()


def test_gitlab_must_tell_the_time(gitlab: GitLab, monkeypatch: pytest.MonkeyPatch) -> None:
    """The expiry is set by its clock, not by that of the runner."""

    def undated(response: web.StreamResponse) -> web.StreamResponse:
        response.headers["Date"] = "soon"
        return response

    monkeypatch.setattr(gitlab, "_with_date", undated)
    with pytest.raises(IssuerError, match="sends no header `Date`, so its time is unknown"):
        Issuer(gitlab).create(())
    assert gitlab.live() == []


@pytest.mark.parametrize(
    "url", ["http://gitlab.example.com", "ftp://gitlab.example.com", "gitlab.example.com",
            "https://user@gitlab.example.com", "https://gitlab.example.com?a=b", ""],
)  # fmt: skip
def test_an_unsafe_url_is_rejected(gitlab: GitLab, url: str) -> None:
    """The access token is not sent without TLS."""
    with pytest.raises(IssuerError, match=r"^`generate\.url` must be an https URL"):
        Issuer(gitlab, options={**PROJECT, "url": url}).list_credentials()
    assert gitlab.requests == []


@pytest.mark.parametrize("token", [b"glpat-1\n", b"glpat-\xff", b"glpat\r\nHost: other"])
def test_a_token_that_cannot_be_sent_is_rejected(gitlab: GitLab, token: bytes) -> None:
    with pytest.raises(IssuerError, match=r"^`generate\.token` has a line break") as caught:
        Issuer(gitlab, token=token).list_credentials()
    assert "glpat" not in str(caught.value)


def test_an_empty_token_is_rejected(gitlab: GitLab) -> None:
    with pytest.raises(IssuerError, match=r"^`generate\.token` is empty"):
        Issuer(gitlab, token=b"").list_credentials()


def test_the_repository_must_be_known(gitlab: GitLab) -> None:
    """Without it, a token of another repository could be mistaken for ours."""
    gitlab.make_by_hand()
    with pytest.raises(IssuerError, match=r"^GITHUB_REPOSITORY is not set"):
        Issuer(gitlab, repository="").create(())
    assert len(gitlab.live()) == 1
