"""Hide names in texts, and find the names to hide."""

from __future__ import annotations

import pytest

from codespaces_registry_secrets.model.plan import Note
from codespaces_registry_secrets.model.private_names import PrivateNames
from codespaces_registry_secrets.model.targets import Organization, Repository
from codespaces_registry_secrets.report.notes import merge_notes
from codespaces_registry_secrets.report.privacy import hide_notes

NAMES = PrivateNames({"octo-org/zebra": 7, "octo-org/yak.js": 8, "octo-org/vole": 9})


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("repository:octo-org/zebra has", "repository:octo-org/(private-repository-7) has"),
        ("repository:Octo-Org/ZEBRA: x", "repository:Octo-Org/(private-repository-7): x"),
        ("octo-org/zebra, octo-org/yak.js", "2 private repositories"),
        ("(octo-org/api, octo-org/zebra)", "(octo-org/api, a private repository)"),
        ("octo-org/zebra, octo-org/api, octo-org/vole.", "octo-org/api, 2 private repositories"),
        ("renamed to octo-org/zebra; update", "renamed to a private repository; update"),
        ("It is octo-org/yak.js.", "It is a private repository"),
        ("https://github.com/octo-org/zebra/settings", "https://a private repository"),
        ("/repos/octo-org/vole", "/a private repository"),
        ("octo-org/zebra-2 and octo-org/api", "octo-org/zebra-2 and octo-org/api"),
        ("my-octo-org/zebra", "my-octo-org/zebra"),
        (".github/codespaces-registries.yml:3", ".github/codespaces-registries.yml:3"),
        ("`octo-org/*`", "`octo-org/*`"),
        ("", ""),
    ],
)
def test_a_name_in_a_text_is_hidden(text: str, shown: str) -> None:
    """Lists become a number; a target stays a target."""
    assert NAMES.hide_text(text) == shown


@pytest.mark.parametrize("text", ["octo-org/zebra", "repository:octo-org/zebra, octo-org/yak.js"])
def test_without_names_a_text_stays(text: str) -> None:
    """In a private repository, nothing is hidden."""
    assert PrivateNames().hide_text(text) == text


@pytest.mark.parametrize("name", ["octo-org/api", "octo-org/zebras"])
def test_other_targets_stay(name: str) -> None:
    """Repositories that are not private or that the spec names, and other scopes."""
    assert NAMES.hide_target(Repository(name)) == Repository(name)
    assert NAMES.hide_target(Organization("octo-org")) == Organization("octo-org")


def test_notes_of_hidden_targets_are_merged() -> None:
    """Their messages differ in the target alone, also after it was hidden."""
    targets = [Repository(f"octo-org/{name}") for name in ("zebra", "vole", "api")]
    notes = [Note("warning", f"ACR at {t}: failed", target=t) for t in targets]

    (note,) = merge_notes(hide_notes(notes, NAMES))

    assert note.message == (
        "ACR at 3 targets: failed (repository:octo-org/(private-repository-7), "
        "repository:octo-org/(private-repository-9), repository:octo-org/api)"
    )
