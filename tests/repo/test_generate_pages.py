"""The pages about `generate` agree with the code: kinds, keys, the journal, the plan as JSON."""

from __future__ import annotations

import json
import re

import pytest

from codespaces_registry_secrets.generate.journal import format_journal
from codespaces_registry_secrets.generate.kinds import load_kind
from codespaces_registry_secrets.model.generation import CredentialChange
from codespaces_registry_secrets.model.generator import GENERATORS, GeneratorKind
from codespaces_registry_secrets.model.journal import Journal
from codespaces_registry_secrets.report.credentials import credential_json
from repo.documents import PAGES, ROOT, quoted, rows, section

PAGE = PAGES["generate.md"]
REFERENCE = section(PAGES["spec.md"], "## `generate`")
KIND_PAGES = {path.stem: path.read_text("utf-8") for path in ROOT.glob("docs/generate/*.md")}
EVERY_KIND = pytest.mark.parametrize("name", GENERATORS)
# The keys of every kind, and those that not every kind accepts.
COMMON_KEYS = ["kind", "store", "retire-after", "expires-in"]


def kind_rows(markdown: str) -> dict[str, list[str]]:
    """The other cells of each row that starts with a link to the page of a kind, by its name."""
    found = {}
    for name, *cells in rows(markdown):
        if link := re.fullmatch(r"\[`([\w-]+)`\]\(generate/([\w-]+)\.md\)", name):
            assert link[1] == link[2]
            found[link[1]] = cells
    return found


def keys_of(kind: GeneratorKind) -> set[str]:
    return {*kind.required, *kind.optional, *kind.sources}


def test_every_kind_is_in_the_overview() -> None:
    """With how the issuer knows the workflow, and what happens to an old credential."""
    overview = kind_rows(PAGE.partition("\n## ")[0])
    assert list(overview) == list(GENERATORS)
    for name, (_, identity, end) in overview.items():
        assert (identity == "the job's ID token") == GENERATORS[name].keyless
        assert end == ("disabled, then deleted" if can_disable(name) else "deleted")


def can_disable(name: str) -> bool:
    """As the class of the kind says."""
    return bool(vars(load_kind(name))["can_disable"])


def test_the_security_page_says_what_a_thief_could_do_with_each_kind() -> None:
    table = rows(section(PAGES["security.md"], "## Generated credentials"))
    assert [quoted(row[0]) for row in table] == [[name] for name in GENERATORS]


def test_the_reference_has_the_keys_of_every_kind() -> None:
    """In the same order, each with all of its keys."""
    assert [quoted(row[0])[0] for row in rows(REFERENCE)][: len(COMMON_KEYS)] == COMMON_KEYS
    assert list(kind_rows(REFERENCE)) == list(GENERATORS)


@EVERY_KIND
def test_the_reference_describes_a_kind(name: str) -> None:
    """Its keys, whether it has an expiry, and its registries."""
    kind = GENERATORS[name]
    keys, expires, registries = kind_rows(REFERENCE)[name]
    assert set(quoted(keys)) == keys_of(kind)
    assert expires == ("yes" if kind.expires else "no")
    expected = {f"registry: {registry}" for registry in kind.registries} or {"server"}
    assert set(quoted(registries)) == expected


@EVERY_KIND
def test_the_page_of_a_kind_describes_its_keys_and_links_the_overview(name: str) -> None:
    page, kind = KIND_PAGES[name], GENERATORS[name]
    described = {key for row in rows(page) for key in quoted(row[0])}
    assert keys_of(kind) <= described
    assert ("expires-in" in described) == kind.expires
    assert "(../generate.md" in page
    assert section(page, "## Limits")
    assert section(page, "## Stop")


@EVERY_KIND
def test_a_recipe_links_the_kind(name: str) -> None:
    """In docs/registries.md, a person who creates a credential by hand finds the kind."""
    assert f"(generate/{name}.md)" in PAGES["registries.md"]


def test_the_page_has_the_keys_of_the_journal() -> None:
    table = rows(section(PAGE, "## The journal"))
    described = [key for row in table for key in quoted(row[0])]
    journal = json.loads(format_journal(Journal("gitlab-deploy-token"), None).get_secret_value())
    assert sorted(described) == sorted(journal)


def test_the_page_has_the_keys_of_a_credential_in_the_plan() -> None:
    table = rows(section(PAGE, "## `plan` and `check`"))
    described = [key for row in table for key in quoted(row[0])]
    assert described == list(credential_json(CredentialChange("", "", "", "none", "")))
