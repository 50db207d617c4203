"""Write the pictures of the documentation: summaries of runs against the sandbox.

The light picture is a plan. The dark one is an apply in which GitHub rejects a write and a
credential has expired.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

from github_sandbox.faults import Fault
from github_sandbox.presets import demo
from github_sandbox.server import Sandbox
from runner_environment import GITHUB, StepPaths, build_environment
from summary_preview.browser import View, find_chromium, show

ROOT = Path(__file__).parents[2]
IMAGES = ROOT / "docs" / "images"
SPEC = ROOT / "examples" / "codespaces-registries.yml"
VALUES = {"ACR_PASSWORD": "correct horse", "GHCR_TOKEN": "a token", "LEGACY_PASSWORD": "old"}
WIDTH = 1200
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
    """Write both pictures; 1 if a program is missing."""
    argparse.ArgumentParser(prog="script/pictures", description=__doc__).parse_args()
    if find_chromium() is None or shutil.which("pngquant") is None:
        print("script/pictures: needs Chromium and pngquant (Debian packages of the same names)")
        return 1
    with Sandbox(demo()) as sandbox:
        plan = run(sandbox, "plan", _spec(datetime.now(UTC)))
        sandbox.fail(
            Fault(
                method="PUT",
                path="/user/",
                status=422,
                times=None,
                body='{"message": "Validation Failed"}',
            )
        )
        problems = run(sandbox, "apply", _spec(datetime.now(UTC)) + _legacy(datetime.now(UTC)))
    IMAGES.mkdir(exist_ok=True)
    show(
        [
            View(plan, WIDTH, "light", picture=IMAGES / "summary-light.png"),
            View(problems, WIDTH, "dark", picture=IMAGES / "summary-dark.png"),
        ]
    )
    for picture in sorted(IMAGES.glob("summary-*.png")):
        # 64 colours are enough for text, and make the file less than half as large.
        shrink = ["pngquant", "--force", "--ext", ".png", "64", str(picture)]
        subprocess.run(shrink, check=True)  # noqa: S603
        print(f"{picture.relative_to(ROOT)}: {picture.stat().st_size // 1024} KiB")
    return 0


def run(sandbox: Sandbox, mode: str, spec: str) -> str:
    """Run the Action against the sandbox, and return its summary."""
    with tempfile.TemporaryDirectory() as temp:
        paths = StepPaths(temp, temp, temp, temp, workspace=str(ROOT), step="picture")
        inputs = {
            "api-url": sandbox.url,
            "mode": mode,
            "spec": spec,
            "token": "sandbox-token",
            "verify": "off",
        }
        github = {**GITHUB, "api_url": sandbox.url}
        environment = build_environment(inputs, paths, github=github, env=VALUES)
        for command in ("OUTPUT", "STEP_SUMMARY"):
            Path(paths.file(command)).touch()
        entrypoint = [sys.executable, "-X", "utf8", str(ROOT / "entrypoint.py")]
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
