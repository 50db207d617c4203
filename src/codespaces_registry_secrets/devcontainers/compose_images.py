"""Find the images that one service of a Compose project pulls. Pure."""

from __future__ import annotations

from codespaces_registry_secrets.devcontainers.cache_from import add_cache_image
from codespaces_registry_secrets.devcontainers.collector import Collector, quote
from codespaces_registry_secrets.devcontainers.compose_service import Service, ServiceBuild
from codespaces_registry_secrets.devcontainers.dockerfile_images import Build, add_dockerfile_images


def add_service_images(name: str, service: Service, collector: Collector) -> None:
    """Add the images of a service. A service with `build` does not pull its `image`."""
    image = service.image
    if service.build is not None:
        _add_build_images(service.build, collector)
    elif image is not None:
        collector.add_image(image.file, image.source, image.value)
    elif not service.has_provider:
        message = f"the service {quote(name)} has neither `image` nor `build`"
        collector.add_problem(service.file, message)


def _add_build_images(build: ServiceBuild, collector: Collector) -> None:
    for cache in build.cache_from:
        add_cache_image(cache.file, cache.source, cache.value, collector)
    settings = Build(
        {name: text.value for name, text in build.args.items()},
        build.target.value if build.target else "",
        {name: text.value for name, text in build.contexts.items()},
    )
    if build.dockerfile_inline is not None:
        inline = build.dockerfile_inline
        add_dockerfile_images(inline.value, inline.file, settings, collector)
        return
    context = build.context.value if build.context else "."
    folder = collector.resolve(build.folder, context, build.file)
    dockerfile = build.dockerfile.value if build.dockerfile else "Dockerfile"
    path = None if folder is None else collector.resolve(folder, dockerfile, build.file)
    text = path and collector.read(path, build.file)
    if path and text is not None:
        add_dockerfile_images(text, path, settings, collector)
