"""Merge the plan files of several jobs into one summary, the outputs and an exit code."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from codespaces_registry_secrets.merge_shards import main
from codespaces_registry_secrets.report.changes_table import COLUMNS
from codespaces_registry_secrets.runtime.cancellation import Cancellation
from rendering import HOSTILE, SUMMARY_TAGS, assert_means_nothing, rendered
from runner_protocol import commands, key_values, step_summary

NAME = "codespaces-registries"
DIGEST = "0123456789abcdef" * 4
CHANGE: dict[str, object] = {
    "target": "repository:octo-org/app",
    "registry": "ACR",
    "server": "mycompany.azurecr.io",
    "sources": {"username": None, "password": "env:ACR_PASSWORD"},
    "action": "create",
    "reason": "does not exist",
    "visibility": None,
    "repositories": {"add": [], "remove": []},
    "outcome": "planned",
    "error": None,
}


@pytest.fixture(autouse=True)
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Create the runner's files. The toolkit reads the path of the outputs from the environment."""
    for name in ("outputs", "summary"):
        (tmp_path / name).touch()
    monkeypatch.setenv("GITHUB_OUTPUT", str(tmp_path / "outputs"))


def document(**keys: object) -> bytes:
    """The content of a plan file, with these keys."""
    plan = {"version": 1, "mode": "apply", "digest": DIGEST, "changes": [CHANGE], **keys}
    return json.dumps(plan).encode()


def upload(folder: Path, artifact: str, *changes: object) -> Path:
    """Write a plan file to the folder that the workflow downloads it to."""
    path = folder / "plans" / f"{NAME}-{artifact}" / "codespaces-registry-plan-0123456789ab.json"
    path.parent.mkdir(parents=True)
    path.write_bytes(document(changes=changes))
    return path


def merge(
    folder: Path,
    mode: str = "apply",
    plan: str = "success",
    apply: str = "success",
    cancellation: Cancellation | None = None,
) -> tuple[int, dict[str, str], str]:
    """Merge the plan files; return the exit code, the outputs and the summary."""
    outputs, summary = folder / "outputs", folder / "summary"
    code = main(
        {
            "INPUT_MODE": mode,
            "INPUT_NAME": NAME,
            "INPUT_PLAN": plan,
            "INPUT_APPLY": apply,
            "INPUT_FOLDER": "plans",
            "RUNNER_TEMP": str(folder),
            "GITHUB_OUTPUT": str(outputs),
            "GITHUB_STEP_SUMMARY": str(summary),
        },
        cancellation,
    )
    return code, key_values(outputs.read_text()), step_summary(summary.read_bytes())


def test_the_outcomes_of_a_shard_replace_the_planned_changes(tmp_path: Path) -> None:
    upload(tmp_path, "1-plan", CHANGE, {**CHANGE, "registry": "GHCR", "action": "none"})
    upload(tmp_path, "1-shard-0", {**CHANGE, "outcome": "applied"})

    code, outputs, summary = merge(tmp_path)

    assert code == 0
    assert (outputs["changed"], outputs["created"], outputs["unchanged"]) == ("true", "1", "1")
    assert "\n**Apply complete: 1 created, 1 unchanged.**\n" in summary


@pytest.mark.parametrize("mode", ["apply", "Apply", " APPLY "])
def test_a_change_without_an_outcome_is_skipped(tmp_path: Path, mode: str) -> None:
    """In any letter case of the mode, because GitHub's `==` ignores case."""
    upload(tmp_path, "1-plan", CHANGE)

    code, outputs, summary = merge(tmp_path, mode)

    assert (code, outputs["skipped"], outputs["created"]) == (1, "1", "0")
    assert summary.startswith("### Codespaces registry secrets: `apply`\n")


@pytest.mark.parametrize(
    ("plan", "apply", "code"),
    [
        ("success", "success", 0),
        ("success", "skipped", 0),
        ("success", "cancelled", 1),
        ("success", "failure", 1),
        ("failure", "success", 1),
        ("skipped", "skipped", 1),
    ],
)
def test_a_failed_job_fails_the_run(tmp_path: Path, plan: str, apply: str, code: int) -> None:
    """Even if every change was applied."""
    upload(tmp_path, "1-plan", {**CHANGE, "outcome": "applied"})

    assert merge(tmp_path, plan=plan, apply=apply)[0] == code


def test_a_shard_of_an_attempt_before_the_newest_plan_is_ignored(tmp_path: Path) -> None:
    upload(tmp_path, "1-plan", CHANGE)
    upload(tmp_path, "1-shard-0", {**CHANGE, "outcome": "failed", "error": "GitHub returned 502"})
    upload(tmp_path, "2-plan", {**CHANGE, "action": "none"})

    code, outputs, _ = merge(tmp_path)

    assert (code, outputs["unchanged"], outputs["failed"]) == (0, "1", "0")


def test_a_blocked_change_is_an_error(tmp_path: Path) -> None:
    """With the reason, as in the summary of the shard."""
    upload(tmp_path, "1-plan", {**CHANGE, "action": "blocked", "reason": "archived"})

    code, outputs, summary = merge(tmp_path)

    assert (code, outputs["blocked"]) == (1, "1")
    (error,) = [line for line in summary.splitlines() if "**Error**" in line]
    assert error.endswith(" is blocked: archived")


def test_a_plan_file_of_another_artifact_is_ignored(tmp_path: Path) -> None:
    """The name of an artifact has the attempt and the part."""
    upload(tmp_path, "1-plan", {**CHANGE, "action": "none"})
    upload(tmp_path, "1-plan-of-another-spec", CHANGE)

    code, outputs, _ = merge(tmp_path)

    assert (code, outputs["unchanged"], outputs["created"]) == (0, "1", "0")


def test_the_summary_has_the_digest_of_the_newest_plan(tmp_path: Path) -> None:
    """Not that of a shard, which is the digest of its part."""
    for artifact, digit in [("1-plan", "1"), ("2-plan", "2"), ("2-shard-0", "3")]:
        upload(tmp_path, artifact).write_bytes(document(digest=digit * 64))

    _, _, summary = merge(tmp_path)

    assert summary.count("Plan digest: ") == 1
    assert f"Plan digest: `{'2' * 64}`\n" in summary


def test_shards_without_a_plan_have_no_changes(tmp_path: Path) -> None:
    upload(tmp_path, "1-shard-0", {**CHANGE, "outcome": "applied"})

    code, outputs, summary = merge(tmp_path, plan="failure")

    assert (code, outputs["created"], outputs["skipped"]) == (1, "0", "0")
    assert "\n**There is no plan. The log of the job `Plan` says why.**\n" in summary


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{}",
        b"[]",
        b"\xff\xfe",
        b"[" * 100_000,
        document(digest=DIGEST[1:]),
        document(digest=f"{DIGEST}\n"),
        document(digest=None),
        document(changes=[{}]),
        document(changes="all"),
        document(changes=[{**CHANGE, "action": "::error::x"}]),
        document(changes=[{**CHANGE, "target": ["x"]}]),
    ],
)
def test_an_invalid_plan_file_is_reported(
    tmp_path: Path, content: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    """Any job of the run can upload an artifact of that name."""
    upload(tmp_path, "1-plan", CHANGE)
    upload(tmp_path, "1-shard-0", CHANGE).write_bytes(content)

    code, outputs, summary = merge(tmp_path)

    (error,) = commands(capsys.readouterr().out)
    assert (code, outputs) == (1, {})
    assert error.name == "error"
    assert error.message == (
        "codespaces-registry-plan-0123456789ab.json in the artifact codespaces-registries-1-shard-0 "
        "is not a valid plan file; run the workflow again"
    )
    assert "is not a valid plan file; run the workflow again" in summary


def test_texts_of_a_plan_file_are_escaped_in_the_summary(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """They create no link, image, HTML, heading, mention or table cell."""
    for number, text in enumerate(HOSTILE):
        texts = {"target": f"{number} {text}", "registry": text, "server": text, "error": text}
        sources = {"username": text, "password": text}
        visibility = {"from": text, "to": text}
        lists = {"add": [text] * 9, "remove": [text]}
        rest = {"sources": sources, "visibility": visibility, "repositories": lists}
        upload(tmp_path, f"1-shard-{number}", {**CHANGE, **texts, **rest, "outcome": "failed"})
    upload(tmp_path, "1-plan")

    _, outputs, summary = merge(tmp_path)

    page = rendered(summary)
    assert outputs["failed"] == str(len(HOSTILE))
    assert page.tags.count("td") == (len(COLUMNS) - 2) * len(HOSTILE)
    assert_means_nothing(page, *SUMMARY_TAGS)
    assert commands(capsys.readouterr().out) == []


def test_a_signal_ends_it(tmp_path: Path) -> None:
    """Before the outputs, and with an error in the summary."""
    cancellation = Cancellation()
    cancellation.requested = "SIGTERM"
    upload(tmp_path, "1-plan", CHANGE)
    code, outputs, summary = merge(tmp_path, cancellation=cancellation)
    assert (code, outputs) == (1, {})
    assert "SIGTERM" in summary


def test_the_summary_of_the_jobs_follows_the_rules_of_a_run(tmp_path: Path) -> None:
    """Problems first and merged, then a table with repositories, ages and expiries."""
    change = {
        **CHANGE,
        "action": "rotate",
        "repositories": {"add": ["octo-org/api"], "remove": ["octo-org/old"]},
        "visibility": {"from": "private", "to": "selected"},
        "stored": "2020-01-31T09:30:00Z",
        "expires": "2099-01-31T09:30:00Z",
    }
    upload(
        tmp_path,
        "1-plan",
        *[{**change, "target": f"repository:octo-org/svc-{n}"} for n in range(3)],
    )
    failed = [
        {
            **change,
            "target": f"repository:octo-org/svc-{n}",
            "outcome": "failed",
            "error": "GitHub returned 502",
        }
        for n in range(2)
    ]
    upload(tmp_path, "1-shard-0", *failed)

    _, _, summary = merge(tmp_path)

    assert "**Apply incomplete: 2 failed, 1 not started.**" in summary
    assert summary.count("GitHub returned") == 1
    assert summary.index("rotate ACR at") < summary.index("| Change |")
    assert summary.count("| `~` failed to rotate<br>") == 2
    assert "`private` → `selected` | + `octo-org/api`<br>− `octo-org/old` |" in summary  # noqa: RUF001
    assert "2099<br>in" in summary
    assert "section ACR\n    3 targets stored " in summary


def test_repositories_whose_names_are_hidden_are_counted(tmp_path: Path) -> None:
    """The plan files of a public repository have their numbers."""
    repositories = {"add": ["octo-org/api"], "remove": [], "private": {"add": 3, "remove": 1}}
    upload(tmp_path, "1-plan", {**CHANGE, "action": "access", "repositories": repositories})

    _, _, summary = merge(tmp_path, mode="plan", apply="skipped")

    assert "+ 3 private repositories" in summary
    assert "\N{MINUS SIGN} 1 private repository" in summary
