"""The images of dev containers do not depend on how their files are written or read."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from codespaces_registry_secrets.devcontainers.scan import FileContent, scan
from devcontainers.dev_container_files import Case, read_cases, scan_in_rounds

CONFIG, DOCKERFILE, COMPOSE, ENV = (
    f".devcontainer/{name}"
    for name in ("devcontainer.json", "Dockerfile", "docker-compose.yml", ".env")
)
ALL_CASES = read_cases()
# Pieces of the four formats: any mixture of them is a possible file.
PIECES = st.sampled_from(
    [
        *"{}[]\":,$\\`'#-=&*!|>?@%/ \t\n\r\0\ufeff",
        *("${localEnv:A}", "${A:-", "${A", "$A", "//", "/*", "*/", "<<EOF", "EOF", "<<: *a", "&a "),
        *('"image": ', '"build": ', '"features": ', '"dockerComposeFile": ', '"service": '),
        *("FROM ", "ARG A=", " AS a", "COPY --from=", "RUN --mount=from=", "ONBUILD ", "# syntax="),
        *("services:\n", "  web:\n", "    image: ", "    build: ", "    extends: ", "include: "),
        *(
            "ghcr.io/a/b",
            "ubuntu",
            "a",
            "0",
            "web",
            "docker-compose.yml",
            "Dockerfile",
            "../..",
            "./a",
        ),
    ]
)
TEXTS = st.lists(PIECES, max_size=40).map("".join) | st.text(max_size=60)


@pytest.mark.parametrize("case", ALL_CASES, ids=str)
def test_reading_one_file_at_a_time_gives_the_same(case: Case) -> None:
    """Also without the files of the first round that nothing refers to."""
    assert scan_in_rounds(case.files, one_by_one=True) == scan_in_rounds(case.files)


@given(st.sampled_from(ALL_CASES), st.randoms(use_true_random=False))
def test_order_comments_and_spaces_do_not_matter(case: Case, choices: random.Random) -> None:
    """Of the keys in a devcontainer.json and in a Compose file."""
    files = {path: _rewritten(path, content, choices) for path, content in case.files.items()}
    assert scan_in_rounds(files).images == scan_in_rounds(case.files).images


def _rewritten(path: str, content: FileContent, choices: random.Random) -> FileContent:
    if not isinstance(content, str):
        return content
    try:
        if path.endswith("devcontainer.json"):
            return _jsonc(json.loads(content), choices)
        if path.endswith(".yml"):
            return yaml.safe_dump(_shuffled(yaml.safe_load(content), choices), sort_keys=False)
    except (ValueError, yaml.YAMLError):
        pass
    return content


def _shuffled(data: object, choices: random.Random) -> object:
    if isinstance(data, Mapping):
        items = [(key, _shuffled(value, choices)) for key, value in data.items()]
        choices.shuffle(items)
        return dict(items)
    return [_shuffled(item, choices) for item in data] if isinstance(data, list) else data


def _jsonc(data: object, choices: random.Random) -> str:
    """JSON with keys in another order, comments, spaces and trailing commas."""

    def space() -> str:
        return choices.choice(["", " ", "\n\t", "/* , } */", '// "image": [\n'])

    if isinstance(data, dict):
        keys = list(data)
        choices.shuffle(keys)
        parts = [f"{json.dumps(key)}{space()}:{_jsonc(data[key], choices)}" for key in keys]
        brackets = "{}"
    elif isinstance(data, list):
        parts, brackets = [_jsonc(item, choices) for item in data], "[]"
    else:
        return f"{space()}{json.dumps(data)}{space()}"
    end = choices.choice(["", ","]) if parts else ""
    inside = f"{space()},".join(parts)
    return f"{space()}{brackets[0]}{inside}{end}{space()}{brackets[1]}{space()}"


@given(config=TEXTS)
def test_any_text_can_be_a_devcontainer_json(config: str) -> None:
    scan_in_rounds({CONFIG: config})


@given(dockerfile=TEXTS, value=TEXTS, target=TEXTS)
def test_any_text_can_be_a_dockerfile(dockerfile: str, value: str, target: str) -> None:
    build = {"dockerfile": "Dockerfile", "args": {"A": value}, "target": target}
    scan_in_rounds({CONFIG: json.dumps({"build": build}), DOCKERFILE: dockerfile})


@given(compose=TEXTS, service=TEXTS, variables=TEXTS)
def test_any_text_can_be_a_compose_file(compose: str, service: str, variables: str) -> None:
    config = {"dockerComposeFile": "docker-compose.yml", "service": service}
    files = {
        CONFIG: json.dumps(config),
        ENV: variables,
        "Dockerfile": "FROM a",
        DOCKERFILE: "FROM a",
    }
    scan_in_rounds({**files, COMPOSE: compose})
    scan_in_rounds({**files, COMPOSE: f"services: {{web: {{image: {compose}}}}}"})
    scan_in_rounds({**files, COMPOSE: yaml.safe_dump({"services": {service: {"image": compose}}})})


@given(
    st.recursive(
        TEXTS | st.none() | st.integers(),
        lambda data: st.lists(data) | st.dictionaries(PIECES, data),
    )
)
def test_any_data_can_be_the_value_of_any_key(data: object) -> None:
    keys = (
        "image",
        "dockerFile",
        "build",
        "features",
        "dockerComposeFile",
        "service",
        "runServices",
    )
    for key in keys:
        scan_in_rounds({CONFIG: json.dumps({key: data})})
        for other in ("args", "target", "cacheFrom", "options"):
            scan_in_rounds(
                {
                    CONFIG: json.dumps({"build": {"dockerfile": "Dockerfile", other: data}}),
                    DOCKERFILE: "FROM a",
                }
            )


@given(TEXTS)
def test_any_path_is_read_or_a_problem(path: str) -> None:
    """A path that is asked for has no `..`, and does not begin with a slash."""
    configs: list[dict[str, object]] = [
        {"dockerFile": path},
        {"dockerComposeFile": path, "service": "a"},
        {"features": {f"./{path}": {}}},
    ]
    for config in configs:
        missing = scan({CONFIG: json.dumps(config), ".devcontainer.json": None}).missing
        for asked in missing:
            assert asked
            assert not asked.startswith("/")
            assert ".." not in asked.split("/")
