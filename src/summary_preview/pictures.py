"""Write the pictures of the documentation, light and dark, from runs against the sandbox.

`summary` is a plan. `failures` is an apply with an expired credential, in which GitHub rejects a
write. `comment` is the plan of a pull request, when everything else is up to date.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import get_args

from github_sandbox.faults import Fault
from github_sandbox.presets import demo
from github_sandbox.server import Sandbox
from runner_environment import EVENT, GITHUB, StepPaths, build_environment
from summary_preview.browser import Theme, View, find_chromium, show

ROOT = Path(__file__).parents[2]
IMAGES = ROOT / "docs" / "images"
SPEC = ROOT / "examples" / "codespaces-registries.yml"
VALUES = {"ACR_PASSWORD": "correct horse", "GHCR_TOKEN": "a token", "LEGACY_PASSWORD": "old"}
SPEC_PATH = ".github/codespaces-registries.yml"
REPOSITORY = "octo-org/infra"
JOB_TOKEN = "job-token"  # noqa: S105 - of the sandbox
SUMMARY_WIDTH = 1200
COMMENT_WIDTH = 960  # of the column of comments on github.com, with a margin
COLOURS = 64  # enough for text; the files are less than half as large
# Added to the example's spec: expiries for the chart, and a credential that has expired.
LEGACY = """\
  - id: LEGACY
    server: registry.octo-org.example
    username: octocat
    password: {{env: LEGACY_PASSWORD}}
    expires: {expired}
    targets:
      - repository: octo-org/service-template
"""


def main() -> int:
    """Write the pictures; 1 if a program is missing."""
    argparse.ArgumentParser(prog="script/pictures", description=__doc__).parse_args()
    if find_chromium() is None or shutil.which("pngquant") is None:
        print("script/pictures: needs Chromium and pngquant (Debian packages of the same names)")
        return 1
    IMAGES.mkdir(exist_ok=True)
    themes: tuple[Theme, ...] = get_args(Theme)
    views = [
        replace(view, theme=theme, picture=IMAGES / f"{name}-{theme}.png")
        for name, view in run_all().items()
        for theme in themes
    ]
    show(views)
    for picture in (view.picture for view in views if view.picture):
        shrink = ["pngquant", "--force", "--ext", ".png", str(COLOURS), str(picture)]
        subprocess.run(shrink, check=True)  # noqa: S603
        print(f"{picture.relative_to(ROOT)}: {picture.stat().st_size // 1024} KiB")
    return 0


def run_all() -> dict[str, View]:
    """Run the Action for each picture; what to show, by the name of the picture."""
    now = datetime.now(UTC)
    world = demo()
    permissions = {"contents": "read", "pull_requests": "write"}
    world.add_actions_token(JOB_TOKEN, repository=REPOSITORY, permissions=permissions)
    number = world.add_pull_request(REPOSITORY)
    with Sandbox(world) as sandbox:
        plan = run(sandbox, "plan", _spec(now))
        error = '{"message": "Validation Failed"}'
        sandbox.fail(Fault(method="PUT", path="/user/", status=422, times=None, body=error))
        failures = run(sandbox, "apply", _spec(now) + _legacy(now))
        sandbox.clear_faults()
        run(sandbox, "apply", _spec(now))
        proposed = _spec(now).replace("[api, web,", "[api, web, sdk-python,") + _legacy(now)
        run(sandbox, "plan", proposed, pull_request=number)
    (comment,) = world.comments(REPOSITORY, number)
    return {
        "summary": View(plan, SUMMARY_WIDTH),
        "comment": View(comment.body, COMMENT_WIDTH, comment=True),
        "failures": View(failures, SUMMARY_WIDTH),
    }


def run(sandbox: Sandbox, mode: str, spec: str, pull_request: int | None = None) -> str:
    """Run the Action against the sandbox, and return its summary.

    With the number of a pull request, it also keeps a comment there.
    """
    with tempfile.TemporaryDirectory() as temp:
        paths = StepPaths(temp, temp, temp, temp, workspace=temp, step="picture")
        event = dict(EVENT)
        inputs = {"api-url": sandbox.url, "mode": mode, "token": "sandbox-token", "verify": "off"}
        github = {**GITHUB, "api_url": sandbox.url, "repository": REPOSITORY}
        if pull_request is not None:
            inputs |= {"comment": "true", "github-token": JOB_TOKEN}
            branch = {"repo": {"id": 1}}
            event |= {"pull_request": {"number": pull_request, "head": branch, "base": branch}}
            github |= {"event_name": "pull_request"}
        (Path(temp) / SPEC_PATH).parent.mkdir()
        (Path(temp) / SPEC_PATH).write_text(spec, encoding="utf-8")
        Path(paths.event).write_text(json.dumps(event), encoding="utf-8")
        for command in ("OUTPUT", "STEP_SUMMARY"):
            Path(paths.file(command)).touch()
        entrypoint = [sys.executable, "-X", "utf8", str(ROOT / "entrypoint.py")]
        environment = build_environment(inputs, paths, github=github, env=VALUES)
        subprocess.run(entrypoint, env=environment, capture_output=True, check=False)  # noqa: S603
        return Path(paths.file("STEP_SUMMARY")).read_text(encoding="utf-8")


def _spec(now: datetime) -> str:
    """The example's spec, in which the credential of ACR expires in some weeks."""
    expires = f"    expires: {now + timedelta(days=60):%Y-%m-%d}\n"
    text = SPEC.read_text(encoding="utf-8")
    return text.replace("    name: mycompany\n", f"    name: mycompany\n{expires}")


def _legacy(now: datetime) -> str:
    return LEGACY.format(expired=f"{now - timedelta(days=3):%Y-%m-%d}")


if __name__ == "__main__":
    sys.exit(main())
