"""The names and files of private repositories that a run must not show.

Everybody can read the log of a workflow in a public repository. A glob, a topic, a property or
a team of the spec can match private repositories, and GitHub lists those that already have access.
What the spec itself names is public with it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from codespaces_registry_secrets.model.desired import Desired
from codespaces_registry_secrets.model.observed import Observed
from codespaces_registry_secrets.model.repositories import RepositoryIndex, RepositoryInfo
from codespaces_registry_secrets.model.targets import Repository, Target

# In place of the id of a repository that only a name is known of.
UNKNOWN_ID = 0
# `owner/name`, also as a part of a URL; and a list of them, or the name of a target.
_PATH = r"[\w.-]+(?:/[\w.-]+)+"
_NAMES = re.compile(rf"(?P<target>\brepository:)?(?P<names>{_PATH}(?:, {_PATH})*)")


@dataclass(frozen=True)
class PrivateNames:
    """Private repositories whose names are hidden: their ids by lower-case full name."""

    ids: Mapping[str, int] = field(default_factory=dict)

    def hides(self, full_name: str) -> bool:
        """Whether the repository is one of them."""
        return full_name.lower() in self.ids

    def hide_target(self, target: Target) -> Target:
        """The target by a name that no repository can have, and that is the same in every run.

        The id tells those the repository who can see it.
        """
        if not isinstance(target, Repository) or not self.hides(target.name):
            return target
        number = self.ids[target.name.lower()]
        return Repository(f"{target.owner}/(private-repository-{number})")

    def hide_text(self, text: str) -> str:
        """The text with their number instead of their names. A target is as in `hide_target`."""
        return _NAMES.sub(self._hide_match, text) if self.ids else text

    def _hide_match(self, match: re.Match[str]) -> str:
        prefix, names = match["target"] or "", match["names"].split(", ")
        shown = [name for name in names if not self._is_hidden_path(name)]
        hidden = len(names) - len(shown)
        if not hidden:
            return match[0]
        if prefix and len(names) == 1 and self.hides(names[0]):
            return str(self.hide_target(Repository(names[0])))
        number = "a private repository" if hidden == 1 else count_private(hidden)
        return prefix + ", ".join([*shown, number])

    def _is_hidden_path(self, path: str) -> bool:
        """Whether a part of the path is a hidden name; a dot at its end can end a sentence."""
        names = map("/".join, pairwise(path.split("/")))
        return any(self.hides(name) or self.hides(name.rstrip(".")) for name in names)


def count_private(number: int) -> str:
    """`1 private repository` or `3 private repositories`."""
    return f"{number} private {'repository' if number == 1 else 'repositories'}"


def find_private_names(
    spec: Sequence[Desired], listed: RepositoryIndex, observed: Observed
) -> PrivateNames:
    """The private repositories that GitHub named and the spec does not.

    `spec` are the triplets before globs were expanded; `listed` is what the globs could match.
    A repository that only the state names can be private, and its id is unknown.
    """
    named = {name.lower() for triplet in spec for name in _named(triplet)}
    known = [*listed.values(), *observed.repository_index.values(), *_at_targets(observed)]
    recorded = dict.fromkeys(_recorded(observed), UNKNOWN_ID)
    private = recorded | {repo.full_name.lower(): repo.id for repo in known if repo.private}
    shown = named | {repo.full_name.lower() for repo in known if not repo.private}
    return PrivateNames({name: number for name, number in private.items() if name not in shown})


def hide_private_files(spec: Iterable[Desired], observed: Observed) -> Observed:
    """Drop what only the files of private repositories say, also of those that the spec names.

    The servers in the spec and in the files of public repositories are known to everybody. So each
    selection picks the same repositories.
    """
    private = {repo.id for repo in observed.repository_index.values() if repo.private}
    servers = {server for triplet in spec if (server := triplet.server)}
    for id_, containers in observed.dev_containers.items():
        servers |= {image.server for image in containers.images if id_ not in private}
    dev_containers = {
        id_: containers.without_content(servers) if id_ in private else containers
        for id_, containers in observed.dev_containers.items()
    }
    return replace(observed, dev_containers=dev_containers)


def _recorded(observed: Observed) -> Iterator[str]:
    records = observed.state.records if observed.state else {}
    yield from (target.name.lower() for target, _ in records if isinstance(target, Repository))


def _named(triplet: Desired) -> Iterator[str]:
    """The names in the spec. A glob is among them too, but no repository has its name.

    At a glob of organizations there is none: a name there belongs to owners that it does not spell.
    """
    if isinstance(triplet.target, Repository):
        yield triplet.target.name
    if triplet.selection:
        yield from triplet.selection.names


def _at_targets(observed: Observed) -> Iterable[RepositoryInfo]:
    """The repositories that have access to secrets, and those that targets were renamed to."""
    for target in observed.targets.values():
        if target.moved_to:
            yield target.moved_to
        for secret in target.secrets.values():
            yield from secret.selected.repositories if secret.selected else ()
