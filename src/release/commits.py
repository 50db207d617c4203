"""The commits of a release: main's commit with the image and its own id filled in."""

from __future__ import annotations

from release.action_files import (
    MAIN_IMAGES,
    WORKFLOW_FOLDER,
    is_reusable,
    pin_actions,
    pin_workflow,
)
from release.git import Git
from release.settings import Settings


def create_release_commit(settings: Settings, reference: str) -> str:
    """Create the commits of a release in the checkout, and return the last one.

    `reference` is `IMAGE@sha256:DIGEST`. The same reference always gives the same commit. Nothing
    is pushed.
    """
    git, tag = Git(settings), f"v{settings.version}"
    head = git.head()
    actions = {path: git.show(head, path) for path in MAIN_IMAGES}
    image_commit = git.create_commit(
        head, pin_actions(actions, reference), f"Use the image of {tag}"
    )
    ref = f"{image_commit} # {tag}"
    workflows = {path: git.show(head, path) for path in git.list_files(head, WORKFLOW_FOLDER)}
    pinned = {
        path: pin_workflow(text, settings.repository, ref)
        for path, text in workflows.items()
        if is_reusable(text)
    }
    return git.create_commit(image_commit, pinned, f"Release {tag}")
