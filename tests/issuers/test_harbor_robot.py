from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiohttp import web

from codespaces_registry_secrets.generate.harbor import LIMIT, HarborRobot
from codespaces_registry_secrets.generate.issuer import IssuerError
from codespaces_registry_secrets.generate.marker import marker
from issuers.contexts import Masks, context
from issuers.harbor import PULL, Harbor

NOW = datetime(2026, 8, 30, 12, 34, 56, tzinfo=UTC)
LAST_DAY = datetime(9999, 12, 31, tzinfo=UTC)
PROJECT = {"project": "team"}
FIND = "GET /api/v2.0/projects/team"
LIST = "GET /api/v2.0/robots"
POST = "POST /api/v2.0/robots"


@pytest.fixture
def harbor() -> Iterator[Harbor]:
    with Harbor(lambda: NOW) as server:
        yield server


class Issuer(HarborRobot):
    """The issuer of a workflow of a repository, and what it masked."""

    def __init__(
        self,
        harbor: Harbor,
        repository: str = "octo-org/app",
        store: str = "HARBOR_CREDENTIAL",
        *,
        options: Mapping[str, str] = PROJECT,
        expires_in: timedelta | None = timedelta(days=90),
        values: Mapping[str, bytes] | None = None,
    ) -> None:
        self.masks = Masks()
        user = {"username": harbor.username.encode(), "password": harbor.password.encode()}
        super().__init__(
            context(
                "harbor-robot",
                {"url": harbor.address, **options},
                {"GITHUB_REPOSITORY": repository} if repository else {},
                self.masks,
                store=store,
                expires_in=expires_in,
                values={**user, **(values or {})},
            )
        )


def ids(issuer: HarborRobot) -> set[str]:
    return {credential.id for credential in issuer.list_credentials()}


def test_a_new_robot_logs_in(harbor: Harbor) -> None:
    """Its name is as Harbor returned it, with the prefix and the project."""
    new = Issuer(harbor).create(())
    assert harbor.accepts(new.username, new.password.get_secret_value())
    name = r"robot\$team\+codespaces-registry-secrets-[0-9a-f]{12}-[0-9a-f]{16}"
    assert re.fullmatch(name, new.username)
    assert (new.created, new.expires) == (NOW, NOW + timedelta(days=90))


def test_a_new_robot_can_only_pull_from_its_project(harbor: Harbor) -> None:
    new = Issuer(harbor).create(())
    permission = {"kind": "project", "namespace": "team", "access": PULL}
    assert harbor.robots[int(new.id)].permissions == [permission]


@pytest.mark.parametrize(
    ("lifetime", "days"),
    [
        (timedelta(hours=1), 1),
        (timedelta(days=1), 1),
        (timedelta(hours=36), 2),
        (timedelta(days=90), 90),
    ],
)
def test_a_lifetime_is_rounded_up_to_days(harbor: Harbor, lifetime: timedelta, days: int) -> None:
    """Harbor counts in days. The expiry of the robot is the real one."""
    new = Issuer(harbor, expires_in=lifetime).create(())
    assert new.expires == NOW + timedelta(days=days)


def test_a_robot_without_a_lifetime_does_not_expire(harbor: Harbor) -> None:
    issuer = Issuer(harbor, expires_in=None)
    assert issuer.create(()).expires is None
    assert [listed.expires for listed in issuer.list_credentials()] == [None]


def test_a_robot_until_the_year_9999_does_not_expire(harbor: Harbor) -> None:
    """No duration can be added to its expiry, which no robot lives to see."""
    issuer = Issuer(harbor, expires_in=LAST_DAY - NOW)
    assert issuer.create(()).expires is None
    assert [listed.expires for listed in issuer.list_credentials()] == [None]


def test_a_new_robot_is_listed_as_it_was_returned(harbor: Harbor) -> None:
    issuer = Issuer(harbor)
    new = issuer.create(())
    [listed] = issuer.list_credentials()
    assert (listed.id, listed.created, listed.expires) == (new.id, new.created, new.expires)
    assert not listed.disabled


def test_a_time_without_an_equivalent_in_utc_is_an_error(
    harbor: Harbor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As any unexpected response; in another zone, it is converted."""
    issuer, shown = Issuer(harbor), harbor._shown
    issuer.create(())
    text = "2026-01-31T23:30:00-01:00"
    monkeypatch.setattr(harbor, "_shown", lambda robot: {**shown(robot), "creation_time": text})
    [listed] = issuer.list_credentials()
    assert str(listed.created) == "2026-02-01 00:30:00+00:00"
    text = "9999-12-31T23:59:59-01:00"
    with pytest.raises(IssuerError, match="unexpected response"):
        issuer.list_credentials()


def test_people_see_where_a_robot_is_used(harbor: Harbor) -> None:
    description = harbor.robots[int(Issuer(harbor).create(()).id)].description
    assert description == "Secret HARBOR_CREDENTIAL of octo-org/app, by Codespaces Registry Secrets"


def test_another_robot_leaves_the_first_as_it_is(harbor: Harbor) -> None:
    """The secret of a robot is never changed."""
    issuer = Issuer(harbor)
    first = issuer.create(())
    second = issuer.create(issuer.list_credentials())
    assert ids(issuer) == {first.id, second.id}
    assert harbor.accepts(first.username, first.password.get_secret_value())
    assert {line.split()[0] for line in harbor.requests} == {"GET", "POST"}


def test_a_robot_of_a_person_is_not_listed(harbor: Harbor) -> None:
    """It is not mistaken for one that an interrupted run left behind."""
    harbor.make_by_hand()
    assert Issuer(harbor).list_credentials() == ()


@pytest.mark.parametrize(
    "other", [("octo-org/web", "HARBOR_CREDENTIAL"), ("octo-org/app", "OTHER")]
)
def test_a_robot_of_another_journal_is_not_listed(harbor: Harbor, other: tuple[str, str]) -> None:
    """Two repositories can use the same project, and two registries the same repository."""
    Issuer(harbor, *other).create(())
    assert Issuer(harbor).list_credentials() == ()


@pytest.mark.parametrize("name", ["my-{}", "{}-copy", "a-{}-b"])
def test_a_name_that_only_resembles_ours_is_not_listed(harbor: Harbor, name: str) -> None:
    """Harbor's filter finds a part of a name."""
    robot = harbor.robots[int(Issuer(harbor).create(()).id)]
    robot.name = name.format(robot.name)
    assert Issuer(harbor).list_credentials() == ()


def test_the_list_does_not_depend_on_the_filter(harbor: Harbor) -> None:
    harbor.filters_names = False
    harbor.make_by_hand()
    issuer = Issuer(harbor)
    assert ids(issuer) == set()
    new = issuer.create(())
    assert ids(issuer) == {new.id}


def test_the_prefix_of_robots_is_a_setting(harbor: Harbor) -> None:
    harbor.robot_prefix = "bot-"
    issuer = Issuer(harbor)
    new = issuer.create(())
    assert new.username.startswith("bot-team+")
    assert ids(issuer) == {new.id}


def test_a_project_whose_name_is_a_number_is_found(harbor: Harbor) -> None:
    issuer = Issuer(harbor, options={"project": "2026"})
    new = issuer.create(())
    assert harbor.robots[int(new.id)].project == "2026"
    assert ids(issuer) == {new.id}


def test_all_pages_are_read(harbor: Harbor) -> None:
    issuer = Issuer(harbor)
    created = {issuer.create(()).id for _ in range(5)}
    harbor.page_size = 2
    harbor.requests.clear()
    assert ids(issuer) == created
    assert harbor.requests == [FIND] + [LIST] * 3


def test_a_page_is_as_large_as_harbor_allows(harbor: Harbor) -> None:
    """By default, a page has 10 items."""
    issuer = Issuer(harbor)
    created = {issuer.create(()).id for _ in range(15)}
    harbor.requests.clear()
    assert ids(issuer) == created
    assert harbor.requests == [FIND, LIST]


def test_harbor_can_have_a_path() -> None:
    with Harbor(lambda: NOW, prefix="/images") as server:
        issuer = Issuer(server, options={**PROJECT, "url": f"{server.address}/"})
        assert issuer.create(()).id in ids(issuer)


def test_a_disabled_robot_is_rejected_and_listed(harbor: Harbor) -> None:
    issuer = Issuer(harbor)
    new = issuer.create(())
    issuer.disable(new.id)
    assert not harbor.accepts(new.username, new.password.get_secret_value())
    [listed] = issuer.list_credentials()
    assert (listed.id, listed.disabled) == (new.id, True)


def test_disabling_a_robot_changes_nothing_else(harbor: Harbor) -> None:
    """A PUT replaces all fields. Its secret stays, so that a person can enable it again."""
    issuer = Issuer(harbor)
    robot = harbor.robots[int(issuer.create(()).id)]
    before = replace(robot)
    issuer.disable(str(robot.id))
    assert robot == replace(before, disabled=True)
    assert harbor.updates[0]["permissions"] == before.permissions


def test_disabling_an_unknown_robot_does_nothing(harbor: Harbor) -> None:
    Issuer(harbor).disable("99")
    assert harbor.updates == []


def test_a_deleted_robot_is_rejected(harbor: Harbor) -> None:
    issuer = Issuer(harbor)
    new = issuer.create(())
    issuer.delete(new.id)
    assert not harbor.accepts(new.username, new.password.get_secret_value())
    assert ids(issuer) == set()


def test_deleting_a_robot_again_does_nothing(harbor: Harbor) -> None:
    issuer = Issuer(harbor)
    new = issuer.create(())
    issuer.delete(new.id)
    issuer.delete(new.id)
    assert harbor.live() == []


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_a_robot_that_is_deleted_meanwhile_is_no_error(harbor: Harbor, method: str) -> None:
    issuer = Issuer(harbor)
    new = issuer.create(())
    harbor.on_request = lambda line: harbor.robots.clear() if method in line else None
    if method == "PUT":
        issuer.disable(new.id)
    else:
        issuer.delete(new.id)
    assert harbor.requests[-1] == f"{method} /api/v2.0/robots/{new.id}"


def test_a_robot_of_a_person_is_never_changed(harbor: Harbor) -> None:
    """An id from a journal can be of another Harbor, from before `url` was changed."""
    by_hand = harbor.make_by_hand()
    issuer = Issuer(harbor)
    issuer.disable(by_hand)
    issuer.delete(by_hand)
    assert harbor.live() == [by_hand]
    assert harbor.updates == []


def test_the_last_use_is_unknown(harbor: Harbor) -> None:
    issuer = Issuer(harbor)
    new = issuer.create(())
    harbor.use(new.id)
    assert issuer.unused_for(new.id) is None


def test_the_limit_is_that_of_the_server(harbor: Harbor) -> None:
    issuer = Issuer(harbor)
    assert issuer.limit == LIMIT == harbor.limit
    assert issuer.can_disable


def test_no_request_is_sent_before_the_first_call(harbor: Harbor) -> None:
    Issuer(harbor)
    assert harbor.requests == []


def test_secrets_are_masked(harbor: Harbor) -> None:
    """The header of Basic authentication, too."""
    issuer = Issuer(harbor)
    new = issuer.create(())
    pair = b64encode(f"{harbor.username}:{harbor.password}".encode()).decode()
    secret = new.password.get_secret_value()
    assert issuer.masks.secrets == [harbor.password, pair, secret]
    assert secret not in repr(new)


@pytest.mark.parametrize(
    "created",
    [
        {"id": "1"},
        {"id": 1, "name": "", "creation_time": "2026-08-30T12:34:56Z"},
        {"id": 1, "name": "robot$n", "creation_time": "today"},
        {"id": 1, "name": "robot$n", "creation_time": "2026-08-30T12:34:56"},
    ],
)
def test_a_secret_is_masked_even_if_the_response_is_invalid(
    harbor: Harbor, monkeypatch: pytest.MonkeyPatch, created: dict[str, Any]
) -> None:
    """The robot exists, and nothing of the response is shown."""
    body = {**created, "secret": "Secret-123456"}
    monkeypatch.setattr(harbor, "_create", lambda _: web.json_response(body, status=201))
    issuer = Issuer(harbor)
    with pytest.raises(IssuerError, match="returned an unexpected response") as caught:
        issuer.create(())
    assert "Secret-123456" in issuer.masks.secrets
    assert "Secret" not in str(caught.value)


@pytest.mark.parametrize("created", [None, [], {}, {"secret": ""}, {"secret": 5}])
def test_a_robot_without_a_secret_is_an_error(
    harbor: Harbor, monkeypatch: pytest.MonkeyPatch, created: object
) -> None:
    fields = {"id": 1, "name": "robot$n", "creation_time": "2026-08-30T12:34:56Z"}
    body = {**fields, **created} if isinstance(created, dict) else created
    monkeypatch.setattr(harbor, "_create", lambda _: web.json_response(body, status=201))
    with pytest.raises(IssuerError, match="returned an unexpected response"):
        Issuer(harbor).create(())


def test_a_lost_response_leaves_a_robot_that_is_listed(harbor: Harbor) -> None:
    """The request is not repeated: each would create a robot."""
    harbor.on_request = lambda line: "after" if line == POST else None
    issuer = Issuer(harbor)
    with pytest.raises(
        IssuerError,
        match=r"^could not create a robot in project team: .*; the next run finds out whether the request was carried out$",
    ):
        issuer.create(())
    assert harbor.requests.count(POST) == 1
    assert ids(issuer) == set(harbor.live()) == {"1"}


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
@pytest.mark.parametrize("fault", [500, 503, 429, "before", "after"])
def test_a_change_is_sent_once(harbor: Harbor, method: str, fault: Any) -> None:
    issuer = Issuer(harbor)
    new = issuer.create(())
    harbor.requests.clear()
    harbor.on_request = lambda line: fault if line.startswith(method) else None
    calls: dict[str, Callable[[], object]] = {
        "POST": lambda: issuer.create(()),
        "PUT": lambda: issuer.disable(new.id),
        "DELETE": lambda: issuer.delete(new.id),
    }
    with pytest.raises(IssuerError, match=r"^could not (create|disable|delete) .*run"):
        calls[method]()
    assert sum(line.startswith(method) for line in harbor.requests) == 1


@pytest.mark.parametrize("fault", [500, 502, 429, "before", "after"])
def test_a_read_is_repeated(harbor: Harbor, fault: Any) -> None:
    issuer = Issuer(harbor)
    new = issuer.create(())
    faults = [fault, fault]
    harbor.on_request = lambda _: faults.pop() if faults else None
    assert ids(issuer) == {new.id}


def test_an_outage_ends_after_three_reads(harbor: Harbor) -> None:
    harbor.on_request = lambda _: 503
    with pytest.raises(
        IssuerError,
        match=r"^could not find project team: 127\.0\.0\.1:\d+ responded 503: try again; run again later$",
    ):
        Issuer(harbor).list_credentials()
    assert harbor.requests == [FIND] * 3


def test_an_invalid_password_is_named(harbor: Harbor) -> None:
    issuer = Issuer(harbor, values={"password": b"Wrong-password-1"})
    with pytest.raises(IssuerError, match=r"401: unauthorized; check `generate\.username` and"):
        issuer.list_credentials()
    assert harbor.requests == [FIND]


def test_a_missing_role_is_named(harbor: Harbor) -> None:
    harbor.administers = {"other"}
    with pytest.raises(IssuerError, match="403: forbidden; the user needs the role Project Admin"):
        Issuer(harbor).create(())
    assert harbor.live() == []


def test_a_missing_project_is_named(harbor: Harbor) -> None:
    with pytest.raises(IssuerError, match=r"404: .*; check `generate\.url` and `generate\.project"):
        Issuer(harbor, options={"project": "gone"}).list_credentials()


def test_the_web_pages_are_not_the_api(harbor: Harbor) -> None:
    """Harbor responds to an unknown path with its web page."""
    issuer = Issuer(harbor, options={**PROJECT, "url": harbor.address + "/harbor"})
    with pytest.raises(IssuerError, match=r"unexpected response; check that `generate\.url` is"):
        issuer.list_credentials()


@pytest.mark.parametrize(
    "shown",
    [
        "text",
        {"id": 1},
        {"id": "1", "name": "n", "creation_time": "2026-08-30T12:34:56Z"},
        {"id": 1, "name": "n", "creation_time": "2026-08-30T12:34:56Z", "disable": "no"},
        {"id": 1, "name": "n", "creation_time": "2026-08-30T12:34:56Z", "expires_at": "never"},
        {"id": 1, "name": "n", "creation_time": "2026-08-30T12:34:56Z", "expires_at": 10**30},
    ],
)
def test_an_invalid_item_is_an_error(
    harbor: Harbor, monkeypatch: pytest.MonkeyPatch, shown: object
) -> None:
    """A robot that is not understood is not passed over, because it can be ours."""
    if isinstance(shown, dict) and shown.get("name"):
        shown = {**shown, "name": f"robot$team+{marker(Issuer(harbor)._context)}-0a"}
    Issuer(harbor).create(())
    monkeypatch.setattr(harbor, "_shown", lambda _: shown)
    with pytest.raises(IssuerError, match="returned an unexpected response"):
        Issuer(harbor).list_credentials()


@pytest.mark.parametrize("project", [None, {}, {"project_id": "4"}, {"project_id": True}])
def test_an_invalid_project_is_an_error(
    harbor: Harbor, monkeypatch: pytest.MonkeyPatch, project: object
) -> None:
    monkeypatch.setattr(harbor, "_project", lambda *_, **__: web.json_response(project))
    with pytest.raises(IssuerError, match=r"^could not find project team: .* unexpected response"):
        Issuer(harbor).list_credentials()


def test_an_unsafe_url_is_rejected(harbor: Harbor) -> None:
    """The password is not sent without TLS."""
    with pytest.raises(IssuerError, match=r"^`generate\.url` must be an https URL"):
        Issuer(harbor, options={**PROJECT, "url": "http://harbor.example.com"}).create(())
    assert harbor.requests == []


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("username", b"", "`generate.username` is empty"),
        ("username", b"us:er", "`generate.username` contains a colon"),
        ("username", b"user\n", "`generate.username` has a line break"),
        ("password", b"", "`generate.password` is empty"),
        ("password", b"Secret-123456\n", "`generate.password` has a line break"),
    ],
)
def test_a_value_that_cannot_be_sent_is_rejected(
    harbor: Harbor, key: str, value: bytes, message: str
) -> None:
    issuer = Issuer(harbor, values={key: value})
    with pytest.raises(IssuerError) as caught:
        issuer.list_credentials()
    assert str(caught.value).startswith(message)
    assert "Secret" not in str(caught.value)
    assert harbor.requests == []


def test_values_can_contain_any_letter(harbor: Harbor) -> None:
    """A robot's name contains `$`, and a password can have letters outside ASCII."""
    harbor.username, harbor.password = "robot$rotator", "Pässwort-12345"
    issuer = Issuer(harbor)
    assert issuer.create(()).id in ids(issuer)


def test_the_repository_must_be_known(harbor: Harbor) -> None:
    """Without it, a robot of another repository could be mistaken for ours."""
    with pytest.raises(IssuerError, match=r"^GITHUB_REPOSITORY is not set"):
        Issuer(harbor, repository="").create(())
    assert harbor.live() == []
