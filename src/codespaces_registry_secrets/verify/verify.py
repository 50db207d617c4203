"""Credentials -> what was found out about each, once for a run however many targets use it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

import requests
from github import Auth, Github, GithubException
from pydantic import SecretBytes

from codespaces_registry_secrets.errors import GitHubError, SourceError
from codespaces_registry_secrets.github.auth import USER_AGENT, Patience
from codespaces_registry_secrets.github.client import expiry
from codespaces_registry_secrets.github.rate_limiter import READS_AT_ONCE
from codespaces_registry_secrets.github.transport import Line, UnfollowedError
from codespaces_registry_secrets.inputs.action_inputs import Inputs, Verify
from codespaces_registry_secrets.inputs.sources import Sources
from codespaces_registry_secrets.model.desired import Credential
from codespaces_registry_secrets.model.plan import Note
from codespaces_registry_secrets.model.registries import GITHUB
from codespaces_registry_secrets.runtime.concurrency import together
from codespaces_registry_secrets.verify import credential_checks
from codespaces_registry_secrets.verify.ecr import ENDPOINT
from codespaces_registry_secrets.verify.errors import Verdict
from codespaces_registry_secrets.verify.login import prove


@dataclass(frozen=True)
class Finding:
    """`refusal`: why the credential must not be stored. `expires`: when it ends, where known."""

    refusal: str | None = None
    expires: datetime | None = None
    notes: tuple[Note, ...] = ()


def findings(
    credentials: Iterable[Credential],
    written: frozenset[Credential],
    inputs: Inputs,
    sources: Sources,
) -> Mapping[Credential, Finding]:
    """Examine every credential, and log in with those that are to be `written`."""
    unique = list(dict.fromkeys(credentials))

    def find(credential: Credential) -> Finding:
        verify = inputs.verify if credential in written else "off"
        return _finding(credential, verify, inputs, sources)

    return dict(zip(unique, together(find, unique, READS_AT_ONCE), strict=True))


def _finding(credential: Credential, verify: Verify, inputs: Inputs, sources: Sources) -> Finding:
    try:
        username = sources.username(credential.username)
        password = sources.password(credential.password)
    except SourceError as error:
        return Finding(str(error))
    raw = password.get_secret_value()
    found = list(credential_checks.remarks(credential.server, username.get_secret_value(), raw))
    refusals = [remark.message for remark in found if remark.level == "error"]
    notes = [_note(credential, remark.message) for remark in found if remark.level == "warning"]
    asked = credential_checks.is_github_token(raw) and serves(inputs.api_url, credential.server)
    facts = look(password, inputs.api_url) if asked else TokenFacts()
    refusals += [facts.refusal] if facts.refusal else []
    if not refusals:
        verdict = _verdict(credential, (username, password), verify, inputs, sources)
        refusals += _refused(verdict, verify)
        if verdict.status == "unreachable" and verify == "auto":
            notes.append(_note(credential, f"not proven: {verdict.message}"))
    known = (credential.expires, facts.expires, credential_checks.ends(raw))
    return Finding("; ".join(refusals) or None, _earliest(known), tuple(notes))


def _verdict(
    credential: Credential,
    values: tuple[SecretBytes, SecretBytes],
    verify: Verify,
    inputs: Inputs,
    sources: Sources,
) -> Verdict:
    if verify == "off":
        return Verdict("accepted")
    return prove(
        credential.server,
        *values,
        credential.images,
        mask=sources.mask,
        allowed_servers=inputs.allowed_servers,
        ecr_endpoint=sources.environ.get(ENDPOINT, ""),
    )


def _refused(verdict: Verdict, verify: Verify) -> Iterator[str]:
    if verdict.status == "rejected":
        yield f"{verdict.message}; what is stored stays"
    elif verdict.status == "unreachable" and verify == "required":
        yield f"`verify: required`, and {verdict.message}"


def _note(credential: Credential, message: str) -> Note:
    return Note("warning", f"{credential.name}: {message}", credential.where)


def _earliest(moments: Iterable[datetime | None]) -> datetime | None:
    return min((moment for moment in moments if moment), default=None)


PACKAGES = frozenset({"read:packages", "write:packages", "delete:packages"})

_SENDABLE = re.compile(rb"[\x20-\x7e]+")


@dataclass(frozen=True)
class TokenFacts:
    """When a token ends, and why it cannot pull, where that is known."""

    expires: datetime | None = None
    refusal: str | None = None


def serves(api_url: str, server: str) -> bool:
    """Whether `api_url` is the API of the GitHub whose registry `server` is.

    A token is shown to nobody but the GitHub that made it: github.com's registry is `ghcr.io`, that
    of `SUBDOMAIN.ghe.com` is `containers.SUBDOMAIN.ghe.com`.
    """
    host = urlsplit(api_url).hostname or ""
    own = GITHUB.fullmatch(server)
    if own and own["subdomain"]:
        return host == f"api.{own['subdomain']}.ghe.com"
    return own is not None and not host.endswith(".ghe.com")


def look(token: SecretBytes, api_url: str) -> TokenFacts:
    """Ask GitHub with the token itself. Where GitHub gives no answer, nothing is known."""
    text = token.get_secret_value().strip()
    if not _SENDABLE.fullmatch(text):
        message = (
            "the password starts like a GitHub token, but has characters that no HTTP header "
            "takes; copy the token again, on one line"
        )
        return TokenFacts(refusal=message)
    auth = Auth.Token(text.decode("ascii"))
    github = Github(
        auth=auth, base_url=api_url, timeout=Patience().timeout, user_agent=USER_AGENT, retry=None
    )
    line = Line(github.requester)
    try:
        headers, _ = line.exchange("GET", "/user", {})
    except GithubException as error:
        if error.status == requests.codes.unauthorized:
            return TokenFacts(refusal="GitHub refuses this token (401); make a new one")
        return TokenFacts()
    except (requests.RequestException, GitHubError, UnfollowedError):
        return TokenFacts()
    finally:
        line.close()
    scopes = {scope.strip() for scope in headers.get("x-oauth-scopes", "").split(",")}
    if any(scopes) and not scopes & PACKAGES:
        return TokenFacts(expiry(headers), "the token lacks the scope `read:packages`")
    return TokenFacts(expiry(headers))
