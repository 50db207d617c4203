"""The text of the state: what is written can be read, within GitHub's limits."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from codespaces_registry_secrets.model.state import MemberRecord
from codespaces_registry_secrets.model.targets import (
    Organization,
    Repository,
    Target,
    User,
    target_hash,
)
from codespaces_registry_secrets.model.triplet import Part
from codespaces_registry_secrets.state import document as state_document
from codespaces_registry_secrets.state.document import (
    HEADER,
    MAX_BYTES,
    MAX_VARIABLES,
    DamagedValueError,
    Document,
    ForeignValueError,
    TooLargeError,
    format_documents,
    merge_documents,
    parse_document,
)

AT = datetime(2026, 1, 1, 3, 0, tzinfo=UTC)
SALT = bytes(range(16))
MEMBERS = {
    part: MemberRecord(bytes([number]) * 16, AT + timedelta(seconds=number))
    for number, part in enumerate(Part)
}
LONGEST_NAME = f"{'o' * 39}/{{:0100}}"


def document(*targets: Target, registry: str = "ACR") -> Document:
    """Records of one registry at these targets."""
    return Document({registry: SALT}, {(target, registry): MEMBERS for target in targets})


def test_the_form_of_the_text() -> None:
    """Others read it, so a change of it needs another version in the header."""
    (text,) = format_documents(document(Repository("octo-org/app"), Organization("octo-org")))

    header, body, end = text.split("\n")
    assert (header, end) == (HEADER, "")
    times = [[0, 1767236400], [1, 1767236401], [2, 1767236402]]
    assert json.loads(body) == {
        "variables": 1,
        "registries": {
            "ACR": {
                "salt": "AAECAwQFBgcICQoLDA0ODw==",
                "fingerprints": [
                    "AAAAAAAAAAAAAAAAAAAAAA==",
                    "AQEBAQEBAQEBAQEBAQEBAQ==",
                    "AgICAgICAgICAgICAgICAg==",
                ],
                "targets": {
                    "organization:octo-org": {"": times},
                    "repository:octo-org": {"app": times},
                },
            }
        },
    }


@pytest.mark.parametrize(
    "target", [Repository("Octo-Org/App.net"), Organization("octo-org"), User("octocat")]
)
def test_what_is_written_is_read(target: Target) -> None:
    """For each scope."""
    (text,) = format_documents(document(target))

    assert parse_document(text) == document(target)


def test_a_member_without_a_record_is_null() -> None:
    """A run can have written a part of a triplet."""
    target = Repository("octo-org/app")
    expected = Document({"ACR": SALT}, {(target, "ACR"): {Part.USER: MEMBERS[Part.USER]}})

    (text,) = format_documents(expected)

    assert '"app":[null,[0,1767236401],null]' in text
    assert parse_document(text) == expected


def test_300_targets_fit_into_one_variable() -> None:
    """With the longest names that GitHub permits."""
    targets = [Repository(LONGEST_NAME.format(number)) for number in range(300)]

    (text,) = format_documents(document(*targets))

    assert len(text.encode()) <= MAX_BYTES


def test_2000_targets_fit_into_several_variables() -> None:
    """Each within GitHub's limit; together they have all records."""
    expected = document(*(Repository(LONGEST_NAME.format(number)) for number in range(2000)))

    texts = format_documents(expected)

    assert 1 < len(texts) <= MAX_VARIABLES
    assert max(len(text.encode()) for text in texts) <= MAX_BYTES
    merged = merge_documents(map(parse_document, texts))
    assert merged.records == expected.records
    assert merged.variables == len(texts)


def test_a_change_of_one_target_changes_one_variable() -> None:
    """So that shards that write other targets rarely meet."""
    targets = [Repository(f"octo-org/{number:03}") for number in range(1000)]
    before = document(*targets)
    texts = format_documents(before)
    before = merge_documents(map(parse_document, texts))
    after = Document(before.salts, {**before.records, (targets[7], "ACR"): {}}, before.variables)

    changed = [old != new for old, new in zip(texts, format_documents(after), strict=True)]

    assert sum(changed) == 1


def test_the_last_variable_is_used_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    """With limits for which few records are many."""
    (text,) = format_documents(document(Repository("octo-org/app-0")))
    monkeypatch.setattr(state_document, "MAX_BYTES", len(text))
    monkeypatch.setattr(state_document, "MAX_VARIABLES", 2)
    names = {target_hash(Repository(f"octo-org/app-{n}")) % 2: n for n in range(10)}
    two = [Repository(f"octo-org/app-{number}") for number in names.values()]

    assert len(format_documents(document(*two))) == 2
    with pytest.raises(TooLargeError):
        format_documents(document(*(Repository(f"octo-org/app-{n}") for n in range(3))))


def test_a_line_end_of_windows_is_read() -> None:
    """An editor can have saved the value so."""
    (text,) = format_documents(document(Repository("octo-org/app")))

    assert parse_document(text.replace("\n", "\r\n")) == parse_document(text)


def test_the_number_of_variables_never_falls() -> None:
    """Otherwise a variable with old records would be left behind, and count again later."""
    assert len(format_documents(Document(variables=3))) == 3


def test_the_later_record_counts_if_two_variables_have_a_triplet() -> None:
    """A run that was killed while it moved records leaves both."""
    target = Repository("octo-org/app")
    newer = {part: MemberRecord(b"n" * 16, AT + timedelta(days=1)) for part in Part}
    two = [document(target), Document({"ACR": SALT}, {(target, "ACR"): newer})]

    assert merge_documents(two).records == {(target, "ACR"): newer}
    assert merge_documents(reversed(two)).records == {(target, "ACR"): newer}


def test_of_two_records_of_one_second_the_one_of_the_later_variable_counts() -> None:
    """As when the records of one are read after those of the other."""
    first = document(Repository("octo-org/app"))
    key = next(iter(first.records))
    members = {part: MemberRecord(bytes(16), record.written_at) for part, record in MEMBERS.items()}
    second = Document(first.salts, {key: members})

    assert merge_documents([first, second]).records == {key: members}
    assert merge_documents([second, first]).records == first.records


def test_records_with_another_salt_are_left_out() -> None:
    """Their fingerprints cannot be compared with those of the first variable."""
    other = Document({"ACR": b"x" * 16}, {(Repository("octo-org/web"), "ACR"): MEMBERS})
    first = document(Repository("octo-org/app"))

    assert merge_documents([first, other]) == first


@pytest.mark.parametrize(
    "text",
    [
        "hello",
        "{}",
        f"{HEADER} \n{{}}",
        f"\r{HEADER}\n{{}}",
        f"{HEADER}X\n{{}}",
        HEADER.replace("v1", "v2"),
    ],
)
def test_another_first_line_is_foreign(text: str) -> None:
    """Another version too: this one must not overwrite it."""
    with pytest.raises(ForeignValueError):
        parse_document(text)


GOOD = json.loads(format_documents(document(Repository("octo-org/app")))[0].partition("\n")[2])


def damaged(**registry: object) -> str:
    """The text with other fields of its registry."""
    return json.dumps({**GOOD, "registries": {"ACR": {**GOOD["registries"]["ACR"], **registry}}})


@pytest.mark.parametrize(
    "body",
    [
        "",
        "{",
        "[]",
        '{"variables": 1}',
        json.dumps({**GOOD, "variables": 0}),
        json.dumps({**GOOD, "variables": 100}),
        json.dumps({**GOOD, "variables": "1"}),
        json.dumps({**GOOD, "more": 1}),
        damaged(salt=""),
        damaged(salt="AAAA"),
        damaged(salt="ä"),
        damaged(fingerprints=[]),
        damaged(fingerprints=["AAAA"]),
        damaged(targets={"planet:earth": {"": [None] * 3}}),
        damaged(targets={"repository:octo-org": {"app": [None] * 2}}),
        damaged(targets={"repository:octo-org": {"app": [[-1, 0], None, None]}}),
        damaged(targets={"repository:octo-org": {"app": [[0, -1], None, None]}}),
        damaged(targets={"repository:octo-org": {"app": [[0, 10**12], None, None]}}),
        damaged(targets={"repository:octo-org": {"app": [[0, 10**400], None, None]}}),
        damaged(targets={"repository:octo-org": {"app": [[0, 1.5], None, None]}}),
        damaged(targets={"repository:octo-org": {"app": [["0", 1], None, None]}}),
        "[" * 100_000,
    ],
)
def test_a_damaged_text_is_an_error_of_its_own(body: str) -> None:
    """Whatever is damaged, nothing else is raised."""
    with pytest.raises(DamagedValueError):
        parse_document(f"{HEADER}\n{body}")


@pytest.mark.parametrize("text", ["", " ", "\n\n"])
def test_an_empty_value_is_damaged(text: str) -> None:
    """It belongs to nothing, so it is replaced."""
    with pytest.raises(DamagedValueError):
        parse_document(text)
