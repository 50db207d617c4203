"""The workflows that `init` writes. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from codespaces_registry_secrets.model.targets import ME, Target
from codespaces_registry_secrets.spec.starter import Starter, variable_name
from codespaces_registry_secrets.spec.yaml_text import scalar

Use = Literal["step", "rotation", "template"]

ACTION = "octo-org/codespaces-registry-secrets"
# A test compares it with the workflows in `examples`, which Dependabot updates.
CHECKOUT = "actions/checkout@11bd71901bbe5b1630ceea73d27597364c9af683 # v4.2.2"
TOKEN_SECRET = "CODESPACES_SECRETS_TOKEN"  # noqa: S105 - the name of a secret
APP_SECRETS = ("CODESPACES_SECRETS_APP_ID", "CODESPACES_SECRETS_APP_KEY")
WORKFLOW_FILES: dict[Use, str] = {
    "step": ".github/workflows/registry-secrets.yml",
    "rotation": ".github/workflows/rotate-registry-secrets.yml",
    "template": ".github/workflows/set-up-registry-access.yml",
}

_STEP = """\
# Stores the registry logins for codespaces. Its steps can be copied to another workflow.
name: Registry secrets

on:
  workflow_dispatch:
{mode}
permissions: {{}}

concurrency:
  group: registry-secrets
  cancel-in-progress: false # let a running job finish its writes

jobs:
  apply:
    name: Apply the spec
{job}"""

_ROTATION = """\
# Keeps the registry logins of codespaces up to date, every night.
name: Rotate registry secrets

on:
  schedule:
    - cron: "17 4 * * *"
  workflow_dispatch:
{mode}
permissions: {{}}

concurrency:
  group: rotate-registry-secrets
  cancel-in-progress: false # let a running job finish its writes

jobs:
  rotate:
    name: Rotate
{job}"""

_MODE = """\
    inputs:
      mode:
        description: What to do
        type: choice
        options: [plan, check, apply]
        default: plan
"""

_JOB = """\
    runs-on: ubuntu-24.04
    timeout-minutes: 20
    permissions:
      contents: read # to check the spec out
    steps:
      - uses: {checkout}
        with:
          persist-credentials: false
      - name: Apply the registry secrets
        uses: {action}
        env: # the values of `{{secret: NAME}}` in the spec
{env}
        with:
          token: ${{{{ secrets.{token} }}}}
          spec-file: {spec_file}
          # A change of the spec cannot send a password to another server or owner.
{allowed}
          mode: ${{{{ inputs.mode || 'apply' }}}}
"""

_TEMPLATE = """\
# For a template repository. A repository made from it gets its registry login with its first push.
name: Set up registry access

on:
  push:
    branches: [main]
  workflow_dispatch:

permissions: {{}}

concurrency:
  group: registry-access
  cancel-in-progress: false # let a running job finish its writes

jobs:
  registry:
    name: Store the login
    if: ${{{{ !github.event.repository.is_template }}}}
    runs-on: ubuntu-24.04
    timeout-minutes: 10
    steps:
      - name: Apply the registry secrets
        uses: {action}
        with:
          app-id: ${{{{ secrets.{app_id} }}}}
          app-private-key: ${{{{ secrets.{app_key} }}}}
          id: {id}
          server: {server}
          username: {username}
          password: {password}
          rotate: missing # a later push writes nothing
"""


def render_workflow(use: Use, starter: Starter, version: str, spec_file: str) -> str:
    """The text of the workflow; `version` is that of the Action. The starter must be valid."""
    action = f"{ACTION}@v{version.partition('.')[0]}"
    if use == "template":
        return _render_template(starter, action)
    job = _JOB.format(
        checkout=CHECKOUT,
        action=action,
        token=TOKEN_SECRET,
        spec_file=spec_file,
        env="\n".join(f"          {name}: {_expression(name)}" for name in starter.secrets),
        allowed="\n".join(f"          {line}" for line in _allowed(starter)),
    )
    return (_STEP if use == "step" else _ROTATION).format(mode=_MODE, job=job)


def _render_template(starter: Starter, action: str) -> str:
    username = variable_name(starter.id, "username")
    return _TEMPLATE.format(
        action=action,
        app_id=APP_SECRETS[0],
        app_key=APP_SECRETS[1],
        id=starter.id,
        server=scalar(starter.server or ""),
        username=_expression(username) if starter.username is None else scalar(starter.username),
        password=_expression(variable_name(starter.id, "password")),
    )


def _allowed(starter: Starter) -> list[str]:
    lines = [f"allowed-servers: {scalar(starter.server or '')}"]
    owners = _owners(starter.targets)
    return [*lines, f"allowed-owners: {', '.join(owners)}"] if owners else lines


def _owners(targets: Sequence[Target]) -> list[str]:
    """The owners of the targets; none if only GitHub knows one of them."""
    owners = list(dict.fromkeys(target.owner for target in targets))
    return [] if ME in owners else owners


def _expression(secret: str) -> str:
    return f"${{{{ secrets.{secret} }}}}"
