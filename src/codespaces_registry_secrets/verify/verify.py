"""Verify the credentials of a plan, each once, however many targets use it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from types import MappingProxyType

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
from codespaces_registry_secrets.verify.errors import LoginResult
from codespaces_registry_secrets.verify.login import login
from codespaces_registry_secrets.verify.settling import Settling

NOTHING_SETTLES: Mapping[Credential, Settling] = MappingProxyType({})


def verify_credentials(
    credentials: Iterable[Credential],
    written: frozenset[Credential],
    inputs: Inputs,
    sources: Sources,
    settling: Mapping[Credential, Settling] = NOTHING_SETTLES,
) -> Mapping[Credential, CredentialReport]:
    """Check every credential, and log in with those that the plan writes, in `written`.

    `settling` has those that were just created, whose login is repeated while they are not known.
    """
    unique = list(dict.fromkeys(credentials))

    def report(credential: Credential) -> CredentialReport:
        verify = inputs.verify if credential in written else "off"
        return _report(credential, verify, inputs, sources, settling.get(credential))

    return dict(zip(unique, run_concurrently(report, unique, READS_AT_ONCE), strict=True))


def _report(
    credential: Credential,
    verify: Verify,
    inputs: Inputs,
    sources: Sources,
    settling: Settling | None,
) -> CredentialReport:
    try:
        username = sources.username(credential.username)
        password = sources.password(credential.password)
    except SourceError as error:
        return CredentialReport(str(error))
    raw = password.get_secret_value()
    issues = list(credential_checks.check(credential.server, username.get_secret_value(), raw))
    notes = [_warning(credential, issue.message) for issue in issues if issue.level == "warning"]
    token = _token_info(credential, password, inputs.api_url)
    errors = [issue.message for issue in issues if issue.level == "error"]
    errors += filter(None, [token.error])
    if not errors:
        log_in = partial(_login, credential, (username, password), verify, inputs, sources)
        result = settling.log_in(credential.name, log_in) if settling else log_in()
        errors += _login_errors(result, verify)
        if result.status == "unreachable" and verify == "auto":
            notes.append(_warning(credential, f"login not verified: {result.message}"))
    expiries = (credential.expires, token.expires, credential_checks.embedded_expiry(raw))
    expires = min((expiry for expiry in expiries if expiry), default=None)
    return CredentialReport("; ".join(errors) or None, expires, tuple(notes))


def _token_info(credential: Credential, password: SecretBytes, api_url: str) -> TokenInfo:
    """GitHub's information on a GitHub token for its registry; empty for any other password."""
    if credential_checks.is_github_token(password.get_secret_value()) and registry_uses_api(
        api_url, credential.server
    ):
        return fetch_token_info(password, api_url)
    return TokenInfo()


def _login(
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
        ecr_endpoint=inputs.ecr_endpoint,
    )


def _login_errors(result: LoginResult, verify: Verify) -> Iterator[str]:
    if result.status == "rejected":
        yield f"{result.message}; the stored secrets stay unchanged"
    elif result.status == "unreachable" and verify == "required":
        yield f"`verify: required` is set, but the login could not be verified: {result.message}"


def _warning(credential: Credential, message: str) -> Note:
    return Note("warning", f"{credential.name}: {message}", credential.where)
