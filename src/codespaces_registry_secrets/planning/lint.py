"""What works, but hardly as it was meant. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from codespaces_registry_secrets.model.desired import Desired
from codespaces_registry_secrets.model.plan import Note
from codespaces_registry_secrets.model.targets import Repository, User


def doubts(settled: Sequence[Desired]) -> Iterator[Note]:
    """Warnings about triplets beside each other, sorted as they are."""
    organizations = {
        (t.registry, t.target.owner.lower()) for t in settled if t.target.has_visibility
    }
    # A triplet that is there twice is told of elsewhere.
    triplets = {(t.target, t.registry, t.credential.server) for t in settled if t.credential}
    servers = Counter((target, server) for target, _, server in triplets)
    for triplet in settled:
        here = f"{triplet.registry} at {triplet.target}"
        server = triplet.credential.server if triplet.credential else None
        if server and servers[triplet.target, server] > 1:
            message = f"{here}: {server} has another id here too, and Codespaces uses only one"
            yield Note("warning", message, triplet.where, triplet.target)
        if isinstance(triplet.target, User):
            message = f"{here}: prebuilds never see a user's secrets"
            yield Note("warning", message, triplet.where, triplet.target)
        if not isinstance(triplet.target, Repository):
            continue
        if (triplet.registry, triplet.target.owner.lower()) in organizations:
            message = f"{here}: the organization has it too; in this repository this one wins"
            yield Note("warning", message, triplet.where, triplet.target)
        if server == "ghcr.io":
            message = f"{here}: images that the repository may read need no secrets on ghcr.io"
            yield Note("notice", message, triplet.where, triplet.target)
