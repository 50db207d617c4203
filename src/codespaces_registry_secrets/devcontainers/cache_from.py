"""Find the image in a source of the build cache. Pure.

Source: docs.docker.com/build/cache/backends: `type=registry,ref=IMAGE`, or only the image.
"""

from __future__ import annotations

from codespaces_registry_secrets.devcontainers.collector import Collector


def add_cache_image(file: str, source: str, value: str, collector: Collector) -> None:
    """Add the image of an entry of `cacheFrom` or `cache_from`, unless it is no image.

    `source` is what the file says, and `value` the same with the values of variables.
    """
    if "=" not in value:
        collector.add_image(file, source, value)
        return
    settings = dict(item.strip().partition("=")[::2] for item in value.split(","))
    if settings.get("type") == "registry":
        collector.add_image(file, source, settings.get("ref", ""))
