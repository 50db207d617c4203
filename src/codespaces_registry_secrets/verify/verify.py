"""Credentials -> what was found out about each, once for a run however many targets use it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from pydantic import SecretBytes

from codespaces_registry_secrets.errors import SourceError
from codespaces_registry_secrets.github.rate_limiter import READS_AT_ONCE
from codespaces_registry_secrets.github.token_info import (
    TokenInfo,
    fetch_token_info,
)
from codespaces_registry_secrets.inputs.action_inputs import Inputs, Verify
from codespaces_registry_secrets.inputs.sources import Sources
from codespaces_registry_secrets.model.desired import Credential
from codespaces_registry_secrets.model.plan import CredentialReport, Note
from codespaces_registry_secrets.model.registries import registry_uses_api
from codespaces_registry_secrets.runtime.concurrency import run_concurrently
from codespaces_registry_secrets.verify import credential_checks
from codespaces_registry_secrets.verify.ecr import ENDPOINT
from codespaces_registry_secrets.verify.errors import LoginResult
from codespaces_registry_secrets.verify.login import login


def verify_credentials(
    credentials: Iterable[Credential],
    written: frozenset[Credential],
    inputs: Inputs,
    sources: Sources,
) -> Mapping[Credential, CredentialReport]:
    """Examine every credential, and log in with those that are to be `written`."""
    unique = list(dict.fromkeys(credentials))

    def find(credential: Credential) -> CredentialReport:
        verify = inputs.verify if credential in written else "off"
        return _finding(credential, verify, inputs, sources)

    return dict(zip(unique, run_concurrently(find, unique, READS_AT_ONCE), strict=True))


def _finding(
    credential: Credential, verify: Verify, inputs: Inputs, sources: Sources
) -> CredentialReport:
    try:
        username = sources.username(credential.username)
        password = sources.password(credential.password)
    except SourceError as error:
        return CredentialReport(str(error))
    raw = password.get_secret_value()
    found = list(credential_checks.check(credential.server, username.get_secret_value(), raw))
    refusals = [remark.message for remark in found if remark.level == "error"]
    notes = [_note(credential, remark.message) for remark in found if remark.level == "warning"]
    asked = credential_checks.is_github_token(raw) and registry_uses_api(
        inputs.api_url, credential.server
    )
    facts = fetch_token_info(password, inputs.api_url) if asked else TokenInfo()
    refusals += [facts.error] if facts.error else []
    if not refusals:
        verdict = _verdict(credential, (username, password), verify, inputs, sources)
        refusals += _refused(verdict, verify)
        if verdict.status == "unreachable" and verify == "auto":
            notes.append(_note(credential, f"not proven: {verdict.message}"))
    known = (credential.expires, facts.expires, credential_checks.embedded_expiry(raw))
    return CredentialReport("; ".join(refusals) or None, _earliest(known), tuple(notes))


def _verdict(
    credential: Credential,
    values: tuple[SecretBytes, SecretBytes],
    verify: Verify,
    inputs: Inputs,
    sources: Sources,
) -> LoginResult:
    if verify == "off":
        return LoginResult("accepted")
    return login(
        credential.server,
        *values,
        credential.images,
        mask=sources.mask,
        allowed_servers=inputs.allowed_servers,
        ecr_endpoint=sources.environ.get(ENDPOINT, ""),
    )


def _refused(verdict: LoginResult, verify: Verify) -> Iterator[str]:
    if verdict.status == "rejected":
        yield f"{verdict.message}; what is stored stays"
    elif verdict.status == "unreachable" and verify == "required":
        yield f"`verify: required`, and {verdict.message}"


def _note(credential: Credential, message: str) -> Note:
    return Note("warning", f"{credential.name}: {message}", credential.where)


def _earliest(moments: Iterable[datetime | None]) -> datetime | None:
    return min((moment for moment in moments if moment), default=None)
