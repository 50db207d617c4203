"""Files that are made to be slow end quickly, and a repository has limits."""

from __future__ import annotations

import time
from collections.abc import Mapping

import pytest

from codespaces_registry_secrets.devcontainers.collector import (
    MAX_CHARACTERS,
    MAX_FILE_CHARACTERS,
    MAX_PROBLEMS,
    MAX_READS,
)
from codespaces_registry_secrets.devcontainers.scan import scan
from devcontainers.dev_container_files import scan_in_rounds

# One scan of the largest files takes about a second; a quadratic one takes minutes.
MAX_SECONDS = 20
CONFIG = ".devcontainer/devcontainer.json"
DOCKERFILE = ".devcontainer/Dockerfile"
COMPOSE = ".devcontainer/docker-compose.yml"
BUILD = '{"build": {"dockerfile": "Dockerfile"}}'
SERVICE = '{"dockerComposeFile": "docker-compose.yml", "service": "web"}'


def filled(text: str, start: str = "") -> str:
    """A text that is repeated to the largest size of a file."""
    return (start + text * (MAX_FILE_CHARACTERS // len(text)))[:MAX_FILE_CHARACTERS]


SLOW = {
    **{
        f"JSON with {piece!r}": {CONFIG: filled(piece, start)}
        for piece in (
            "[",
            '{"a":',
            "/*",
            "/* ",
            ",/* ",
            '"',
            '"\\',
            '\\"',
            ", ",
            "/**/",
            "//\n",
            "1,",
        )
        for start in ("", '{"image": "', '{"image": "a", ')
    },
    **{
        f"Dockerfile with {piece!r} after {start!r}": {
            CONFIG: BUILD,
            DOCKERFILE: filled(piece, start),
        }
        for piece in (
            *(
                "FROM a\n",
                "FROM b AS b\n",
                "ARG A=$A$A\n",
                "$A",
                "${A:-",
                "\\\n",
                '"',
                "'",
                "\"'",
                '"\\',
                "<<",
            ),
            *(
                "<<A ",
                "RUN <<A\n",
                "COPY --from=a b\n",
                "ONBUILD COPY --from=x y\n",
                '--from="a" ',
                "a:",
                "a-",
                " ",
            ),
        )
        for start in ("", "ARG A=aaaaaaaaaaaaaaaa\nFROM ", "FROM a\nRUN ", "FROM a\nCOPY --from=")
    },
    **{
        f"Compose file with {piece!r} after {start!r}": {
            CONFIG: SERVICE,
            COMPOSE: filled(piece, start),
        }
        for piece in (
            "[",
            "- a\n",
            "a: ",
            "? ",
            '"',
            "'",
            "${A:-",
            "$A",
            "---\n",
            "  x: {extends: x}\n",
            "&a ",
            "\n",
        )
        for start in ("", "services:\n", 'services: {web: {image: "', "include:\n")
    },
    **{
        f".env with {piece!r}": {
            CONFIG: SERVICE,
            COMPOSE: "services: {web: {image: $A}}",
            ".devcontainer/.env": filled(piece),
        }
        for piece in ("A=$A$A\n", 'A="', "A='\\", "A=${A:-", "export ", "A")
    },
    "stages that copy from each other": {
        CONFIG: BUILD,
        DOCKERFILE: "".join(
            f"FROM a AS s{n}\nCOPY --from=s{n + 1} / /\nCOPY --from={n} / /\n" for n in range(4000)
        ),
    },
    "stages with the triggers of one": {
        CONFIG: BUILD,
        DOCKERFILE: "FROM a AS a\n"
        + "ONBUILD COPY --from=x y\n" * 4000
        + "".join(f"FROM a AS s{n}\n" for n in range(4000))
        + "FROM a\n"
        + "".join(f"COPY --from=s{n} a b\n" for n in range(4000)),
    },
    "a chain of services": {
        CONFIG: SERVICE,
        COMPOSE: "services:\n" + "".join(f"  s{n}: {{extends: s{n + 1}}}\n" for n in range(9000)),
    },
    "many builds of one Dockerfile": {
        CONFIG: SERVICE,
        COMPOSE: "services:\n"
        + "".join(f"  s{n}: {{build: {{args: [A={n}]}}}}\n" for n in range(7000)),
        DOCKERFILE: "FROM a\nCOPY --from=b c\n" * 9000,
    },
    "files that include each other twice": {
        CONFIG: SERVICE,
        COMPOSE: "include: [0.yml, 0.yml]",
        **{f".devcontainer/{n}.yml": f"include: [{n + 1}.yml, {n + 1}.yml]" for n in range(30)},
    },
    "aliases that expand": {
        CONFIG: SERVICE,
        COMPOSE: "a0: &a0 [x]\n"
        + "".join(f"a{n + 1}: &a{n + 1} [{', '.join([f'*a{n}'] * 9)}]\n" for n in range(12))
        + "services: {web: {image: *a12}}",
    },
    "many features": {
        CONFIG: '{"features": {' + ",".join(f'"./{n}": 1' for n in range(20000)) + "}}"
    },
}


@pytest.mark.parametrize("files", SLOW.values(), ids=SLOW)
def test_a_scan_ends_quickly(files: Mapping[str, str]) -> None:
    start = time.monotonic()
    scan_in_rounds(files)
    assert time.monotonic() - start < MAX_SECONDS


def test_a_file_has_a_limit() -> None:
    containers = scan_in_rounds({CONFIG: '{"image": "ubuntu"}' + " " * MAX_FILE_CHARACTERS})
    assert containers.problems == (
        f"{CONFIG}: is larger than the limit of {MAX_FILE_CHARACTERS:,} characters",
    )


def test_the_files_of_a_repository_have_a_limit_together() -> None:
    names = [str(number) for number in range(MAX_CHARACTERS // MAX_FILE_CHARACTERS + 1)]
    files = {
        f".devcontainer/{name}/devcontainer.json": filled(" ", '{"image": "ubuntu"}')
        for name in names
    }
    last = f".devcontainer/{names[-1]}/devcontainer.json"
    problem = f"{last}: refers to files with more than {MAX_CHARACTERS:,} characters in total"
    assert scan_in_rounds(files).problems == (problem,)


def test_a_repository_has_a_limit_of_files() -> None:
    """Also of files that do not exist: at most that many are asked for, in all rounds."""
    features = ",".join(f'"./{number}": {{}}' for number in range(2 * MAX_READS))
    files: dict[str, str | None] = {
        CONFIG: f'{{"features": {{{features}}}}}',
        ".devcontainer.json": None,
    }
    missing = scan(files).missing
    assert len(missing) == MAX_READS - 1
    result = scan({**files, **dict.fromkeys(missing)})
    assert result.missing == frozenset()
    assert len(result.containers.problems) == MAX_PROBLEMS + 1
    assert (
        result.containers.problems[-1]
        == f".devcontainer: {MAX_READS + 1 - MAX_PROBLEMS} more problems like these"
    )


@pytest.mark.parametrize("text", ["a" * 100_000, "a:" * 100_000, f"{'a/' * 100_000}b"])
def test_a_very_long_name_is_no_image(text: str) -> None:
    containers = scan_in_rounds({CONFIG: f'{{"image": "{text}"}}'})
    assert containers.images == ()
    assert len(containers.problems) == 1
    assert len(containers.problems[0]) < 200


def test_a_very_long_path_is_not_read() -> None:
    result = scan({CONFIG: f'{{"dockerFile": "{"a" * 5000}"}}', ".devcontainer.json": None})
    assert result.missing == frozenset()
    assert "is too long" in result.containers.problems[0]
