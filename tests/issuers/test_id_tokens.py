"""Request ID tokens of the job from the runner's service."""

from __future__ import annotations

from datetime import timedelta

import pytest

from codespaces_registry_secrets.generate.http import IssuerClient
from codespaces_registry_secrets.generate.id_token import request_id_token
from codespaces_registry_secrets.generate.issuer import IssuerError, NoIdTokenError
from issuers.contexts import Masks
from issuers.id_tokens import IMMUTABLE_SUBJECT, SUBJECT, IdTokens

AUDIENCE = "api://an audience"


@pytest.fixture
def client(masks: Masks) -> IssuerClient:
    """A client that records what it masks."""
    return IssuerClient(masks)


@pytest.mark.parametrize("subject", [SUBJECT, IMMUTABLE_SUBJECT])
def test_a_token_has_the_audience_and_the_subject(
    id_tokens: IdTokens, client: IssuerClient, subject: str
) -> None:
    """It is valid for the requested audience alone."""
    id_tokens.subject = subject
    token = request_id_token(client, id_tokens.environment, AUDIENCE)
    claims = id_tokens.verify(token, AUDIENCE)
    assert claims is not None
    assert claims["sub"] == subject
    assert id_tokens.verify(token, "another audience") is None


def test_both_tokens_are_masked(id_tokens: IdTokens, client: IssuerClient, masks: Masks) -> None:
    """The token of the request, and the ID token."""
    token = request_id_token(client, id_tokens.environment, AUDIENCE)
    assert masks.secrets == [id_tokens.environment["ACTIONS_ID_TOKEN_REQUEST_TOKEN"], token]


def test_an_expired_or_foreign_token_is_not_valid(id_tokens: IdTokens) -> None:
    """Nor is one of another issuer, or one with another key."""
    with IdTokens() as others:
        foreign = others.issue(AUDIENCE)
    for token in (
        id_tokens.issue(AUDIENCE, lifetime=timedelta(0)),
        id_tokens.issue(AUDIENCE, iss="https://token.actions.example.com"),
        foreign,
        "no token",
    ):
        assert id_tokens.verify(token, AUDIENCE) is None
    assert id_tokens.verify(id_tokens.issue(AUDIENCE), AUDIENCE) is not None


def test_a_job_without_the_permission_has_no_token(client: IssuerClient) -> None:
    """The message names the permission."""
    with pytest.raises(NoIdTokenError, match="`id-token: write`"):
        request_id_token(client, {}, AUDIENCE)


def test_a_rejected_request_has_the_reason(id_tokens: IdTokens, client: IssuerClient) -> None:
    """It is sent once."""
    environment = {**id_tokens.environment, "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "wrong"}
    with pytest.raises(IssuerError, match=r"401: the token of the request is not valid"):
        request_id_token(client, environment, AUDIENCE)
    assert id_tokens.issued == []


def test_an_outage_of_the_service_is_reported(id_tokens: IdTokens, client: IssuerClient) -> None:
    id_tokens.status = 503
    with pytest.raises(
        IssuerError,
        match=r"^could not get an ID token of the job from GitHub: .* responded 503: try again; run again later$",
    ):
        request_id_token(client, id_tokens.environment, AUDIENCE)


@pytest.mark.parametrize("body", [{}, {"value": ""}, {"value": None}, [], "text"])
def test_a_response_without_a_token_is_an_error(
    id_tokens: IdTokens, client: IssuerClient, monkeypatch: pytest.MonkeyPatch, body: object
) -> None:
    monkeypatch.setattr(id_tokens, "_respond", lambda *_: (200, body))
    with pytest.raises(IssuerError, match="returned an unexpected response; check for a proxy"):
        request_id_token(client, id_tokens.environment, AUDIENCE)
