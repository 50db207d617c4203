"""Keys of a service account of Google Cloud, against a server that follows Google's APIs."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from codespaces_registry_secrets.generate.google import GoogleServiceAccountKey
from codespaces_registry_secrets.generate.issuer import IssuerError, NoIdTokenError
from codespaces_registry_secrets.model.generator import IssuedCredential
from issuers.contexts import Masks, context
from issuers.google import ACCOUNT, OPTIONS, PROJECT, THROUGH, GoogleServer, private_key
from issuers.id_tokens import IMMUTABLE_SUBJECT, IdTokens
from registry.proxy import Proxy
from sandboxed_action import Clock

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
EXCHANGE = "POST /v1/token"
KEYS = f"/v1/projects/-/serviceAccounts/{ACCOUNT}/keys"
LIST, CREATE = f"GET {KEYS}", f"POST {KEYS}"
IMPERSONATE = f"POST /v1/projects/-/serviceAccounts/{THROUGH}:generateAccessToken"
UNEXPECTED = "returned an unexpected response"


@pytest.fixture
def clock() -> Clock:
    """Google's time."""
    return Clock(NOW)


@pytest.fixture
def google(id_tokens: IdTokens, clock: Clock) -> Iterator[GoogleServer]:
    """Google's services, and the registry."""
    with GoogleServer(id_tokens, clock) as server:
        yield server


def make_issuer(
    google: GoogleServer,
    id_tokens: IdTokens,
    masks: Masks,
    options: Mapping[str, str] = OPTIONS,
    environ: Mapping[str, str] | None = None,
) -> GoogleServiceAccountKey:
    environment = {**id_tokens.environment, **google.environment} if environ is None else environ
    return GoogleServiceAccountKey(
        context("google-service-account-key", options, environment, masks)
    )


@pytest.fixture
def issuer(google: GoogleServer, id_tokens: IdTokens, masks: Masks) -> GoogleServiceAccountKey:
    """The issuer."""
    return make_issuer(google, id_tokens, masks)


def test_a_new_issuer_sends_no_request(
    google: GoogleServer, issuer: GoogleServiceAccountKey, id_tokens: IdTokens
) -> None:
    """Not even for an ID token."""
    assert issuer.limit == google.limit == 10
    assert issuer.can_disable
    assert google.requests == []
    assert id_tokens.issued == []


def test_an_account_without_keys_has_none(
    google: GoogleServer, issuer: GoogleServiceAccountKey
) -> None:
    """Keys that Google manages do not count."""
    assert issuer.list_credentials() == ()
    assert google.requests == [EXCHANGE, LIST]


def test_a_new_key_is_accepted_and_listed(
    google: GoogleServer, issuer: GoogleServiceAccountKey
) -> None:
    """Its password is the key file in base64, and it does not expire."""
    new = issuer.create(issuer.list_credentials())
    password = new.password.get_secret_value()
    assert google.accepts(new.username, password)
    assert json.loads(b64decode(password))["client_email"] == ACCOUNT
    assert (new.created, new.expires) == (NOW, None)
    assert issuer.list_credentials() == (IssuedCredential(new.id, created=NOW),)
    assert google.requests.count(CREATE) == 1


def test_a_new_key_can_be_rejected_at_first(
    google: GoogleServer, issuer: GoogleServiceAccountKey
) -> None:
    """The registry accepts it some logins later."""
    google.settling = 2
    new = issuer.create(())
    password = new.password.get_secret_value()
    assert [google.accepts(new.username, password) for _ in range(4)] == [False, False, True, True]


def test_a_policy_can_give_keys_an_expiry(
    google: GoogleServer, issuer: GoogleServiceAccountKey, clock: Clock
) -> None:
    """An expired key is listed, because it still counts."""
    google.key_lifetime = timedelta(days=30)
    new = issuer.create(())
    assert new.expires == NOW + timedelta(days=30)
    clock.now = NOW + timedelta(days=30)
    expired = IssuedCredential(new.id, created=NOW, expires=new.expires)
    assert issuer.list_credentials() == (expired,)
    assert not google.accepts(new.username, new.password.get_secret_value())


def test_a_new_key_changes_no_other(google: GoogleServer, issuer: GoogleServiceAccountKey) -> None:
    """Up to the limit of the account; disabled ones count."""
    made = [issuer.create(()) for _ in range(9)]
    issuer.disable(made[0].id)
    made.append(issuer.create(issuer.list_credentials()))
    assert [credential.id for credential in issuer.list_credentials()] == [new.id for new in made]
    with pytest.raises(IssuerError, match="has at most 10 keys; delete those"):
        issuer.create(issuer.list_credentials())
    assert len(google.live()) == 10
    for new in made[1:]:
        assert google.accepts(new.username, new.password.get_secret_value())


def test_a_disabled_key_is_rejected_and_listed(
    google: GoogleServer, issuer: GoogleServiceAccountKey
) -> None:
    """It can be enabled again, and it can be disabled twice."""
    new, other = issuer.create(()), issuer.create(())
    issuer.disable(new.id)
    issuer.disable(new.id)
    assert not google.accepts(new.username, new.password.get_secret_value())
    assert google.accepts(other.username, other.password.get_secret_value())
    disabled = {credential.id: credential.disabled for credential in issuer.list_credentials()}
    assert disabled == {new.id: True, other.id: False}


def test_a_deleted_key_is_gone(google: GoogleServer, issuer: GoogleServiceAccountKey) -> None:
    """The others stay."""
    new, other = issuer.create(()), issuer.create(())
    issuer.delete(new.id)
    assert google.live() == [other.id]
    assert google.requests[-1] == (
        f"DELETE /v1/projects/{PROJECT}/serviceAccounts/{ACCOUNT}/keys/{new.id}"
    )


def test_a_key_that_does_not_exist_is_not_changed(
    google: GoogleServer, issuer: GoogleServiceAccountKey
) -> None:
    """With a wildcard for the project, Google would respond as for a missing permission."""
    by_hand = google.make_by_hand()
    issuer.delete("0" * 40)
    issuer.disable("0" * 40)
    assert google.live() == [by_hand]
    assert google.requests == [EXCHANGE, LIST, LIST]


@pytest.mark.parametrize("change", ["disable", "delete"])
def test_a_key_that_is_deleted_meanwhile_is_no_error(
    google: GoogleServer, issuer: GoogleServiceAccountKey, change: str
) -> None:
    """Nobody can use it any more."""
    by_hand = google.make_by_hand()
    google.on_request = lambda line: google.keys.clear() if by_hand in line else None
    getattr(issuer, change)(by_hand)
    assert by_hand in google.requests[-1]


def test_the_last_use_is_unknown(google: GoogleServer, issuer: GoogleServiceAccountKey) -> None:
    """The API of keys does not have it."""
    assert issuer.unused_for(google.make_by_hand()) is None


def test_every_secret_is_masked(
    google: GoogleServer,
    id_tokens: IdTokens,
    masks: Masks,
) -> None:
    """The ID token, both access tokens, the key file, and the private key in it."""
    google.principal, google.impersonated = THROUGH, {THROUGH}
    issuer = make_issuer(google, id_tokens, masks, {**OPTIONS, "through": THROUGH})
    new = issuer.create(issuer.list_credentials())
    password = new.password.get_secret_value()
    assert {password, private_key(password)} <= set(masks.secrets)
    assert {*id_tokens.issued, *google.access_tokens} <= set(masks.secrets)
    assert len(id_tokens.issued) == 1
    assert len(google.access_tokens) == 2
    assert password not in repr(new)


def test_an_account_is_impersonated_if_the_spec_names_one(
    google: GoogleServer, id_tokens: IdTokens, masks: Masks
) -> None:
    """Only that account has the permissions."""
    google.principal = THROUGH
    with pytest.raises(IssuerError, match=r"`iam.serviceAccountKeys.list` on the service account"):
        make_issuer(google, id_tokens, masks).list_credentials()
    issuer = make_issuer(google, id_tokens, masks, {**OPTIONS, "through": THROUGH})
    with pytest.raises(
        IssuerError,
        match=f"could not impersonate the service account {THROUGH}: .*"
        "a role with `iam.serviceAccounts.getAccessToken`",
    ):
        issuer.list_credentials()
    google.impersonated.add(THROUGH)
    assert issuer.list_credentials() == ()
    assert google.requests[-2:] == [IMPERSONATE, LIST]


def test_an_access_token_is_renewed_before_it_expires(
    google: GoogleServer, issuer: GoogleServiceAccountKey, id_tokens: IdTokens
) -> None:
    """With a new ID token, because that one expires earlier."""
    google.token_lifetime = 60
    issuer.list_credentials()
    issuer.list_credentials()
    assert len(set(id_tokens.issued)) == len(google.access_tokens) == 2


def test_both_forms_of_the_subject_can_be_trusted(
    google: GoogleServer, issuer: GoogleServiceAccountKey, id_tokens: IdTokens
) -> None:
    """Repositories that are new or were renamed have the second one."""
    id_tokens.subject = IMMUTABLE_SUBJECT
    with pytest.raises(IssuerError, match=r"rejected by the attribute condition.*must accept this"):
        issuer.list_credentials()
    google.trusted.add(IMMUTABLE_SUBJECT)
    assert issuer.list_credentials() == ()


def test_a_wrong_provider_is_told(google: GoogleServer, id_tokens: IdTokens, masks: Masks) -> None:
    """By the error of the exchange, which is sent once."""
    provider = "projects/1/locations/global/workloadIdentityPools/github/providers/other"
    issuer = make_issuer(
        google, id_tokens, masks, {**OPTIONS, "workload-identity-provider": provider}
    )
    with pytest.raises(
        IssuerError, match=r"could not sign in to Google Cloud: .*number of the project"
    ):
        issuer.list_credentials()
    assert google.requests == [EXCHANGE]


@pytest.mark.parametrize(
    ("code", "advice"),
    [
        ("invalid_grant", "no other allowed audiences"),
        ("invalid_request", "see docs/generate/google-service-account-key.md"),
    ],
)
def test_a_rejected_exchange_has_advice(
    google: GoogleServer, issuer: GoogleServiceAccountKey, code: str, advice: str
) -> None:
    """By its error code."""
    google.errors["/v1/token"] = (400, {"error": code, "error_description": "The reason."})
    with pytest.raises(IssuerError, match=f"400: The reason.*{advice}"):
        issuer.list_credentials()


def test_a_rejected_exchange_without_a_code_has_general_advice(
    google: GoogleServer, issuer: GoogleServiceAccountKey
) -> None:
    """Its body is not even an object."""
    google.errors["/v1/token"] = (400, ["bad"])
    with pytest.raises(IssuerError, match=r"see docs/generate/google-service-account-key\.md"):
        issuer.list_credentials()


def test_a_job_without_id_token_is_told_the_permission(
    google: GoogleServer, id_tokens: IdTokens, masks: Masks
) -> None:
    """Nothing is sent to Google."""
    issuer = make_issuer(google, id_tokens, masks, environ=google.environment)
    with pytest.raises(NoIdTokenError, match="`id-token: write`"):
        issuer.list_credentials()
    assert google.requests == []


@pytest.mark.parametrize("permission", ["list", "create", "disable", "delete"])
def test_a_missing_permission_is_named(
    google: GoogleServer, issuer: GoogleServiceAccountKey, permission: str
) -> None:
    """With Google's own reason."""
    by_hand = google.make_by_hand()
    google.permissions.remove(permission)
    calls: dict[str, Callable[[], object]] = {
        "list": issuer.list_credentials,
        "create": lambda: issuer.create(()),
        "disable": lambda: issuer.disable(by_hand),
        "delete": lambda: issuer.delete(by_hand),
    }
    with pytest.raises(IssuerError, match=r"denied on resource \(or it may not exist\)") as caught:
        calls[permission]()
    assert f"a role with `iam.serviceAccountKeys.{permission}`" in str(caught.value)
    assert google.live() == [by_hand]


@pytest.mark.parametrize(
    "policy",
    ["iam.disableServiceAccountKeyCreation", "iam.managed.disableServiceAccountKeyCreation"],
)
def test_a_policy_that_forbids_keys_is_told_as_such(
    google: GoogleServer, issuer: GoogleServiceAccountKey, policy: str
) -> None:
    """A permission or another run would not help."""
    google.policy = policy
    with pytest.raises(IssuerError, match="Key creation is not allowed") as caught:
        issuer.create(())
    assert f"{policy}" in str(caught.value)
    assert "ask who manages the policies for an exception" in str(caught.value)
    assert google.live() == []


def error(message: str, **fields: object) -> Mapping[str, object]:
    return {"error": {"message": message, **fields}}


@pytest.mark.parametrize(
    ("status", "content", "advice"),
    [
        (403, error("Off.", details=[{"reason": "SERVICE_DISABLED"}]), "enable this API in the"),
        (404, error("Unknown."), "check `service-account` and `through`"),
        (400, error("Bad."), "see docs/generate/google-service-account-key.md"),
        (400, error("Maximum number of keys on account reached."), "delete those that nothing"),
        (429, error("Quota."), "run again later"),
        (503, error("Away."), "run again later"),
    ],
)
def test_a_rejected_creation_has_the_reason_and_is_sent_once(
    google: GoogleServer,
    issuer: GoogleServiceAccountKey,
    status: int,
    content: object,
    advice: str,
) -> None:
    """Even if the same request can succeed later: it could be carried out twice."""
    google.errors[f"POST {KEYS}"] = (status, content)
    with pytest.raises(IssuerError, match=f"could not create a key of .*{status}: .*{advice}"):
        issuer.create(())
    assert google.requests.count(CREATE) == 1


@pytest.mark.parametrize(
    ("line", "fault"), [(EXCHANGE, 503), (IMPERSONATE, "after"), (LIST, 429), (LIST, "before")]
)
def test_a_request_that_changes_nothing_is_repeated_after_a_fault(
    google: GoogleServer, id_tokens: IdTokens, masks: Masks, line: str, fault: Any
) -> None:
    """Twice at most."""
    google.principal, google.impersonated = THROUGH, {THROUGH}
    issuer = make_issuer(google, id_tokens, masks, {**OPTIONS, "through": THROUGH})
    google.on_request = lambda this: (
        fault if this == line and google.requests.count(this) < 3 else None
    )
    assert issuer.list_credentials() == ()
    assert google.requests.count(line) == 3


def test_a_lost_response_to_a_creation_is_an_error_and_the_next_list_shows_the_key(
    google: GoogleServer, issuer: GoogleServiceAccountKey
) -> None:
    """The request is not repeated, because that would leave a second orphan."""
    google.on_request = lambda line: "after" if line == CREATE else None
    with pytest.raises(IssuerError, match="could not create a key of"):
        issuer.create(())
    assert [credential.id for credential in issuer.list_credentials()] == google.live()
    assert len(google.live()) == 1


@pytest.mark.parametrize("service", ["STS", "IAM", "IAMCREDENTIALS"])
def test_an_endpoint_that_is_not_safe_gets_no_request(
    google: GoogleServer, id_tokens: IdTokens, masks: Masks, service: str
) -> None:
    """The identity of the job would be readable on the way."""
    variable = f"CLOUDSDK_API_ENDPOINT_OVERRIDES_{service}"
    environ = {**id_tokens.environment, **google.environment, variable: "http://example.com/"}
    google.principal, google.impersonated = THROUGH, {THROUGH}
    options = {**OPTIONS, "through": THROUGH}
    issuer = make_issuer(google, id_tokens, masks, options, environ)
    with pytest.raises(IssuerError, match=f"{variable} must be an https URL"):
        issuer.list_credentials()
    assert LIST not in google.requests


@pytest.mark.parametrize("service", ["sts", "iam", "iamcredentials"])
def test_the_endpoints_of_google(
    google: GoogleServer, id_tokens: IdTokens, masks: Masks, proxy: Proxy, service: str
) -> None:
    """Without variables, requests are sent to Google."""
    google.impersonated = {THROUGH}
    host = f"{service}.googleapis.com"
    environ = {**id_tokens.environment, **google.environment}
    del environ[f"CLOUDSDK_API_ENDPOINT_OVERRIDES_{service.upper()}"]
    issuer = make_issuer(google, id_tokens, masks, {**OPTIONS, "through": THROUGH}, environ)
    with pytest.raises(IssuerError, match=f"{host} through the configured proxy"):
        issuer.list_credentials()
    assert {line.split()[1] for line in proxy.requests} == {f"{host}:443"}


@pytest.mark.parametrize("value", ["..", ".", ""])
def test_a_name_cannot_change_the_path(
    google: GoogleServer, id_tokens: IdTokens, masks: Masks, value: str
) -> None:
    """It is rejected before it is sent."""
    issuer = make_issuer(google, id_tokens, masks, {**OPTIONS, "service-account": value})
    with pytest.raises(IssuerError, match="is not a name that an issuer accepts"):
        issuer.list_credentials()
    assert [line for line in google.requests if line != EXCHANGE] == []


NAME = f"projects/{PROJECT}/serviceAccounts/{ACCOUNT}/keys/" + "a" * 40
KEY = {"name": NAME, "validAfterTime": "2026-11-29T12:00:00Z"}


@pytest.mark.parametrize(
    "content",
    [
        [],
        {"keys": {}},
        {"keys": [{}]},
        {"keys": [{"name": NAME}]},
        {"keys": [{**KEY, "name": "keys/1"}]},
        {"keys": [{**KEY, "name": f"{NAME}/../../x"}]},
        {"keys": [{**KEY, "validAfterTime": "yesterday"}]},
        {"keys": [{**KEY, "validBeforeTime": "2026-11-29"}]},
        {"keys": [{**KEY, "disabled": "perhaps"}]},
    ],
)
def test_a_malformed_list_is_an_error(
    google: GoogleServer, issuer: GoogleServiceAccountKey, content: object
) -> None:
    """It is not taken for a list without keys."""
    google.errors[f"GET {KEYS}"] = (200, content)
    with pytest.raises(IssuerError, match=UNEXPECTED):
        issuer.list_credentials()


def file(content: object) -> str:
    return b64encode(json.dumps(content).encode()).decode()


@pytest.mark.parametrize(
    "content",
    [
        [],
        KEY,
        {**KEY, "privateKeyData": ""},
        {**KEY, "privateKeyData": 1},
        {**KEY, "privateKeyData": "not-base64-but-secret"},
        {**KEY, "privateKeyData": b64encode(b"no JSON").decode()},
        {**KEY, "privateKeyData": "!" + file({"private_key": "a private key"})},
        {**KEY, "privateKeyData": file([])},
        {**KEY, "privateKeyData": file({"private_key": ""})},
        {"privateKeyData": file({"private_key": "a private key"})},
    ],
)
def test_a_malformed_new_key_is_an_error(
    google: GoogleServer, issuer: GoogleServiceAccountKey, masks: Masks, content: Any
) -> None:
    """What could be secret in it is masked, and in no message."""
    google.errors[f"POST {KEYS}"] = (200, content)
    with pytest.raises(IssuerError, match=UNEXPECTED) as caught:
        issuer.create(())
    data = content.get("privateKeyData") if isinstance(content, dict) else None
    if isinstance(data, str) and data:
        assert data in masks.secrets
        assert data not in str(caught.value)


@pytest.mark.parametrize("content", [None, {}, {"access_token": ""}, "text"])
def test_a_malformed_access_token_is_an_error(
    google: GoogleServer, issuer: GoogleServiceAccountKey, content: object
) -> None:
    """Nothing is sent with it."""
    google.errors["/v1/token"] = (200, content)
    with pytest.raises(IssuerError, match=f"could not sign in to Google Cloud: .*{UNEXPECTED}"):
        issuer.list_credentials()
    assert google.requests == [EXCHANGE]


def test_an_error_that_repeats_a_secret_is_redacted(
    google: GoogleServer, issuer: GoogleServiceAccountKey, id_tokens: IdTokens
) -> None:
    """The ID token, the access token, the key file, or the private key."""
    password = issuer.create(()).password.get_secret_value()
    secrets = (*id_tokens.issued, *google.access_tokens, password, private_key(password))
    for secret in secrets:
        google.errors[f"POST {KEYS}"] = (400, error(f"got {secret[-60:]}"))
        with pytest.raises(IssuerError, match="not shown because it repeats"):
            issuer.create(())
