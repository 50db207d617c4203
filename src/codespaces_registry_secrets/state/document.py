"""The text of the state: records as JSON, split over several Actions variables if they are many.

Each variable has a document of its own: a header line, and then JSON. All targets of a registry
share its salt, and most share their fingerprints, so a target takes about 100 bytes.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, Field, ValidationError

from codespaces_registry_secrets.model.fields import StrictModel
from codespaces_registry_secrets.model.state import MemberRecord, Records, TripletKey
from codespaces_registry_secrets.model.targets import SCOPES, Target, target_hash
from codespaces_registry_secrets.model.triplet import Part
from codespaces_registry_secrets.state.fingerprints import FINGERPRINT_BYTES, SALT_BYTES

HEADER = "codespaces-registry-secrets state v1"
# GitHub's limit for a value. Source: "Store information in variables", docs.github.com.
MAX_BYTES = 48 * 1024
# Enough for about 10,000 targets.
MAX_VARIABLES = 20
# The latest time that `datetime` has, in whole seconds.
LATEST = 253_402_300_799


class ForeignValueError(Exception):
    """The value of a variable is not a state, so it belongs to something else."""


class DamagedValueError(Exception):
    """The value of a variable is empty, or a state that cannot be read."""


class TooLargeError(Exception):
    """The records do not fit into `MAX_VARIABLES` variables."""


@dataclass(frozen=True)
class Document:
    """The records, with the salt of each registry id that has some.

    `variables` is the number of variables that the records are split over.
    """

    salts: Mapping[str, bytes] = field(default_factory=dict)
    records: Records = field(default_factory=dict)
    variables: int = 1


def _base64_of(length: int) -> AfterValidator:
    def check(text: str) -> str:
        if len(b64decode(text, validate=True)) != length:
            raise ValueError
        return text

    return AfterValidator(check)


# The index of a fingerprint, and a time in seconds since 1970.
_Member = tuple[Annotated[int, Field(ge=0)], Annotated[int, Field(ge=0, le=LATEST)]]
# The members in the order of `Part`; None for one without a record.
_Members = tuple[_Member | None, _Member | None, _Member | None]


class _Registry(StrictModel):
    """The records of one registry id.

    The outer key of `targets` is a target's scope and owner, the inner one the repository, or empty
    for another target.
    """

    salt: Annotated[str, _base64_of(SALT_BYTES)]
    fingerprints: list[Annotated[str, _base64_of(FINGERPRINT_BYTES)]]
    targets: dict[str, dict[str, _Members]]


class _Content(StrictModel):
    variables: Annotated[int, Field(ge=1, le=MAX_VARIABLES)]
    registries: dict[str, _Registry]


def parse_document(text: str) -> Document:
    """Parse the value of one variable.

    Raises:
        DamagedValueError: it is empty, or not in the form that `format_documents` has.
        ForeignValueError: it has another first line.
    """
    if not text.strip():
        raise DamagedValueError
    header, _, body = text.partition("\n")
    if header.rstrip("\r") != HEADER:
        raise ForeignValueError
    try:
        content = _Content.model_validate_json(body)
        records = dict(_parse_records(content))
    except (ValidationError, LookupError):
        raise DamagedValueError from None
    salts = {name: b64decode(registry.salt) for name, registry in content.registries.items()}
    return Document(salts, records, content.variables)


def _parse_records(content: _Content) -> Iterator[tuple[TripletKey, Mapping[Part, MemberRecord]]]:
    for name, registry in content.registries.items():
        for owner, targets in registry.targets.items():
            for repository, members in targets.items():
                target = _parse_target(f"{owner}/{repository}" if repository else owner)
                yield (target, name), dict(_parse_members(registry, members))


def _parse_target(text: str) -> Target:
    scope, _, name = text.partition(":")
    return SCOPES[scope](name)


def _parse_members(registry: _Registry, members: _Members) -> Iterator[tuple[Part, MemberRecord]]:
    for part, member in zip(Part, members, strict=True):
        if member is not None:
            index, seconds = member
            fingerprint = b64decode(registry.fingerprints[index])
            yield part, MemberRecord(fingerprint, datetime.fromtimestamp(seconds, UTC))


def merge_documents(documents: Iterable[Document]) -> Document:
    """The records of all variables, the later ones where two variables have the same triplet.

    Records with another salt than the first one of their registry are left out.
    """
    salts: dict[str, bytes] = {}
    records: dict[TripletKey, Mapping[Part, MemberRecord]] = {}
    variables = 1
    for document in documents:
        variables = max(variables, document.variables)
        for name, salt in document.salts.items():
            salts.setdefault(name, salt)
        for key, members in document.records.items():
            if document.salts[key[1]] == salts[key[1]]:
                records[key] = merge_members(records.get(key, {}), members)
    return Document(salts, records, variables)


def merge_members(
    first: Mapping[Part, MemberRecord], second: Mapping[Part, MemberRecord]
) -> Mapping[Part, MemberRecord]:
    """The later record of each member."""
    merged = dict(first)
    for part, record in second.items():
        if part not in merged or merged[part].written_at <= record.written_at:
            merged[part] = record
    return merged


def format_documents(document: Document) -> tuple[str, ...]:
    """The values of all variables, each within GitHub's limit; at least as many as before.

    The variable of a target depends on the target alone, so a change of one target changes one
    variable.

    Raises:
        TooLargeError: there are too many records.
    """
    for count in range(document.variables, MAX_VARIABLES + 1):
        parts: list[dict[TripletKey, Mapping[Part, MemberRecord]]] = [{} for _ in range(count)]
        for key, members in document.records.items():
            parts[target_hash(key[0]) % count][key] = members
        texts = tuple(_format(document.salts, part, count) for part in parts)
        if all(len(text.encode()) <= MAX_BYTES for text in texts):
            return texts
    raise TooLargeError


def _format(salts: Mapping[str, bytes], records: Records, variables: int) -> str:
    """The value of one variable, the same for the same records."""
    by_registry: defaultdict[str, dict[Target, Mapping[Part, MemberRecord]]] = defaultdict(dict)
    for (target, name), members in records.items():
        by_registry[name][target] = members
    registries = {name: _registry(salts[name], by_registry[name]) for name in sorted(by_registry)}
    content = _Content(variables=variables, registries=registries)
    return f"{HEADER}\n{content.model_dump_json()}\n"


def _registry(salt: bytes, records: Mapping[Target, Mapping[Part, MemberRecord]]) -> _Registry:
    used = {record.fingerprint for members in records.values() for record in members.values()}
    fingerprints = sorted(used)
    index = {fingerprint: number for number, fingerprint in enumerate(fingerprints)}
    targets: defaultdict[str, dict[str, _Members]] = defaultdict(dict)
    for target in sorted(records):
        owner, _, repository = str(target).partition("/")
        password, user, server = (_member(records[target].get(part), index) for part in Part)
        targets[owner][repository] = (password, user, server)
    return _Registry(
        salt=b64encode(salt).decode(),
        fingerprints=[b64encode(fingerprint).decode() for fingerprint in fingerprints],
        targets=targets,
    )


def _member(record: MemberRecord | None, index: Mapping[bytes, int]) -> _Member | None:
    if record is None:
        return None
    return (index[record.fingerprint], int(record.written_at.timestamp()))
