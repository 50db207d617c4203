"""The two forms of the action files: main builds the image, a release names it by digest.

On main, `uses: ./` tests the tree, because the runner builds the image from the Dockerfile. A
release has two commits on top of main: the first names the image in the action files, the second
names the first in the reusable workflows, because no commit can contain its own id.
"""

from __future__ import annotations

import re

# The action files, each with the value of `image` on main.
_INNER_IMAGE = "../../../Dockerfile # zizmor: ignore[unpinned-images]"
MAIN_IMAGES = {
    "action.yml": "Dockerfile",
    ".github/actions/merge-shards/action.yml": _INNER_IMAGE,
    ".github/actions/update-issue/action.yml": _INNER_IMAGE,
}
WORKFLOW_FOLDER = ".github/workflows"
IMAGE = re.compile(r"^  image: (.+)$", re.MULTILINE)
REFERENCE = re.compile(r"[a-z0-9.-]+(?::\d+)?(?:/[a-z0-9._-]+)+@sha256:[0-9a-f]{64}")


def release_image(reference: str) -> str:
    """The value of `image` in a release.

    Raises:
        ValueError: the reference is not `IMAGE@sha256:DIGEST`.
    """
    if not REFERENCE.fullmatch(reference):
        raise ValueError(f"{reference} is not IMAGE@sha256:DIGEST")
    return f"docker://{reference}"


def set_image(text: str, image: str) -> str:
    """Replace the value of `image` in an action file."""
    changed, count = IMAGE.subn(f"  image: {image}", text)
    if count != 1:
        raise ValueError(f"an action file needs one line with `  image:`, but has {count}")
    return changed


def pin_actions(texts: dict[str, str], reference: str) -> dict[str, str]:
    """The action files of a release, by path."""
    return {path: set_image(text, release_image(reference)) for path, text in texts.items()}


def unpin_actions(texts: dict[str, str]) -> dict[str, str]:
    """The action files of main, by path."""
    return {path: set_image(text, MAIN_IMAGES[path]) for path, text in texts.items()}


def is_reusable(text: str) -> bool:
    """Whether a workflow can be called by other workflows."""
    return re.search(r"^  workflow_call:", text, re.MULTILINE) is not None


def pin_workflow(text: str, repository: str, ref: str) -> str:
    """Replace the ref of each `uses` of this repository: a commit with a comment, or a tag."""
    uses = rf"(uses: {re.escape(repository)}(?:/[\w./-]+)?)@.+$"
    return re.sub(uses, rf"\g<1>@{ref}", text, flags=re.MULTILINE)
