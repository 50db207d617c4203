"""Run all steps of a release on this machine, in a copy of the checkout."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from release.checks import check
from release.git import Git
from release.image import BASE, build, build_with_docker
from release.publish import publish, push_image
from release.sbom import write_sbom
from release.services import copy_base, local_services
from release.settings import ReleaseError, Settings, parse_tag

Build = Callable[[Settings], None]
Report = Callable[[str], None]


def dry_run(settings: Settings, tag: str, layout: Path | None, report: Report) -> None:
    """Release the checked out commit to local services, and report each step.

    `layout` is an OCI layout to publish instead of building the image with Docker.

    Raises:
        ReleaseError: a step failed.
    """
    parse_tag(tag)
    changes = Git(settings).changes()
    if changes:
        raise ReleaseError("\n".join(f"the work tree is not clean: {line}" for line in changes))
    with TemporaryDirectory(prefix="release-") as name:
        copy = copy_checkout(settings, Path(name) / "checkout", tag)
        with local_services(copy, Path(name)) as (local, sandbox):
            run_steps(local, tag, (choose_build(local, layout), write_sbom), report)
            report_published(local, sandbox.url, report)


def copy_checkout(settings: Settings, folder: Path, tag: str) -> Settings:
    """Clone the checkout, and tag its commit there if the tag does not exist."""
    git = Git(settings)
    git.run("clone", "--quiet", "--no-hardlinks", str(settings.root), str(folder))
    copy = replace(settings, root=folder)
    if git.local_tag(tag) is None:
        Git(copy).run("tag", tag)
    return copy


def choose_build(settings: Settings, layout: Path | None) -> Build:
    """Build the image with Docker, or copy a layout."""
    if layout is not None:
        return partial(copy_layout, layout)
    [base] = BASE.findall(settings.read("Dockerfile"))
    copy_base(base, settings.docker_hub)
    return lambda settings: build(settings, build_with_docker)


def run_steps(settings: Settings, tag: str, builds: Iterable[Build], report: Report) -> None:
    """Run the steps in the order of release.yml. Each can fail; only the last one is public.

    `builds` are the steps without access to anything public: the image and the SBOM.
    """
    check(settings, tag)
    report(f"check      {tag} can be released")
    for step in builds:
        step(settings)
    for path in sorted(settings.folder.iterdir()):
        report(f"build      {path.relative_to(settings.root)}")
    report(f"push       {push_image(settings)}")
    report(f"publish    {publish(settings, tag)}")


def copy_layout(layout: Path, settings: Settings) -> None:
    """Use a finished image."""
    shutil.rmtree(settings.layout, ignore_errors=True)
    shutil.copytree(layout, settings.layout)


def report_published(settings: Settings, api_url: str, report: Report) -> None:
    """Report the tags of the remote and the image of the release's action.yml."""
    git = Git(settings)
    for name, commit in sorted(git.remote_tags("v*").items()):
        report(f"tag        {name} is at {commit}")
    commit = git.remote_tags(f"v{settings.version}")[f"v{settings.version}"]
    image = git.show(commit, "action.yml").rpartition("  image: ")[2].strip()
    report(f"action.yml image: {image}")
    report(f"release    {api_url}/repos/{settings.repository}/releases/tags/v{settings.version}")
