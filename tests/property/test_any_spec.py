"""Any spec loads, or is rejected with a list of errors."""

from __future__ import annotations

from pathlib import Path

import yaml
from hypothesis import given
from hypothesis import strategies as st

from codespaces_registry_secrets.errors import InvalidConfigError
from codespaces_registry_secrets.inputs.sources import Sources
from codespaces_registry_secrets.spec.load import load_desired
from codespaces_registry_secrets.spec.yaml_document import parse

SECRET = "hunter2"
KEYS = (
    "version",
    "defaults",
    "registries",
    "id",
    "registry",
    "server",
    "name",
    "account",
    "region",
    "username",
    "password",
    "env",
    "rotate",
    "access-only",
    "targets",
    "organization",
    "repository",
    "user",
    "visibility",
    "repositories",
    "mode",
    "include",
    "exclude",
    "archived",
)
WORDS = (
    "ACR",
    "acr",
    "ecr",
    "all",
    "selected",
    "exact",
    "svc-*",
    "octo-org",
    "octo-org/app",
    "P",
    "[",
    "",
    "\r",
    "\u202e",
)
scalars = st.none() | st.booleans() | st.integers(0, 3) | st.dates() | st.sampled_from(WORDS)
anything = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=5)
    ),
    max_leaves=12,
)
targets = st.dictionaries(
    st.sampled_from(["organization", "repository", "user", "visibility", "repositories"]), anything
)
registries = st.fixed_dictionaries(
    {"id": scalars, "targets": st.lists(targets | anything, max_size=3) | anything},
    optional={key: anything for key in KEYS if key not in ("id", "targets")},
)
specs = st.fixed_dictionaries(
    {"version": st.just(1), "registries": st.lists(registries | anything, max_size=3) | anything},
    optional={"defaults": anything},
)


def loads(text: str) -> None:
    """Load a spec. Every exception other than `InvalidConfigError` is a bug."""
    sources = Sources({"P": SECRET}, Path("nowhere"), lambda _: None)
    errors = None
    try:
        load_desired(parse(text, "spec.yml"), sources.find_error)
    except InvalidConfigError as error:
        errors = error.errors
    assert errors is None or all(error.message for error in errors)
    assert SECRET not in str(errors)


@given(specs)
def test_any_data_is_loaded_or_rejected(data: object) -> None:
    """Data that resembles a spec, and data that does not."""
    loads(yaml.safe_dump(data))


@given(st.text(st.sampled_from("ab1:-[]{}*&!|>'\"%@`#,?\n \t<"), max_size=60))
def test_any_text_is_loaded_or_rejected(text: str) -> None:
    """Text that is YAML, and text that is not."""
    loads(text)
