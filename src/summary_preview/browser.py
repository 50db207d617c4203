"""Render Markdown, and show it in Chromium. `render.mjs` drives the browser."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import cmarkgfm
from cmarkgfm.cmark import Options

HERE = Path(__file__).parent
Theme = Literal["light", "dark"]
# The frame of a comment. Source: a comment of a workflow on github.com.
COMMENT = (
    '<div class="comment"><div class="head"><b>github-actions</b> <i>bot</i> commented now</div>'
    '<div class="body">{}</div></div>'
)


@dataclass(frozen=True)
class View:
    """How to show a summary: `open` clicks on each fold, `picture` is the PNG to write.

    With `comment`, the text is that of a comment on a pull request, in its frame.
    """

    markdown: str
    width: int = 1280
    theme: Theme = "light"
    open: bool = False
    comment: bool = False
    picture: Path | None = None


def find_chromium() -> str | None:
    """The path of Chromium, or None."""
    return shutil.which("chromium") or shutil.which("chromium-browser")


def show(views: Sequence[View]) -> list[dict[str, Any]]:
    """Show each view in one browser; return what `measure` in `render.mjs` found, and errors."""
    jobs = {
        "chromium": find_chromium(),
        "css": (HERE / "github.css").read_text(encoding="utf-8"),
        "views": [_view(view) for view in views],
    }
    process = subprocess.run(  # noqa: S603 - our own script
        ["node", str(HERE / "render.mjs")],  # noqa: S607 - node from PATH, as script/check does
        input=json.dumps(jobs),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    if process.returncode:
        raise RuntimeError(process.stderr)
    results: list[dict[str, Any]] = json.loads(process.stdout)
    return results


def _view(view: View) -> dict[str, Any]:
    html = cmarkgfm.github_flavored_markdown_to_html(
        view.markdown, options=Options.CMARK_OPT_UNSAFE
    )
    return {
        "html": COMMENT.format(html) if view.comment else html,
        "width": view.width,
        "theme": view.theme,
        "open": view.open,
        "picture": str(view.picture.resolve()) if view.picture else None,
    }
