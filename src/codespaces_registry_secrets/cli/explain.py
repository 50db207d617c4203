"""`explain`: show one registry of the spec: what is stored, and what a run would do."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from codespaces_registry_secrets.cli.app import InProcess, Process
from codespaces_registry_secrets.cli.connection import (
    ApiUrl,
    Json,
    TokenFile,
    connect_read_only,
    read_only_inputs,
)
from codespaces_registry_secrets.cli.options import variable_of
from codespaces_registry_secrets.cli.repository import find_repository
from codespaces_registry_secrets.cli.spec_file import DEFAULT_FILE, parse_file
from codespaces_registry_secrets.cli.terminal import Line
from codespaces_registry_secrets.credentials import observe_generated
from codespaces_registry_secrets.diagnosis.explanation import (
    EntryExplanation,
    Explanation,
    MemberExplanation,
    TargetExplanation,
    age,
    describe_access,
    explain_plan,
    to_json,
)
from codespaces_registry_secrets.errors import (
    DONE,
    ConfigError,
    InvalidConfigError,
    Location,
    SourceError,
    input_location,
)
from codespaces_registry_secrets.generate.generation import Generation
from codespaces_registry_secrets.github.actions_secrets import read_change_times
from codespaces_registry_secrets.github.auth import GitHubClients
from codespaces_registry_secrets.github.observe import observe
from codespaces_registry_secrets.github.repositories import find_archived
from codespaces_registry_secrets.github.target_resolution import expand_globs
from codespaces_registry_secrets.inputs.action_inputs import Inputs
from codespaces_registry_secrets.inputs.sources import Sources
from codespaces_registry_secrets.model.desired import Credential, Desired
from codespaces_registry_secrets.model.fields import format_duration, format_time
from codespaces_registry_secrets.model.generation import CredentialLife
from codespaces_registry_secrets.model.plan import Note
from codespaces_registry_secrets.planning.credential_changes import add_credential_changes
from codespaces_registry_secrets.planning.credential_gate import block_targets
from codespaces_registry_secrets.planning.planner import compute_plan
from codespaces_registry_secrets.spec.load import load_desired
from codespaces_registry_secrets.state.recorder import StateRecorder
from codespaces_registry_secrets.verify.credential_checks import embedded_expiry

_STYLES = {"none": "green", "blocked": "bold red"}


def explain(
    registry: str,
    /,
    *,
    spec_file: str = DEFAULT_FILE,
    state: str | None = None,
    repository: str | None = None,
    allowed_owners: Annotated[list[str] | None, Parameter(negative=())] = None,
    token_file: TokenFile = None,
    api_url: ApiUrl = None,
    json: Json = False,
    process: InProcess,
) -> int:
    """Print the explanation.

    Args:
        registry: The ID of the registry in the spec.
        spec_file: The spec; `-` is standard input.
        state: The Actions variable of the repository that records what was stored. The values of
            the registry must be set then, to be compared with it.
        repository: The repository that `{secret: NAME}` and `--state` mean, as owner/name. If it is
            not set, `GITHUB_REPOSITORY` or the remote `origin` of git.
        allowed_owners: The owners that the spec can name, as globs; required for a glob of
            organizations.
        token_file: Read the token from this file.
        api_url: The URL of GitHub's API.
        json: Print JSON.
        process: The process that runs the command.
    """
    variables = {
        variable_of("only"): registry,
        variable_of("mode"): "plan",
        variable_of("state"): state or "",
        variable_of("allowed_owners"): "\n".join(allowed_owners or ()),
        "GITHUB_REPOSITORY": find_repository(repository, process.environ) or "",
    }
    inputs = read_only_inputs(process, token_file, api_url, **variables)
    desired, sources = _load(process, inputs, spec_file, registry)
    clients = connect_read_only(process, inputs)
    explanation, notes = _explain(desired, sources, inputs, clients)
    for note in notes:
        process.terminal.message(f"{note.level}: {note.message}", "yellow")
    process.terminal.report(describe(explanation), to_json(explanation) if json else None)
    return DONE


def _load(
    process: Process, inputs: Inputs, spec_file: str, registry: str
) -> tuple[tuple[Desired, ...], Sources]:
    """The triplets of the registry. Only a state needs values, so without one none is required."""
    sources = Sources(process.environ, Path.cwd(), lambda _: None)
    find_error = sources.find_error if inputs.state else lambda *_: None
    try:
        document, allowed = parse_file(spec_file), inputs.allowed
        return load_desired(document, find_error, only=inputs.only, allowed=allowed), sources
    except InvalidConfigError as error:
        unknown = input_location("only")
        raise InvalidConfigError(
            ConfigError(Location(registry) if e.location == unknown else e.location, e.message)
            for e in error.errors
        ) from None


def _explain(
    desired: Sequence[Desired], sources: Sources, inputs: Inputs, clients: GitHubClients
) -> tuple[Explanation, Sequence[Note]]:
    expanded = expand_globs(desired, clients, inputs.allowed_owners)
    generation = Generation(inputs, clients, sources)
    triplets = generation.load(expanded.desired)
    recorder = StateRecorder(inputs, clients, sources)
    credentials = {t.credential for t in triplets if t.credential}
    state, state_notes = recorder.load(c for c in credentials if sources.has_values(c))
    compared_by_age = () if state else triplets
    times, age_notes = read_change_times(compared_by_age, clients, inputs.repository)
    observed = replace(observe(triplets, clients, times, expanded.errors), state=state)
    observed, generated = observe_generated(generation, observed)
    plan = compute_plan(triplets, observed, inputs.removal_limit)
    plan = add_credential_changes(plan, generated, observed)
    repositories = {**expanded.repositories, **observed.repository_index}
    plan = block_targets(plan, find_archived(plan, repositories, clients))
    notes = (*expanded.notes, *state_notes, *age_notes, *plan.notes)
    return explain_plan(triplets, plan, observed, _expiries(credentials, sources)), notes


def _expiries(credentials: Iterable[Credential], sources: Sources) -> Mapping[Credential, datetime]:
    expiries = {credential: _expiry(credential, sources) for credential in credentials}
    return {credential: expiry for credential, expiry in expiries.items() if expiry}


def _expiry(credential: Credential, sources: Sources) -> datetime | None:
    """The expiry in the spec, else that in the password, if its value is set."""
    if credential.expires or not sources.has_values(credential):
        return credential.expires
    try:
        password = sources.password(credential.password)
    except SourceError:
        return None
    return embedded_expiry(password.get_secret_value())


def describe(explanation: Explanation) -> Iterator[Line]:
    """The lines of the explanation: each entry of the spec, then each of its targets."""
    for number, entry in enumerate(explanation.entries):
        if number:
            yield "", ""
        yield from _describe_entry(explanation, entry)
        for change in explanation.credentials:
            yield f"  credential: {change.action}: {change.reason}", _STYLES.get(change.action, "")
        for life in explanation.lives:
            yield f"  {_describe_life(life, explanation.at)}", ""
        for target in entry.targets:
            yield "", ""
            yield from _describe_target(target, explanation.at)


def _describe_entry(explanation: Explanation, entry: EntryExplanation) -> Iterator[Line]:
    credential = entry.credential
    yield f"{explanation.registry}: {credential.server if credential else 'access only'}", "bold"
    if credential is None:
        return
    for key, label in credential.labels.items():
        yield f"  {key}: {label or 'literal'}", ""
    max_age = f", max-age {format_duration(entry.rotate.max_age)}" if entry.rotate.max_age else ""
    yield f"  rotate: {entry.rotate.when}{max_age}", ""
    if entry.expires:
        when = age(entry.expires, explanation.at)
        expired = "expired" if entry.expires <= explanation.at else "expires"
        yield f"  {expired}: {format_time(entry.expires)} ({when})", ""
    else:
        yield "  expires: not known", ""


def _describe_life(life: CredentialLife, now: datetime) -> str:
    """`AKIA…: created 2026-01-31 03:00 UTC (3d ago), at every target since …, is deleted …`."""
    parts = [f"created {format_time(life.created)} ({age(life.created, now)})"]
    if life.stored:
        parts.append(f"at every target since {format_time(life.stored)}")
    if life.end and life.ends:
        parts.append(f"{life.end} {format_time(life.ends)} ({age(life.ends, now)})")
    return f"{life.id}: {', '.join(parts)}"


def _describe_target(target: TargetExplanation, now: datetime) -> Iterator[Line]:
    declared = f" (in the spec: {target.declared})" if target.declared else ""
    yield f"{target.target}{declared}", "bold"
    yield f"  {target.action}: {target.reason}", _STYLES.get(target.action, "")
    for member in target.members.values():
        yield f"  {_describe_member(member, now)}", ""
    for text in describe_access(target):
        yield f"  used by: {text}", ""
    for note in target.notes:
        yield f"  note: {note}", "yellow"


def _describe_member(member: MemberExplanation, now: datetime) -> str:
    if member.updated_at is None:
        return f"{member.name}: does not exist"
    status = f", state: {member.status}" if member.status else ""
    written = f"{format_time(member.updated_at)} ({age(member.updated_at, now)})"
    return f"{member.name}: written {written}{status}"
