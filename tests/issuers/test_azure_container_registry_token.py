"""Passwords of a token of an Azure container registry, against a server that follows Azure's API."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiohttp import web

from codespaces_registry_secrets.generate import azure_resource_manager
from codespaces_registry_secrets.generate.azure import AzureContainerRegistryToken
from codespaces_registry_secrets.generate.issuer import IssuerError, NoIdTokenError
from codespaces_registry_secrets.model.generator import IssuedCredential
from issuers.azure import (
    GROUP,
    OPTIONS,
    REGISTRY,
    REGISTRY_ID,
    SUBSCRIPTION,
    TENANT,
    TOKEN,
    TOKEN_ID,
    AzureServer,
)
from issuers.contexts import Masks, context
from issuers.id_tokens import IMMUTABLE_SUBJECT, IdTokens
from registry.proxy import Proxy
from sandboxed_action import Clock

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
LAST_DAY = datetime(9999, 12, 31, tzinfo=UTC)
SIGN_IN = f"POST /{TENANT}/oauth2/v2.0/token"
READ, UPDATE = f"GET {TOKEN_ID}", f"PATCH {TOKEN_ID}"
GENERATE = f"POST {REGISTRY_ID}/generateCredentials"


@pytest.fixture
def clock() -> Clock:
    """Azure's time."""
    return Clock(NOW)


@pytest.fixture
def azure(id_tokens: IdTokens, clock: Clock) -> Iterator[AzureServer]:
    """Entra, Azure Resource Manager and the registry."""
    with AzureServer(id_tokens, clock) as server:
        yield server


def make_issuer(
    azure: AzureServer,
    id_tokens: IdTokens,
    masks: Masks,
    options: Mapping[str, str] = OPTIONS,
    environ: Mapping[str, str] | None = None,
    *,
    expires_in: timedelta | None = timedelta(days=90),
) -> AzureContainerRegistryToken:
    return AzureContainerRegistryToken(
        context(
            "azure-container-registry-token",
            options,
            {**id_tokens.environment, **azure.environment} if environ is None else environ,
            masks,
            registry_name=REGISTRY,
            expires_in=expires_in,
        )
    )


@pytest.fixture
def issuer(azure: AzureServer, id_tokens: IdTokens, masks: Masks) -> AzureContainerRegistryToken:
    """The issuer."""
    return make_issuer(azure, id_tokens, masks)


def test_a_new_issuer_sends_no_request(
    azure: AzureServer, issuer: AzureContainerRegistryToken, id_tokens: IdTokens
) -> None:
    """Not even for an ID token."""
    assert issuer.limit == azure.limit == 2
    assert not issuer.can_disable
    assert azure.requests == []
    assert id_tokens.issued == []


def test_a_token_without_passwords_has_none(
    azure: AzureServer, issuer: AzureContainerRegistryToken
) -> None:
    """Its `credentials` are missing."""
    assert issuer.list_credentials() == ()
    assert azure.requests == [SIGN_IN, READ]


@pytest.mark.parametrize("polls", [0, 1, 3], ids=["at once", "one poll", "three polls"])
@pytest.mark.parametrize("async_operation", [False, True])
@pytest.mark.parametrize("has_creation_time", [False, True])
def test_a_new_password_is_accepted_and_listed_under_its_id(
    azure: AzureServer,
    issuer: AzureContainerRegistryToken,
    polls: int,
    async_operation: bool,
    has_creation_time: bool,
) -> None:
    """However Azure delivers the result."""
    azure.polls, azure.async_operation = polls, async_operation
    azure.has_creation_time = has_creation_time
    new = issuer.create(())
    assert azure.accepts(new.username, new.password.get_secret_value())
    assert new.username == TOKEN
    assert (new.created, new.expires) == (NOW, NOW + timedelta(days=90))
    assert new.id == "password1@2026-11-29T12:00:00Z"
    assert issuer.list_credentials() == (
        IssuedCredential(new.id, created=new.created, expires=new.expires),
    )
    assert azure.requests.count(GENERATE) == 1


def polls(azure: AzureServer) -> list[str]:
    return [line for line in azure.requests if "/operationStatuses/" in line]


def test_the_result_is_requested_once_the_operation_is_finished(
    azure: AzureServer, issuer: AzureContainerRegistryToken
) -> None:
    """Until then, its state is polled."""
    azure.polls, azure.async_operation = 2, True
    issuer.create(())
    state, result = dict.fromkeys(polls(azure))
    assert polls(azure) == [state] * 3 + [result] * 3


def test_the_state_of_an_operation_can_have_the_result(
    azure: AzureServer, issuer: AzureContainerRegistryToken
) -> None:
    """Then no other address is polled."""
    azure.result_in_state = True
    new = issuer.create(())
    assert azure.accepts(new.username, new.password.get_secret_value())
    assert len(set(polls(azure))) == 1


@pytest.mark.parametrize("retry_after", [None, "Sun, 29 Nov 2026 12:00:01 GMT"])
def test_an_operation_is_polled_even_if_azure_does_not_say_in_how_many_seconds(
    azure: AzureServer,
    issuer: AzureContainerRegistryToken,
    monkeypatch: pytest.MonkeyPatch,
    retry_after: str | None,
) -> None:
    """The header is missing, or it is a date."""
    monkeypatch.setattr(azure_resource_manager, "_POLL_SECONDS", 0.01)
    azure.retry_after = retry_after
    new = issuer.create(())
    assert azure.accepts(new.username, new.password.get_secret_value())


class WithLocation(AzureServer):
    """Names the resource in the response to a creation that is finished."""

    async def respond(self, request: web.Request) -> web.StreamResponse:
        response = await super().respond(request)
        if request.method == "POST":
            response.headers["Location"] = f"{self.url}{TOKEN_ID}"
        return response


def test_a_finished_creation_is_not_polled(id_tokens: IdTokens, masks: Masks, clock: Clock) -> None:
    """The header `Location` is the address of an operation only if the status is 202."""
    with WithLocation(id_tokens, clock) as azure:
        azure.polls = 0
        new = make_issuer(azure, id_tokens, masks).create(())
        assert azure.accepts(new.username, new.password.get_secret_value())
        assert azure.requests == [SIGN_IN, READ, GENERATE]


def test_the_other_password_in_the_response_is_not_used(
    azure: AzureServer, issuer: AzureContainerRegistryToken
) -> None:
    """Only the one of the slot that was requested."""
    passwords = [
        {"name": name, "value": f"value-of-{name}", "creationTime": "2026-11-29T12:00:00Z"}
        for name in ("password2", "password1")
    ]
    azure.errors["/generateCredentials"] = (200, {"username": TOKEN, "passwords": passwords})
    new = issuer.create(())
    assert new.id.startswith("password1@")
    assert new.password.get_secret_value() == "value-of-password1"


@pytest.fixture
def _zone_of_new_york(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "America/New_York")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.usefixtures("_zone_of_new_york")
def test_the_time_zone_of_the_runner_does_not_matter(
    azure: AzureServer, issuer: AzureContainerRegistryToken
) -> None:
    """The times in ids and requests are in UTC."""
    new = issuer.create(())
    assert new.id == "password1@2026-11-29T12:00:00Z"
    assert azure.slots["password1"].expires == NOW + timedelta(days=90)


def test_a_password_without_expiry_does_not_expire(
    azure: AzureServer, id_tokens: IdTokens, masks: Masks, clock: Clock
) -> None:
    """Azure gets no expiry either."""
    issuer = make_issuer(azure, id_tokens, masks, expires_in=None)
    new = issuer.create(())
    clock.now += timedelta(days=9999)
    assert new.expires is None
    assert azure.accepts(new.username, new.password.get_secret_value())


def test_a_password_until_the_year_9999_does_not_expire(
    azure: AzureServer, id_tokens: IdTokens, masks: Masks
) -> None:
    """No duration can be added to its expiry, which no password lives to see."""
    issuer = make_issuer(azure, id_tokens, masks, expires_in=None)
    issuer.create(())
    azure.slots["password1"].expires = LAST_DAY
    assert [listed.expires for listed in issuer.list_credentials()] == [None]


def test_a_new_password_can_be_rejected_at_first(
    azure: AzureServer, issuer: AzureContainerRegistryToken
) -> None:
    """The registry accepts it some logins later."""
    azure.settling = 2
    new = issuer.create(())
    value = new.password.get_secret_value()
    assert [azure.accepts(new.username, value) for _ in range(4)] == [False, False, True, True]


def test_the_second_password_leaves_the_first_as_it_is(
    azure: AzureServer, issuer: AzureContainerRegistryToken
) -> None:
    """Azure would replace both if the request did not name one."""
    first = issuer.create(issuer.list_credentials())
    second = issuer.create(issuer.list_credentials())
    assert azure.live() == [first.id, second.id]
    for new in (first, second):
        assert azure.accepts(new.username, new.password.get_secret_value())


def test_a_new_password_takes_the_empty_slot(
    azure: AzureServer, issuer: AzureContainerRegistryToken
) -> None:
    """Whichever it is."""
    first = azure.make_by_hand()
    second = azure.make_by_hand()
    issuer.delete(first)
    new = issuer.create(issuer.list_credentials())
    assert new.id.startswith("password1@")
    assert azure.live() == [second, new.id]


def test_a_password_that_was_made_after_the_list_is_not_replaced(
    azure: AzureServer, issuer: AzureContainerRegistryToken
) -> None:
    """The token is read again before a password is created."""
    existing = issuer.list_credentials()
    by_hand = azure.make_by_hand()
    new = issuer.create(existing)
    assert azure.live() == [by_hand, new.id]


def test_a_slot_that_the_list_holds_is_not_used_even_if_it_is_empty_now(
    azure: AzureServer, issuer: AzureContainerRegistryToken
) -> None:
    """A list can be newer than the next read."""
    listed = IssuedCredential("password1@2026-11-29T11:00:00Z", created=NOW)
    assert issuer.create([listed]).id.startswith("password2@")
    other = IssuedCredential("password2@2026-11-29T11:00:00Z", created=NOW)
    with pytest.raises(IssuerError, match="has two, which is the limit"):
        issuer.create([listed, other])


def test_two_live_passwords_are_the_limit(
    azure: AzureServer, issuer: AzureContainerRegistryToken
) -> None:
    """The message says how to delete one."""
    ids = [azure.make_by_hand(), azure.make_by_hand()]
    with pytest.raises(IssuerError, match="`az acr token credential delete`"):
        issuer.create(())
    assert azure.live() == ids
    assert GENERATE not in azure.requests


def test_an_expired_password_is_listed_and_replaced(
    azure: AzureServer, issuer: AzureContainerRegistryToken, clock: Clock
) -> None:
    """It is dead, and a live one stays."""
    expired = issuer.create(())
    by_hand = azure.make_by_hand()
    clock.now = NOW + timedelta(days=90)
    existing = issuer.list_credentials()
    assert {one.id: one.expires for one in existing} == {expired.id: clock.now, by_hand: None}
    assert {one.id: one.replaceable for one in existing} == {expired.id: True, by_hand: False}
    new = issuer.create(existing)
    assert azure.live() == [by_hand, new.id]
    assert new.id != expired.id


def test_an_expired_password_is_not_replaced_while_a_slot_is_empty(
    azure: AzureServer, issuer: AzureContainerRegistryToken, clock: Clock
) -> None:
    """It is left for its deletion."""
    expired = issuer.create(())
    clock.now = NOW + timedelta(days=91)
    new = issuer.create(issuer.list_credentials())
    assert azure.live() == [expired.id, new.id]


def test_a_slot_whose_expired_password_was_replaced_by_hand_is_not_used(
    azure: AzureServer, issuer: AzureContainerRegistryToken, clock: Clock
) -> None:
    """Its password is live, whatever the list says."""
    first = issuer.create(())
    azure.make_by_hand()
    clock.now = NOW + timedelta(days=90)
    existing = issuer.list_credentials()
    issuer.delete(first.id)
    azure.make_by_hand()
    with pytest.raises(IssuerError, match="has two, which is the limit"):
        issuer.create(existing)


@pytest.mark.parametrize("polls", [0, 1])
def test_a_deletion_keeps_the_other_password(
    azure: AzureServer, issuer: AzureContainerRegistryToken, polls: int
) -> None:
    """With its value."""
    azure.polls = polls
    first, second = issuer.create(()), issuer.create(())
    issuer.delete(first.id)
    assert azure.live() == [second.id]
    assert azure.accepts(second.username, second.password.get_secret_value())
    assert not azure.accepts(first.username, first.password.get_secret_value())
    issuer.delete(second.id)
    assert azure.live() == []


def test_a_deletion_of_a_former_password_of_a_slot_does_nothing(
    azure: AzureServer, issuer: AzureContainerRegistryToken
) -> None:
    """The slot has a new password, which another id stands for."""
    former = issuer.create(())
    issuer.delete(former.id)
    new = issuer.create(())
    assert new.id.partition("@")[0] == former.id.partition("@")[0]
    updates = azure.requests.count(UPDATE)
    issuer.delete(former.id)
    issuer.delete("password2@2026-01-01T00:00:00Z")
    assert azure.live() == [new.id]
    assert azure.requests.count(UPDATE) == updates


def test_a_password_cannot_be_disabled_and_its_use_is_unknown(
    azure: AzureServer, issuer: AzureContainerRegistryToken
) -> None:
    """Azure disables whole tokens, and has no time of last use."""
    new = issuer.create(())
    with pytest.raises(IssuerError, match="cannot be disabled, only deleted"):
        issuer.disable(new.id)
    assert issuer.unused_for(new.id) is None
    assert azure.accepts(new.username, new.password.get_secret_value())


def test_a_password_of_a_disabled_token_is_not_created(
    azure: AzureServer, issuer: AzureContainerRegistryToken
) -> None:
    """The registry would reject it."""
    azure.status = "disabled"
    with pytest.raises(
        IssuerError,
        match=r"could not create a password of .*: the token is disabled, so none of its passwords is "
        r"accepted; enable it with `az acr token update --status enabled`",
    ):
        issuer.create(())
    assert azure.live() == []


def test_every_secret_is_masked(
    azure: AzureServer, issuer: AzureContainerRegistryToken, id_tokens: IdTokens, masks: Masks
) -> None:
    """The ID token and the access token, which are kept for the run, and the password."""
    new = issuer.create(issuer.list_credentials())
    assert new.password.get_secret_value() in masks.secrets
    assert {*id_tokens.issued, *azure.access_tokens, *azure.values} <= set(masks.secrets)
    assert len(id_tokens.issued) == len(azure.access_tokens) == 1
    assert new.password.get_secret_value() not in repr(new)


def test_an_access_token_is_renewed_before_it_expires(
    azure: AzureServer, issuer: AzureContainerRegistryToken, id_tokens: IdTokens
) -> None:
    """With a new ID token, because that one expires earlier."""
    azure.token_lifetime = 60
    issuer.list_credentials()
    issuer.list_credentials()
    assert len(set(id_tokens.issued)) == len(set(azure.access_tokens)) == 2


def test_both_forms_of_the_subject_can_be_trusted(
    azure: AzureServer, issuer: AzureContainerRegistryToken, id_tokens: IdTokens
) -> None:
    """Repositories that are new or were renamed have the second one."""
    id_tokens.subject = IMMUTABLE_SUBJECT
    with pytest.raises(IssuerError, match=r"AADSTS700213.*federated credential") as caught:
        issuer.list_credentials()
    assert IMMUTABLE_SUBJECT in str(caught.value)
    azure.trusted.add(IMMUTABLE_SUBJECT)
    assert issuer.list_credentials() == ()


@pytest.mark.parametrize(
    ("message", "advice"),
    [
        ("AADSTS700016: Application was not found in the directory", "check `tenant` and `client"),
        ("AADSTS90002: Tenant not found", "check `tenant` and `client-id`"),
        ("AADSTS53003: Access has been blocked", "conditional access policy"),
        ("AADSTS7000222: something else", "`client-id` and the federated credential"),
    ],
)
def test_a_rejected_sign_in_has_advice(
    azure: AzureServer, issuer: AzureContainerRegistryToken, message: str, advice: str
) -> None:
    """By the code of the error; it is sent once."""
    azure.errors["oauth2/v2.0/token"] = (
        400,
        {"error": "invalid_request", "error_description": message},
    )
    with pytest.raises(IssuerError, match=f"could not sign in to Azure: .*{message}.*{advice}"):
        issuer.list_credentials()
    assert azure.requests == [SIGN_IN]


def test_a_job_without_id_token_is_told_the_permission(
    azure: AzureServer, id_tokens: IdTokens, masks: Masks
) -> None:
    """Nothing is sent to Azure."""
    issuer = make_issuer(azure, id_tokens, masks, environ=azure.environment)
    with pytest.raises(NoIdTokenError, match="`id-token: write`"):
        issuer.list_credentials()
    assert azure.requests == []


@pytest.mark.parametrize(
    ("permission", "call"),
    [
        ("tokens/read", "list"),
        ("generateCredentials/action", "create"),
        ("tokens/write", "delete"),
        ("operationStatuses/read", "create"),
    ],
)
def test_a_missing_permission_is_named(
    azure: AzureServer, issuer: AzureContainerRegistryToken, permission: str, call: str
) -> None:
    """With Azure's own reason."""
    by_hand = azure.make_by_hand()
    azure.permissions.remove(permission)
    calls: dict[str, Callable[[], object]] = {
        "list": issuer.list_credentials,
        "create": lambda: issuer.create(()),
        "delete": lambda: issuer.delete(by_hand),
    }
    with pytest.raises(IssuerError, match=r"does not have authorization") as caught:
        calls[call]()
    assert f"a role with `Microsoft.ContainerRegistry/registries/{permission}`" in str(caught.value)


def error(code: str) -> Mapping[str, object]:
    return {"error": {"code": code, "message": f"This is {code}."}}


@pytest.mark.parametrize(
    ("status", "code", "advice"),
    [
        (403, "RequestDisallowedByPolicy", "a policy of the subscription forbids it"),
        (409, "ScopeLocked", "remove the lock"),
        (409, "Conflict", "another operation on the registry is running"),
        (401, "InvalidAuthenticationTokenTenant", "`tenant` is the tenant of the subscription"),
        (404, "ResourceNotFound", "check `subscription`, `resource-group`, `name` and `token`"),
        (400, "BadRequest", "see docs/generate/azure-container-registry-token.md"),
        (429, "TooManyRequests", "run again later"),
        (503, "ServiceUnavailable", "run again later"),
    ],
)
def test_a_rejected_creation_has_the_reason_and_is_sent_once(
    azure: AzureServer,
    issuer: AzureContainerRegistryToken,
    status: int,
    code: str,
    advice: str,
) -> None:
    """Even if the same request can succeed later: it could be carried out twice."""
    azure.errors["/generateCredentials"] = (status, error(code))
    with pytest.raises(IssuerError, match=f"{status}: This is {code}.*{advice}"):
        issuer.create(())
    assert azure.requests.count(GENERATE) == 1


def test_an_error_without_a_code_has_general_advice(
    azure: AzureServer, issuer: AzureContainerRegistryToken
) -> None:
    """Its body is not even an object."""
    azure.errors["/generateCredentials"] = (400, ["bad"])
    with pytest.raises(IssuerError, match=r"see docs/generate/azure-container-registry-token\.md"):
        issuer.create(())


@pytest.mark.parametrize(
    ("line", "fault"), [(SIGN_IN, 503), (SIGN_IN, "after"), (READ, 429), (READ, "before")]
)
def test_a_read_is_repeated_after_a_fault(
    azure: AzureServer, issuer: AzureContainerRegistryToken, line: str, fault: Any
) -> None:
    """Twice at most."""
    azure.on_request = lambda this: (
        fault if azure.requests.count(this) < 3 and this == line else None
    )
    assert issuer.list_credentials() == ()
    assert azure.requests.count(line) == 3


def test_an_outage_ends_after_three_attempts(
    azure: AzureServer, issuer: AzureContainerRegistryToken
) -> None:
    """And is told as one."""
    azure.on_request = lambda line: "before" if line == READ else None
    with pytest.raises(
        IssuerError, match=f"could not read token `{TOKEN}` of registry `{REGISTRY}`: "
    ):
        issuer.list_credentials()
    assert azure.requests.count(READ) == 3


def test_a_lost_response_to_a_creation_is_an_error_and_the_next_list_shows_the_password(
    azure: AzureServer, issuer: AzureContainerRegistryToken
) -> None:
    """The request is not repeated, because that would take the second slot."""
    azure.on_request = lambda line: "after" if line == GENERATE else None
    with pytest.raises(IssuerError, match="could not create a password of"):
        issuer.create(())
    assert [credential.id for credential in issuer.list_credentials()] == azure.live()
    assert len(azure.live()) == 1


def test_a_redirect_is_not_followed_or_repeated(
    azure: AzureServer, issuer: AzureContainerRegistryToken
) -> None:
    """The identity of the job would go to another host."""
    azure.redirects[f"GET {TOKEN_ID}"] = "https://example.com/"
    with pytest.raises(IssuerError, match="redirects to another address, which is not followed"):
        issuer.list_credentials()
    assert azure.requests == [SIGN_IN, READ]


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        ({"status": "Failed", **error("ReplicationFailed")}, "Failed: This is ReplicationFailed"),
        ({"status": "Canceled"}, "Canceled"),
    ],
)
def test_a_failed_operation_is_an_error(
    azure: AzureServer,
    issuer: AzureContainerRegistryToken,
    state: Mapping[str, object],
    reason: str,
) -> None:
    """With the reason of Azure, if it has one."""
    by_hand = azure.make_by_hand()
    azure.operation_state = state
    with pytest.raises(
        IssuerError,
        match=rf"could not delete a password of .*ended \({reason}\); run again later$",
    ):
        issuer.delete(by_hand)


def test_an_operation_that_takes_too_long_is_an_error(
    azure: AzureServer, issuer: AzureContainerRegistryToken
) -> None:
    """It does not wait for hours because a header says so."""
    azure.retry_after = "3600"
    with pytest.raises(IssuerError, match=r"did not finish it within 120 s; run again later$"):
        issuer.create(())


def test_the_access_token_is_sent_to_no_other_host(
    azure: AzureServer, issuer: AzureContainerRegistryToken, id_tokens: IdTokens
) -> None:
    """An operation on another host is not polled."""
    with AzureServer(id_tokens) as other:
        azure.operation_host = other.url
        with pytest.raises(IssuerError, match="returned an unexpected response"):
            issuer.create(())
        assert other.requests == []


@pytest.mark.parametrize("variable", ["AZURE_AUTHORITY_HOST", "AZURE_RESOURCE_MANAGER_URL"])
def test_an_endpoint_that_is_not_safe_gets_no_request(
    azure: AzureServer, id_tokens: IdTokens, masks: Masks, variable: str
) -> None:
    """The identity of the job would be readable on the way."""
    environ = {**id_tokens.environment, **azure.environment, variable: "http://example.com"}
    issuer = make_issuer(azure, id_tokens, masks, environ=environ)
    with pytest.raises(IssuerError, match=f"{variable} must be an https URL"):
        issuer.list_credentials()
    assert azure.requests == []


def test_the_endpoints_of_azure(
    azure: AzureServer, id_tokens: IdTokens, masks: Masks, proxy: Proxy
) -> None:
    """Without variables, requests are sent to the public cloud."""
    azure.errors["oauth2/v2.0/token"] = (200, {"access_token": "entra", "expires_in": 3600})
    for variable in azure.environment:
        environ = {**id_tokens.environment, **azure.environment}
        del environ[variable]
        issuer = make_issuer(azure, id_tokens, masks, environ=environ)
        with pytest.raises(IssuerError, match="through the configured proxy"):
            issuer.list_credentials()
    assert [line.split()[1] for line in proxy.requests] == [
        *["login.microsoftonline.com:443"] * 3,
        *["management.azure.com:443"] * 3,
    ]


@pytest.mark.parametrize("option", ["tenant", "subscription", "resource-group", "token"])
@pytest.mark.parametrize("value", ["..", ".", ""])
def test_a_name_cannot_change_the_path(
    azure: AzureServer, id_tokens: IdTokens, masks: Masks, option: str, value: str
) -> None:
    """It is rejected before it is sent."""
    issuer = make_issuer(azure, id_tokens, masks, {**OPTIONS, option: value})
    with pytest.raises(IssuerError, match="is not a name that an issuer accepts"):
        issuer.list_credentials()
    assert not [line for line in azure.requests if line != SIGN_IN]


def test_a_name_with_a_slash_stays_one_segment(
    azure: AzureServer, id_tokens: IdTokens, masks: Masks
) -> None:
    """The server gets it as a part of the name of the token."""
    issuer = make_issuer(azure, id_tokens, masks, {**OPTIONS, "token": "a/../../b?c"})
    with pytest.raises(IssuerError, match=r"404"):
        issuer.list_credentials()
    assert azure.requests[-1] == f"GET {REGISTRY_ID}/tokens/a/../../b?c"


BAD_TOKENS: tuple[object, ...] = (
    [],
    {},
    {"properties": None},
    {"properties": {"status": "unknown"}},
    {"properties": {"credentials": {"passwords": [{"name": "password1"}]}}},
    {"properties": {"credentials": {"passwords": [{"creationTime": "2026-01-01T00:00:00Z"}]}}},
    {"properties": {"credentials": {"passwords": [{"name": "p", "creationTime": "2026-01-01"}]}}},
)


@pytest.mark.parametrize("content", BAD_TOKENS)
def test_a_malformed_token_is_an_error(
    azure: AzureServer, issuer: AzureContainerRegistryToken, content: Any
) -> None:
    """A slot that seemed to be empty would be overwritten."""
    azure.errors[f"/tokens/{TOKEN}"] = (200, content)
    with pytest.raises(IssuerError, match="returned an unexpected response"):
        issuer.list_credentials()
    with pytest.raises(IssuerError, match="returned an unexpected response"):
        issuer.create(())
    assert GENERATE not in azure.requests


@pytest.mark.parametrize(
    "content",
    [
        [],
        {"username": TOKEN},
        {"username": "", "passwords": []},
        {"username": TOKEN, "passwords": [{"name": "password2", "value": "other-secret-value"}]},
        {"username": "", "passwords": [{"name": "password1", "value": "other-secret-value"}]},
        {"username": TOKEN, "passwords": [{"name": "password1", "value": ""}]},
        {"username": TOKEN, "passwords": [{"name": "password1", "value": 7}]},
    ],
)
def test_a_malformed_new_password_is_an_error(
    azure: AzureServer, issuer: AzureContainerRegistryToken, masks: Masks, content: Any
) -> None:
    """What could be secret in it is masked, and in no message."""
    azure.errors["/generateCredentials"] = (200, content)
    with pytest.raises(IssuerError, match="returned an unexpected response") as caught:
        issuer.create(())
    assert "other-secret-value" not in str(caught.value)
    assert ("other-secret-value" in masks.secrets) == ("other-secret-value" in str(content))


def test_a_new_password_that_is_not_in_the_token_is_an_error(
    azure: AzureServer, issuer: AzureContainerRegistryToken
) -> None:
    """It has no id without its creation time."""
    azure.has_creation_time = False

    def hide_passwords(line: str) -> None:
        if line == GENERATE:
            azure.errors[f"GET {TOKEN_ID}"] = (200, {"properties": {}})

    azure.on_request = hide_passwords
    with pytest.raises(IssuerError, match="returned an unexpected response"):
        issuer.create(())


class WithoutDate(AzureServer):
    def _with_date(self, response: web.StreamResponse) -> web.StreamResponse:
        response.headers["Date"] = "today"
        return response


def test_a_response_without_a_date_is_an_error(id_tokens: IdTokens, masks: Masks) -> None:
    """Whether a password has expired is a question of Azure's clock, not of the runner's."""
    with WithoutDate(id_tokens) as azure:
        issuer = make_issuer(azure, id_tokens, masks)
        with pytest.raises(IssuerError, match="sends no header `Date`, so its time is unknown"):
            issuer.list_credentials()


@pytest.mark.parametrize("content", [None, {}, {"access_token": "", "expires_in": 1}, "text"])
def test_a_malformed_access_token_is_an_error(
    azure: AzureServer, issuer: AzureContainerRegistryToken, content: Any
) -> None:
    """Nothing is sent with it."""
    azure.errors["oauth2/v2.0/token"] = (200, content)
    with pytest.raises(
        IssuerError, match=r"could not sign in to Azure: .* returned an unexpected response"
    ):
        issuer.list_credentials()
    assert azure.requests == [SIGN_IN]


def test_an_error_that_repeats_the_identity_is_redacted(
    azure: AzureServer, issuer: AzureContainerRegistryToken, id_tokens: IdTokens
) -> None:
    """The ID token, and the access token."""
    azure.errors["/generateCredentials"] = (400, {"error": {"message": "?"}})
    issuer.list_credentials()
    for secret in (id_tokens.issued[0], azure.access_tokens[0]):
        azure.errors["/generateCredentials"] = (400, {"error": {"message": f"got {secret}"}})
        with pytest.raises(IssuerError, match="not shown because it repeats") as caught:
            issuer.create(())
        assert secret not in str(caught.value)


def test_the_server_rejects_what_azure_rejects(
    azure: AzureServer, id_tokens: IdTokens, masks: Masks
) -> None:
    """A wrong client, and a wrong resource."""
    wrong_client = make_issuer(azure, id_tokens, masks, {**OPTIONS, "client-id": "another"})
    with pytest.raises(IssuerError, match="AADSTS900144"):
        wrong_client.list_credentials()
    for option, value in (
        ("subscription", SUBSCRIPTION[::-1][:-1]),
        ("resource-group", GROUP + "x"),
    ):
        issuer = make_issuer(azure, id_tokens, masks, {**OPTIONS, option: value})
        with pytest.raises(IssuerError, match="404"):
            issuer.list_credentials()
