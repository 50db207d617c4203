"""Inputs -> the document that is the spec: a file, inline YAML, or one registry without YAML."""

from __future__ import annotations

from collections.abc import Mapping

from codespaces_registry_secrets.errors import Fault, FaultyError, Location
from codespaces_registry_secrets.inputs import Inputs
from codespaces_registry_secrets.sources import Sources
from codespaces_registry_secrets.spec.document import Document, Path, parse
from codespaces_registry_secrets.targets import SCOPES


def document(inputs: Inputs, sources: Sources) -> Document:
    """The spec that the inputs give.

    Raises:
        FaultyError: there is none, or its text cannot be parsed.
    """
    if inputs.shorthand:
        return _from_shorthand(inputs.shorthand, inputs.repository, sources)
    if inputs.spec is not None:
        return parse(inputs.spec, "input `spec`")
    return parse(_text(inputs), inputs.spec_file)


def _text(inputs: Inputs) -> str:
    try:
        return (inputs.workspace / inputs.spec_file).read_text(encoding="utf-8")
    except UnicodeDecodeError:
        message = "is not UTF-8 text"
    except FileNotFoundError:
        message = (
            "there is no such file; check out the repository before this step, or give the spec as "
            "`spec` or with `id`, `registry`, `target`"
        )
    except OSError as error:
        message = f"cannot be read: {error.strerror}"
    raise FaultyError([Fault(Location(inputs.spec_file), message)])


def _from_shorthand(given: Mapping[str, str], repository: str | None, sources: Sources) -> Document:
    """One registry at one target, as the same data that YAML would give."""
    target, names = _target(given, repository)
    entry: dict[str, object] = {
        key: given[key] for key in ("id", "registry", "server") if key in given
    }
    if sources.given("username") or sources.given("password"):
        entry |= {"username": {"input": "username"}, "password": {"input": "password"}}
    entry["targets"] = [target]
    here: Path = ("registries", 0)
    places: dict[Path, str] = {here: "id", (*here, "targets"): "target"}
    places |= {(*here, key): key for key in entry if key != "targets"}
    places |= {(*here, "targets", 0): "target"}
    places |= {(*here, "targets", 0, key): name for key, name in names.items()}
    places |= {("registries",): "id"}
    return Document({"version": 1, "registries": [entry]}, "", names=places)


def _target(
    given: Mapping[str, str], repository: str | None
) -> tuple[dict[str, object], dict[str, str]]:
    """The target and, for each key of it, the input that it came from."""
    written = given.get("target") or f"repository:{repository or ''}"
    scope, colon, name = written.partition(":")
    if scope not in SCOPES or not colon:
        message = f"must be {', '.join(f'`{scope}:NAME`' for scope in SCOPES)}"
        raise FaultyError([Fault(Location("input `target`"), message)])
    target: dict[str, object] = {scope: name.strip()}
    if "visibility" in given:
        target["visibility"] = given["visibility"]
    if "repositories" in given:
        lines = map(str.strip, given["repositories"].splitlines())
        target["repositories"] = [line for line in lines if line]
    return target, {key: key if key in given else "target" for key in target}
