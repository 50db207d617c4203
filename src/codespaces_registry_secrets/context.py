"""What the steps of a run share: its inputs, and what is built from them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from codespaces_registry_secrets.generate.generation import Generation
from codespaces_registry_secrets.github.auth import GitHubClients, TimeoutConfig, connect
from codespaces_registry_secrets.github.rate_limiter import (
    MAX_SHARD_WAIT_SECONDS,
    MAX_WAIT_SECONDS,
    RateLimiter,
)
from codespaces_registry_secrets.inputs.action_inputs import Inputs, read_inputs, secret_inputs
from codespaces_registry_secrets.inputs.sources import Sources
from codespaces_registry_secrets.report.log import Progress
from codespaces_registry_secrets.report.run_output import RunOutput
from codespaces_registry_secrets.runtime.cancellation import Cancellation
from codespaces_registry_secrets.spec.locate import ReadSpec
from codespaces_registry_secrets.state.recorder import StateRecorder


@dataclass(frozen=True)
class RunContext:
    """What the steps of a run share."""

    inputs: Inputs
    sources: Sources
    clients: GitHubClients
    limiter: RateLimiter
    output: RunOutput
    cancellation: Cancellation
    recorder: StateRecorder
    generation: Generation
    read_spec: ReadSpec

    def progress(
        self, verb: str, requests_per_minute: int, targets: int, requests: int
    ) -> Progress:
        """Report progress over `targets` targets that take `requests` requests in all."""
        return self.output.progress(
            verb, requests_per_minute, targets, requests, lambda: self.limiter.paused_until
        )


def prepare(
    environ: Mapping[str, str],
    output: RunOutput,
    cancellation: Cancellation,
    timeouts: TimeoutConfig,
    read_spec: ReadSpec,
) -> RunContext:
    """Mask the secret inputs, then read and check all inputs. Sends no request."""
    for secret in secret_inputs(environ):
        output.mask(secret)
    inputs = read_inputs(environ)
    sources = Sources(environ, inputs.workspace, output.mask, inputs.credentials)
    max_wait = MAX_SHARD_WAIT_SECONDS if inputs.shard else MAX_WAIT_SECONDS
    limiter = RateLimiter(inputs.writes_per_minute, output.info, cancellation, max_wait)
    clients = connect(inputs, limiter, timeouts, output.mask)
    recorder = StateRecorder(inputs, clients, sources)
    generation = Generation(inputs, clients, sources)
    return RunContext(
        inputs, sources, clients, limiter, output, cancellation, recorder, generation, read_spec
    )
