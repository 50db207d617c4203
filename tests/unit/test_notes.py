"""Merging equal notes of several targets, and errors for failed changes."""

from __future__ import annotations

from dataclasses import replace

from codespaces_registry_secrets.errors import Location
from codespaces_registry_secrets.model.plan import Change, Note, Outcome
from codespaces_registry_secrets.model.targets import Repository, Target
from codespaces_registry_secrets.report.notes import failure_notes, merge_notes

TARGETS = tuple(Repository(f"octo-org/svc-{number}") for number in range(40))


def note(target: Target, message: str = "not needed", registry: str = "ACR") -> Note:
    """A note about a triplet at a target, with its own line."""
    line = 1 + TARGETS.index(target)
    return Note("notice", f"{registry} at {target}: {message}", Location("spec.yml", line), target)


def test_equal_notes_are_merged() -> None:
    """The result has the number of targets, the first names, and the place of the first."""
    (merged,) = merge_notes(map(note, TARGETS))

    assert merged.message == (
        "ACR at 40 targets: not needed (repository:octo-org/svc-0, "
        "repository:octo-org/svc-1, repository:octo-org/svc-2 and 37 more)"
    )
    assert (merged.level, merged.where, merged.target) == ("notice", Location("spec.yml", 1), None)


def test_a_few_targets_are_all_named() -> None:
    """Without a number of others."""
    (merged,) = merge_notes(map(note, TARGETS[:2]))

    assert merged.message.startswith("ACR at 2 targets: not needed")
    assert merged.message.endswith("(repository:octo-org/svc-0, repository:octo-org/svc-1)")


def test_different_notes_are_not_merged() -> None:
    """They differ in level, registry or message."""
    first, second = TARGETS[:2]
    notes = [
        note(first),
        note(second, "something else"),
        note(second, registry="GHCR"),
        replace(note(second), level="error"),
        Note("warning", "the token of this run expires soon"),
    ]

    assert merge_notes(notes) == tuple(notes)


def test_a_name_that_starts_with_another_name_is_a_different_target() -> None:
    """`svc-10` starts with `svc-1`."""
    short, long = TARGETS[1], TARGETS[10]
    notes = [note(short), note(long), note(long, f"{short} has it too")]

    both, other = merge_notes(notes)

    assert "2 targets: not needed (" in both.message
    assert other == notes[2]


def test_a_repeated_note_is_merged() -> None:
    """It has only one target."""
    assert merge_notes([note(TARGETS[0])] * 2) == (note(TARGETS[0]),)


def test_a_failed_change_is_an_error_at_its_place() -> None:
    """An applied or skipped change has none."""
    change = Change(TARGETS[0], "ACR", "create", "none", Location("spec.yml", 7))
    outcomes = [Outcome(change, "failed", "GitHub returned 422"), Outcome(change, "applied")]

    (error,) = failure_notes(outcomes)

    assert (error.level, error.where, error.target) == ("error", change.where, change.target)
    assert error.message == "create ACR at repository:octo-org/svc-0: GitHub returned 422"
