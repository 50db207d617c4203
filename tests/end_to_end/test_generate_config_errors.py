"""Errors of `generate` in the spec: each is reported, and no request is sent anywhere."""

from __future__ import annotations

import pytest

from generated import STORE, Nights
from generated_kinds import GITLAB, HARBOR

Capture = pytest.CaptureFixture[str]

one = pytest.mark.parametrize("nights", [GITLAB], indirect=True, ids=lambda kind: kind.name)


@pytest.mark.parametrize("kind", ["dockerhub", "ghcr", "aws", "", 5])
@one
def test_an_unknown_kind_is_named(nights: Nights, capsys: Capture, kind: object) -> None:
    """Docker Hub and GitHub have no API for it, which the error says."""
    nights.generate["kind"] = kind
    assert nights.run() == 1
    log = capsys.readouterr().out

    assert "no request was sent to GitHub" in log
    assert nights.sandbox.exchanges == []
    assert nights.issuer.requests == []
    if kind in {"dockerhub", "ghcr"}:
        assert f"kind: {kind}" in log
        assert "instead" in log or "by hand" in log


def errors_of(nights: Nights, capsys: Capture, **inputs: str) -> str:
    """The log of a run whose configuration is invalid: no request is sent anywhere."""
    capsys.readouterr()
    assert nights.run(**inputs) == 1
    log = capsys.readouterr().out
    assert "no request was sent to GitHub" in log
    assert nights.sandbox.exchanges == []
    assert nights.issuer.requests == []
    return log


@pytest.mark.parametrize("registry", ["dockerhub", "ghcr"])
@one
def test_no_kind_creates_credentials_of_some_registries(
    nights: Nights, capsys: Capture, registry: str
) -> None:
    """The error quotes the registry, and says what to do."""
    nights.entry = {"registry": registry, "server": None}
    log = errors_of(nights, capsys)
    assert f"not possible with `registry: {registry}`" in log
    assert "by hand" in log


@one
def test_two_registries_need_two_stores(nights: Nights, capsys: Capture) -> None:
    """In any letter case."""
    (first,) = nights.spec["registries"]
    second = {**first, "id": "SECOND", "generate": {**first["generate"], "store": STORE.lower()}}
    nights.others = [second]
    log = errors_of(nights, capsys)
    assert "REG has this `store` already; each registry needs its own" in log


@pytest.mark.parametrize("nights", [GITLAB, HARBOR], indirect=True, ids=lambda kind: kind.name)
def test_an_issuer_falls_under_allowed_servers(nights: Nights, capsys: Capture) -> None:
    """The URL is in the spec, which pull requests change."""
    (entry,) = nights.spec["registries"]
    log = errors_of(nights, capsys, allowed_servers=entry["server"])
    assert "`allowed-servers`" in log
    nights.others = []
    assert nights.run(allowed_servers=f"{entry['server']},127.0.0.1:*") == 0


@pytest.mark.parametrize("nights", [GITLAB, HARBOR], indirect=True, ids=lambda kind: kind.name)
@pytest.mark.parametrize("url", ["http://gitlab.example.com", "ftp://localhost", "gitlab.example"])
def test_an_issuer_without_tls_is_rejected(nights: Nights, capsys: Capture, url: str) -> None:
    """But on loopback."""
    nights.generate["url"] = url
    log = errors_of(nights, capsys)
    assert "URL" in log
