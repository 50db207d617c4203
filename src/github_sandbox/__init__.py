"""GitHub's Codespaces-secrets API on loopback, strict where GitHub is: for tests and the demo."""

from github_sandbox.directory import Account, Repository
from github_sandbox.faults import Exchange, Fault
from github_sandbox.server import Sandbox
from github_sandbox.world import Secret, World

__all__ = ["Account", "Exchange", "Fault", "Repository", "Sandbox", "Secret", "World"]
