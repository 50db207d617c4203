"""A document -> what is desired at each target, or every fault of it at once."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import ValidationError

from codespaces_registry_secrets.errors import Fault, FaultyError, Location, input_place
from codespaces_registry_secrets.inputs.sources import Sources
from codespaces_registry_secrets.model.allowlist import Allowed
from codespaces_registry_secrets.model.desired import Credential, Desired
from codespaces_registry_secrets.model.fields import Rotation
from codespaces_registry_secrets.model.registries import KIND_KEYS, KINDS
from codespaces_registry_secrets.model.repositories import Selection
from codespaces_registry_secrets.model.targets import SCOPES, Target
from codespaces_registry_secrets.spec import defaults, reach
from codespaces_registry_secrets.spec import messages as faults
from codespaces_registry_secrets.spec import validation as rules
from codespaces_registry_secrets.spec.schema import (
    RegistryEntry,
    Repositories,
    SpecModel,
    TargetEntry,
)
from codespaces_registry_secrets.spec.yaml_document import Document, Path

_EVERYTHING = Allowed()


def desired(
    document: Document,
    sources: Sources,
    rotate: Rotation | None = None,
    only: frozenset[str] = frozenset(),
    allowed: Allowed = _EVERYTHING,
) -> tuple[Desired, ...]:
    """What the document asks for, one for each registry at each target.

    `rotate` overrides every registry's policy. `only` names the registries that count, all where it
    is empty: of the others the values are not needed. `allowed` bounds the servers and owners of
    every registry.

    Every source is read once, so that its value is masked and known to be there.

    Raises:
        FaultyError: with every fault of the document, each at its place.
    """
    data = defaults.with_defaults(document.data)
    model, misshapen = _shape(data)
    found = [
        *defaults.complaints(document.data),
        *misshapen,
        *_meaning(document, data, sources, only, allowed),
    ]
    wrong = [Fault(_place(document, path), message) for path, message in found]
    unknown = rules.unknown_ids(rules.mappings(_registries(data)), only)
    wrong += [Fault(input_place("only"), message) for message in unknown]
    if model is None or wrong:
        raise FaultyError(wrong)
    wanted = _desired(model, document, rotate)
    return tuple(triplet for triplet in wanted if not only or triplet.registry in only)


def _registries(data: object) -> object:
    return data.get("registries") if isinstance(data, dict) else None


def _shape(data: object) -> tuple[SpecModel | None, list[rules.Complaint]]:
    """The spec in its shape, or what is wrong with that of each key."""
    try:
        return SpecModel.model_validate(data), []
    except ValidationError as error:
        return None, [*faults.complaints(error)]


def _meaning(
    document: Document,
    data: object,
    sources: Sources,
    only: frozenset[str],
    allowed: Allowed,
) -> Iterator[rules.Complaint]:
    """What is wrong with what the keys mean together, and with what they reach."""
    entries = rules.mappings(_registries(data))
    beyond = [*reach.complaints(entries, allowed)]
    unread = {path[1] for path, _ in beyond}
    given = defaults.defaults_of(document.data)
    yield from rules.complaints(entries, given, sources, only, unread)
    yield from beyond
    if _registries(data) == []:
        yield ("registries",), "is empty; at least one registry is needed"


def _place(document: Document, path: Path) -> Location:
    """A key that a registry inherited stands in `defaults`."""
    inherited: Path = ("defaults", *path[2:3])
    if len(path) > len(inherited) and not document.has(path[:3]) and document.has(inherited):
        return document.locate(("defaults", *path[2:]))
    return document.locate(path)


def _desired(model: SpecModel, document: Document, rotate: Rotation | None) -> Iterator[Desired]:
    for index, entry in enumerate(model.registries):
        for number, wanted in enumerate(entry.targets):
            target = _target(wanted)
            path: Path = ("registries", index, "targets", number)
            yield Desired(
                target=target,
                registry=entry.id,
                credential=_credential(entry, _place(document, path[:2])),
                rotate=entry.rotate.model_copy(update={"when": rotate or entry.rotate.when}),
                visibility=wanted.visibility,
                selection=_selection(wanted.repositories, target),
                where=_place(document, path),
            )


def _target(entry: TargetEntry) -> Target:
    scope = next(scope for scope in SCOPES if getattr(entry, scope) is not None)
    return SCOPES[scope](getattr(entry, scope))


def _credential(entry: RegistryEntry, where: Location) -> Credential | None:
    if entry.username is None or entry.password is None:
        return None
    return Credential(
        name=entry.id,
        server=_server(entry),
        username=entry.username,
        password=entry.password,
        images=entry.images,
        expires=entry.expires,
        where=where,
    )


def _server(entry: RegistryEntry) -> str:
    if entry.registry is None:
        return entry.server or ""
    keys = {key: value for key in KIND_KEYS if (value := getattr(entry, key)) is not None}
    return KINDS[entry.registry].server(keys)


def _selection(chosen: Repositories | None, target: Target) -> Selection | None:
    if chosen is None:
        return None

    def full(patterns: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(p if "/" in p else f"{target.owner}/{p}" for p in patterns)

    return Selection(
        owner=target.owner,
        mode=chosen.mode,
        include=full(chosen.include),
        topics=chosen.topics,
        properties=tuple(chosen.properties.items()),
        exclude=full(chosen.exclude),
        archived=chosen.archived,
    )
