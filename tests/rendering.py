"""Render Markdown as GitHub does: `cmarkgfm` binds GitHub's fork of cmark."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import cmarkgfm
from cmarkgfm.cmark import Options

TABLE = ("table", "thead", "tbody", "tr", "th", "td")
# The tags of a summary: those of Markdown, the folds and line breaks, and the block of the chart.
SUMMARY_TAGS = ("h3", "p", "ul", "li", "strong", "details", "summary", "br", "pre", *TABLE)
HOSTILE = [
    "[click](https://evil.example)",
    "![x](https://evil.example/x.png)",
    "<img src=x onerror=alert(1)>",
    "<script>alert(1)</script><h1>big</h1><!-- -->",
    "https://evil.example www.evil.example <https://evil.example> mail@evil.example",
    "# heading\n## heading\nsetext\n======\n\n---",
    "*emphasis* _emphasis_ **strong** __strong__ ~~gone~~",
    "@octocat @octo-org/team #1 GH-1 octo-org/app#1 octo-org/app@0123456789abcdef0123456789",
    "0123456789abcdef0123456789abcdef01234567",
    "a | b || c \\| d \\\\| e",
    "`code` ``two`` ``` three\n```\nfence\n```",
    "``` | ` | ``",
    "\\` \\` | \\",
    "| a |\n|---|\n| b |",
    "- item\n1. item\n1) item\n+ item\n* [ ] task",
    "1. 2) 3: (4)",
    "&lt;b&gt; &#64;octocat &#96; &amp;",
    "[ref]: https://evil.example\n[ref] [^1]\n[^1]: note",
    "> quote\n\tcode\n    code",
    ":smile: $x^2$ $$y$$",
    "line\r::error::x\u2028\u202eline",
    "<details><summary>`</summary>`",
    "!",
    "!\n[a](b)",
    "",
]


class Page(HTMLParser):
    """The tags of a page, its text, and its text outside of code."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self._texts: list[str] = []
        self._plain_texts: list[str] = []
        self._in_code = 0
        self.feed(page)
        self.text, self.plain = "".join(self._texts), "".join(self._plain_texts)

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.tags.append(tag)
        self._in_code += tag == "code"

    def handle_endtag(self, tag: str) -> None:
        self._in_code -= tag == "code"

    def handle_data(self, data: str) -> None:
        self._texts.append(data)
        if not self._in_code:
            self._plain_texts.append(data)


def rendered(markdown: str) -> Page:
    """The page for Markdown. Unlike on GitHub, HTML is not filtered, so that a test detects it."""
    return Page(
        cmarkgfm.github_flavored_markdown_to_html(markdown, options=Options.CMARK_OPT_UNSAFE)
    )


def assert_means_nothing(page: Page, *tags: str) -> None:
    """Check that a page has only `tags` and code, and no text outside of code that GitHub links."""
    assert set(page.tags) <= {*tags, "code"}
    assert not re.search(r"[@#$<>|`*_\[\]]|://|www\.|GH-\d|(?<![\w-])[0-9a-f]{7}|:\w+:", page.plain)
