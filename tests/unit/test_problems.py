"""Problems that are told: each once, however many targets have it."""

from __future__ import annotations

from dataclasses import replace

from codespaces_registry_secrets.errors import Location
from codespaces_registry_secrets.model.plan import Change, Note, Outcome
from codespaces_registry_secrets.model.targets import Repository, Target
from codespaces_registry_secrets.report.problems import failure_notes, merge_notes

TARGETS = tuple(Repository(f"octo-org/svc-{number}") for number in range(40))


def note(target: Target, message: str = "images need no secrets", registry: str = "ACR") -> Note:
    """A note about a triplet at a target, at a line of its own."""
    line = 1 + TARGETS.index(target)
    return Note("notice", f"{registry} at {target}: {message}", Location("spec.yml", line), target)


def test_equal_notes_are_one() -> None:
    """It counts the targets, names the first of them, and is at the place of the first."""
    (one,) = merge_notes(map(note, TARGETS))

    assert one.message == (
        "ACR at 40 targets: images need no secrets (repository:octo-org/svc-0, "
        "repository:octo-org/svc-1, repository:octo-org/svc-2 and 37 more)"
    )
    assert (one.level, one.where, one.target) == ("notice", Location("spec.yml", 1), None)


def test_a_few_targets_are_all_named() -> None:
    """There is nothing to count then."""
    (one,) = merge_notes(map(note, TARGETS[:2]))

    assert one.message.startswith("ACR at 2 targets: images")
    assert one.message.endswith("(repository:octo-org/svc-0, repository:octo-org/svc-1)")


def test_notes_that_differ_stay_apart() -> None:
    """In level, registry, or anything that they say."""
    first, second = TARGETS[:2]
    notes = [
        note(first),
        note(second, "something else"),
        note(second, registry="GHCR"),
        replace(note(second), level="error"),
        Note("warning", "the token of this run ends soon"),
    ]

    assert merge_notes(notes) == tuple(notes)


def test_a_name_that_begins_like_another_is_not_mistaken_for_it() -> None:
    """`svc-1` is a part of `svc-10`."""
    short, long = TARGETS[1], TARGETS[10]
    notes = [note(short), note(long), note(long, f"{short} has it too")]

    both, other = merge_notes(notes)

    assert "2 targets: images need no secrets (" in both.message
    assert other == notes[2]


def test_the_same_note_twice_is_one() -> None:
    """Of one target."""
    assert merge_notes([note(TARGETS[0])] * 2) == (note(TARGETS[0]),)


def test_a_failure_is_an_error_at_its_place() -> None:
    """What was carried out, or not begun, has none."""
    change = Change(TARGETS[0], "ACR", "create", "none", Location("spec.yml", 7))
    outcomes = [Outcome(change, "failed", "GitHub answers 422"), Outcome(change, "applied")]

    (error,) = failure_notes(outcomes)

    assert (error.level, error.where, error.target) == ("error", change.where, change.target)
    assert error.message == "create ACR at repository:octo-org/svc-0: GitHub answers 422"
