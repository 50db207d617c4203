"""The key `build` of a devcontainer.json, with the options of `docker build` in it. Pure."""

from __future__ import annotations

from itertools import zip_longest

from codespaces_registry_secrets.devcontainers.dockerfile_images import Build
from codespaces_registry_secrets.devcontainers.json_file import JsonObject, replace_variables
from codespaces_registry_secrets.model.images import UNKNOWN


def build_settings(build: JsonObject) -> tuple[Build, list[str]]:
    """How to build the Dockerfile, and the sources of the cache. `options` come last."""
    args = build.mapping("args")
    values = {name: replace_variables(args.scalar(name)) for name in args.data}
    target = replace_variables(build.text("target"))
    contexts: dict[str, str] = {}
    cache_from = build.texts("cacheFrom")
    for option, value in _options(build.texts("options")):
        if option == "--target":
            target = replace_variables(value)
        elif option == "--cache-from":
            cache_from.append(value)
        elif option in ("--build-arg", "--build-context"):
            name, separator, text = value.partition("=")
            known = replace_variables(text) if separator else UNKNOWN
            (values if option == "--build-arg" else contexts)[name] = known
    return Build(values, target, contexts), cache_from


def _options(texts: list[str]) -> list[tuple[str, str]]:
    """Options with values: `--name=value`, or `--name` and the value as the next text."""
    options = []
    for text, following in zip_longest(texts, texts[1:], fillvalue=""):
        name, separator, value = text.partition("=")
        options.append((name, value if separator else following))
    return options
