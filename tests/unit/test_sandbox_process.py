"""The sandbox as a separate process, and its preset worlds."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import requests

from busy_machine import stretched
from contract.sandbox_client import Client, client_of
from github_sandbox import Fault, Sandbox, World
from github_sandbox.presets import bare, demo, stored

PARTS = ("SERVER", "USER", "PASSWORD")
SOURCE = Path(__file__).parents[2] / "src"


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_the_process_prints_its_url_and_serves_until_a_signal(stop: signal.Signals) -> None:
    """The first line of stdout is the URL; SIGTERM and SIGINT exit with 0."""
    command = [sys.executable, "-m", "github_sandbox", "--world", "demo", "--latency", "1"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=SOURCE) as process:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        client = Client(url, "sandbox-token")
        with client.session:
            assert client.get("/user").json()["login"] == "octocat"
        process.send_signal(stop)
        assert process.wait(timeout=5) == 0


def test_the_process_records_requests_and_stored_secrets(tmp_path: Path) -> None:
    """As JSON on exit; options select the preset world and the write limit."""
    record = tmp_path / "record.json"
    options = ["--world", "stored", "--repositories", "3", "--limit-writes", "1/60"]
    command = [sys.executable, "-m", "github_sandbox", *options, "--record", str(record)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=SOURCE) as process:
        assert process.stdout is not None
        client = Client(process.stdout.readline().strip(), "sandbox-token")
        url = "/orgs/octo-org/codespaces/secrets/ACR_CONTAINER_REGISTRY_USER/repositories"
        with client.session:
            statuses = [
                client.put(url, {"selected_repository_ids": []}).status_code for _ in range(2)
            ]
            received = len(client.get(url).content)
        process.send_signal(signal.SIGTERM)
    assert statuses == [204, 403]
    recorded = json.loads(record.read_text())
    assert [exchange["status"] for exchange in recorded["exchanges"]] == [204, 403, 200]
    assert [exchange["sent"] > 0 for exchange in recorded["exchanges"]] == [True, True, False]
    assert recorded["exchanges"][2]["received"] == received
    assert all(exchange["began"] <= exchange["ended"] for exchange in recorded["exchanges"])
    repositories = [f"repository:octo-org/repo-{number:04}" for number in range(3)]
    assert set(recorded["secrets"]) == {"organization:octo-org", *repositories}
    assert recorded["secrets"][repositories[0]]["ACR_CONTAINER_REGISTRY_USER"] == "acr-user-here"


def test_an_invalid_write_limit_is_rejected(capfd: pytest.CaptureFixture[str]) -> None:
    """Exit code 2, and a message with the expected format."""
    command = [sys.executable, "-m", "github_sandbox", "--limit-writes", "80"]
    assert subprocess.run(command, check=False, cwd=SOURCE).returncode == 2
    assert "'80' does not match N/SECONDS, such as 80/6" in capfd.readouterr().err


def test_a_bare_world_has_no_secrets() -> None:
    """It has the requested number of repositories."""
    world = bare(12)
    assert len(world.repositories(world.account("octo-org"))) == 12
    assert world.secrets("organization:octo-org") == {}


def test_a_stored_world_needs_no_changes() -> None:
    """Every other repository is selected, and the source is older than the stored triplets."""
    world = stored(12)
    for secret in world.secrets("organization:octo-org").values():
        assert secret.repositories == tuple(f"octo-org/repo-{n:04}" for n in range(0, 12, 2))
    with_triplet, without = (world.secrets(f"repository:octo-org/repo-{n:04}") for n in (9, 10))
    assert len(with_triplet) == 3
    assert without == {}
    source = world.actions_secrets(world.scope("repository:octo-org/repo-0000"))["ACR_PASSWORD"]
    assert all(source.updated_at < secret.updated_at for secret in with_triplet.values())


def test_a_sandbox_starts_and_stops_quickly() -> None:
    """Within half a second, even with a connected client."""
    world = demo()
    began = time.monotonic()
    with Sandbox(world) as sandbox, client_of(sandbox, "sandbox-token") as client:
        client.get("/user")
    assert time.monotonic() - began < stretched(0.5)


def test_a_sandbox_does_not_wait_for_pending_requests() -> None:
    """A request that a fault delays is dropped when the sandbox stops."""
    began = time.monotonic()
    with Sandbox(demo()) as sandbox, client_of(sandbox, "sandbox-token") as client:
        sandbox.fail(Fault(delay=60.0))
        with pytest.raises(requests.ReadTimeout):
            client.session.get(f"{sandbox.url}/user", timeout=0.1)
    assert time.monotonic() - began < 5


def test_the_demo_world_has_40_repositories() -> None:
    """Two are archived, about twenty are services, and one service is a legacy one."""
    world = demo()
    names = [repository.name for repository in world.repositories(world.account("octo-org"))]
    assert len(names) == len(set(names)) == 40
    assert 18 <= sum(name.startswith("svc-") for name in names) <= 24
    assert {"api", "web", "docs", "infra", "service-template", "svc-billing-legacy"} <= set(names)
    archived = [
        repository
        for repository in world.repositories(world.account("octo-org"))
        if repository.archived
    ]
    assert len(archived) == 2
    assert world.repository("octocat/dotfiles").owner.login == "octocat"


def test_the_demo_world_has_drifted() -> None:
    """An old triplet with outdated repositories, an incomplete triplet, and none for the user."""
    world = demo()
    triplet = world.secrets("organization:octo-org")
    assert set(triplet) == {f"ACR_CONTAINER_REGISTRY_{part}" for part in PARTS}
    assert {(world.now() - secret.updated_at).days for secret in triplet.values()} == {45}
    for secret in triplet.values():
        assert secret.visibility == "selected"
        assert "octo-org/playbooks" in secret.repositories
        assert "octo-org/svc-search" not in secret.repositories
    incomplete = world.secrets("repository:octo-org/service-template")
    assert set(incomplete) == {f"GHCR_CONTAINER_REGISTRY_{part}" for part in ("SERVER", "USER")}
    assert world.secrets("user:octocat") == {}


def test_the_demo_token_can_read_every_scope() -> None:
    """`sandbox-token` lists the secrets of the organization, a repository and the user."""
    with Sandbox(demo()) as sandbox, client_of(sandbox, "sandbox-token") as client:
        for prefix in ("/orgs/octo-org", "/repos/octo-org/service-template", "/user"):
            assert client.get(f"{prefix}/codespaces/secrets").status_code == 200


def test_an_empty_world_can_be_served() -> None:
    """A world without tokens responds with 401."""
    with Sandbox(World()) as sandbox, client_of(sandbox, "any") as client:
        assert client.get("/user").status_code == 401
