"""Runs the commands of a page, as a reader does, against a sandbox and a registry over TLS."""

from __future__ import annotations

import base64
import os
import re
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import yaml
from aiohttp import web

import workflow
from command_line import NAME, CommandLine
from github_sandbox import Sandbox, World
from registry.certificate_authority import CertificateAuthority
from registry.proxy import Proxy
from registry.scripted_server import Served
from runner import Runner
from sandboxed_action import ACTION_YML, TOKEN

REPOSITORY, SERVER = "octo-org/app", "mycompany.azurecr.io"
USERNAME, PASSWORD = "acr-user-here", "a password of the registry"
NOW = datetime(2026, 11, 1, 9, 0, tzinfo=UTC)
DEV_CONTAINER = f'{{"image": "{SERVER}/team/devbox:v1"}}\n'
# What the page says about the token.
PERMISSIONS = {
    "codespaces_secrets": "write",
    "contents": "read",
    "metadata": "read",
    "secrets": "read",
}
WORKFLOW = Path(".github/workflows/rotate-registry-secrets.yml")
MAX_SECONDS = 60

_COMMAND = re.compile(rf"(\w+=\S+ )*({NAME}|cat) ")
_CONSOLE = re.compile(r"^```console\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_LOG = re.compile(r"^<!-- log of the mode (\w+) -->\n```text\n.*?^```$", re.DOTALL | re.MULTILINE)


def create_world() -> World:
    """A repository with a dev container, and the Actions secret that the page creates."""
    world = World(now=lambda: NOW)
    world.add_user("octocat")
    world.add_organization("octo-org", owners=("octocat",))
    world.add_repository(REPOSITORY)
    world.put_file(REPOSITORY, ".devcontainer/devcontainer.json", DEV_CONTAINER)
    world.put_actions_secret(f"repository:{REPOSITORY}", "ACR_PASSWORD")
    world.add_fine_grained_token(
        TOKEN, user="octocat", owner="octo-org", permissions=PERMISSIONS, repositories=[REPOSITORY]
    )
    return world


@contextmanager
def reachable_registry(folder: Path) -> Iterator[Mapping[str, str]]:
    """Serve the registry, and yield the variables with which a process reaches it by its name."""
    accepted = f"Basic {base64.b64encode(f'{USERNAME}:{PASSWORD}'.encode()).decode()}"

    async def respond(request: web.Request) -> web.Response:
        if request.headers.get("Authorization") == accepted:
            return web.json_response({})
        headers = {"WWW-Authenticate": f'Basic realm="{SERVER}"'}
        return web.json_response({"errors": []}, status=401, headers=headers)

    authority = CertificateAuthority(folder)
    with (
        Served(respond, authority.certify(SERVER).context()) as served,
        Proxy({f"{SERVER}:443": served.port}) as proxy,
    ):
        yield {"HTTPS_PROXY": proxy.url, "REQUESTS_CA_BUNDLE": str(authority.bundle)}


class Reader:
    """A person who follows the page in a clone of the repository."""

    def __init__(
        self, cli: CommandLine, sandbox: Sandbox, network: Mapping[str, str] | None = None
    ) -> None:
        self._folder = cli.folder / "app"
        self._network = network or {}
        self._url = sandbox.url
        self._environ = {
            **cli.variables({"GH_TOKEN": TOKEN, "GITHUB_API_URL": sandbox.url, **self._network}),
            "ACR_PASSWORD": PASSWORD,
            "COLUMNS": "100",
            "PATH": f"{cli.command.parent}{os.pathsep}{os.environ['PATH']}",
        }
        remote = f"https://github.com/{REPOSITORY}.git"
        self._folder.mkdir()
        for command in (["init", "-q"], ["remote", "add", "origin", remote]):
            subprocess.run(["git", "-C", str(self._folder), *command], check=True)

    def follow(self, page: str) -> str:
        """The page with what its commands, and the workflow that it starts, print now."""
        page = _CONSOLE.sub(lambda match: self._run_block(match[1]), page)
        return _LOG.sub(lambda match: self._run_workflow(match[1]), page)

    def _run_block(self, block: str) -> str:
        commands = [line.removeprefix("$ ") for line in block.splitlines() if line[:2] == "$ "]
        assert commands
        return f"```console\n{''.join(self._run(command) for command in commands)}```"

    def _run(self, command: str) -> str:
        assert _COMMAND.match(command), command
        process = subprocess.run(
            ["bash", "-c", command],
            cwd=self._folder,
            env=self._environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
            text=True,
            timeout=MAX_SECONDS,
        )
        assert process.returncode == 0, process.stdout
        return f"$ {command}\n{process.stdout.strip()}\n"

    def _run_workflow(self, mode: str) -> str:
        """Run the last step of the workflow that `init` wrote, which uses the Action."""
        (job,) = yaml.safe_load((self._folder / WORKFLOW).read_text())["jobs"].values()
        step = job["steps"][-1]
        secrets = {"CODESPACES_SECRETS_TOKEN": TOKEN, "ACR_PASSWORD": PASSWORD}
        contexts = {"secrets": secrets, "inputs": {"mode": mode}}
        inputs = {name: workflow.text(value, contexts) for name, value in step["with"].items()}
        env = {name: workflow.text(value, contexts) for name, value in step["env"].items()}
        runner = Runner(ACTION_YML, self._folder, {"api_url": self._url, "repository": REPOSITORY})
        result = runner.run({**inputs, "api-url": self._url}, {**env, **self._network})
        assert result.exit_code == 0, result.log
        return f"<!-- log of the mode {mode} -->\n```text\n{_as_shown(result.log)}\n```"


def _as_shown(log: str) -> str:
    """A log as GitHub shows it, with its groups and notices."""
    log = log.replace("::endgroup::\n", "").replace("::group::", "▾ ")
    return re.sub(r"^::notice .*?::", "Notice: ", log, flags=re.MULTILINE).strip()
