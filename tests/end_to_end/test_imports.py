"""What a run imports: the start of the Action is most of the time of a short run."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping

from codespaces_registry_secrets.generate.kinds import KINDS
from issuers.gitlab import GitLab
from runner_environment import input_variables
from sandboxed_action import ACR_SPEC, ACTION_YML, TOKEN, UNPACED, Action

# Runs the Action, and prints the modules that are then imported as the last line.
PROGRAM = """
import os, sys
sys.path.insert(0, "src")
from codespaces_registry_secrets.action import main
code = main(dict(os.environ))
print(*sys.modules)
sys.exit(code)
"""
ISSUERS = {f"codespaces_registry_secrets.generate.{module}" for module, _ in KINDS.values()}
TARGETS = "    targets: [{repository: octo-org/app}]\n"
GITLAB_SPEC = """
version: 1
registries:
  - id: GITLAB
    server: registry.gitlab.example
    generate:
      kind: gitlab-deploy-token
      store: GITLAB_CREDENTIAL
      url: %s
      project: team/app
      token: {env: GITLAB_TOKEN}
"""


def imported(action: Action, spec: str, env: Mapping[str, str]) -> set[str]:
    """The modules that a process has imported after a plan."""
    inputs = {"token": TOKEN, "spec": spec, "mode": "plan", "verify": "off", **UNPACED}
    process = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env={
            **{name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ},
            **input_variables({**inputs, "api-url": action.url}),
            "GITHUB_REPOSITORY": "octo-org/app",
            **env,
        },
        cwd=ACTION_YML.parent,
        capture_output=True,
        check=True,
        text=True,
    )
    return set(process.stdout.splitlines()[-1].split())


def test_a_run_without_generate_imports_no_kind(action: Action) -> None:
    """Nor the library that signs requests of AWS."""
    modules = imported(action, ACR_SPEC + TARGETS, {"ACR_PASSWORD": "a-password"})
    assert "codespaces_registry_secrets.apply.executor" in modules
    assert modules & ISSUERS == set()
    assert not [name for name in modules if name.split(".")[0] == "botocore"]


def test_a_run_imports_only_the_kinds_of_its_spec(action: Action) -> None:
    with GitLab() as gitlab:
        spec = GITLAB_SPEC % gitlab.address + TARGETS
        modules = imported(action, spec, {"GITLAB_TOKEN": gitlab.token})
        assert gitlab.requests != []
    assert modules & ISSUERS == {"codespaces_registry_secrets.generate.gitlab"}
    assert not [name for name in modules if name.split(".")[0] == "botocore"]
