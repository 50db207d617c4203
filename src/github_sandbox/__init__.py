"""A fake of GitHub's Codespaces secrets API on loopback, for the tests, the demo and the benchmark.

It validates requests as strictly as GitHub does. `World` holds the state, `Sandbox` serves it over
HTTP, and `Fault` makes chosen requests fail.
"""

from github_sandbox.accounts import Account, Repository
from github_sandbox.exchanges import Exchange
from github_sandbox.faults import Fault
from github_sandbox.server import Sandbox
from github_sandbox.world import Secret, World

__all__ = ["Account", "Exchange", "Fault", "Repository", "Sandbox", "Secret", "World"]
