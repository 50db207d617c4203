"""Find the features that a dev container gets from a registry. Pure.

A feature of a registry can depend on others, which its files there tell and the repository does
not. Source: `docs/specs/devcontainer-features.md` of devcontainers/spec, and
`src/spec-configuration` of devcontainers/cli.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable

from codespaces_registry_secrets.devcontainers.collector import Collector, quote
from codespaces_registry_secrets.devcontainers.json_file import JsonObject, parse_json_file

# Old names of features, which moved to this namespace.
_NAMESPACE = "ghcr.io/devcontainers/features"
_MOVED = {
    *("aws-cli", "azure-cli", "common", "desktop-lite", "docker-from-docker", "docker-in-docker"),
    *("dotnet", "git", "git-lfs", "github-cli", "golang", "gradle", "java", "jupyterlab"),
    *("kubectl-helm-minikube", "maven", "node", "powershell", "python", "ruby", "rust", "sshd"),
    *("terraform",),
}
_RENAMED = {
    "common": "common-utils",
    "golang": "go",
    "gradle": "java",
    "jupyterlab": "python",
    "maven": "java",
}
_LOCAL = ("./", "../", "/")
# The feature of an old release on GitHub, without a registry: `owner/repository/feature@version`.
_GITHUB_RELEASE = re.compile(r"[^/.:]+/.*")


def add_features(names: Iterable[str], file: str, collector: Collector) -> None:
    """Add the features that a devcontainer.json names, and those that its own features need."""
    folder = posixpath.dirname(file)
    waiting = [(name, file) for name in names]
    visited: set[str] = set()
    while waiting:
        name, referrer = waiting.pop()
        if name in visited:
            continue
        visited.add(name)
        if name.startswith(_LOCAL):
            path = collector.resolve(
                folder, posixpath.join(name, "devcontainer-feature.json"), file
            )
            if path is not None:
                waiting += [(needed, path) for needed in _dependencies(path, referrer, collector)]
        else:
            _add_feature(name, referrer, collector)


def _dependencies(path: str, referrer: str, collector: Collector) -> Iterable[str]:
    """The features that a feature in the repository depends on."""
    text = collector.read(path, referrer)
    feature = None if text is None else parse_json_file(text, path, collector)
    return JsonObject(feature or {}, path, collector).mapping("dependsOn").data


def _add_feature(name: str, file: str, collector: Collector) -> None:
    if name in _MOVED:
        collector.add_image(file, name, f"{_NAMESPACE}/{_RENAMED.get(name, name)}")
    elif "/" not in name:
        collector.add_problem(file, f"the feature {quote(name)} has no registry")
    elif not name.startswith("https://") and not _GITHUB_RELEASE.fullmatch(name):
        collector.add_image(file, name, name.lower())
