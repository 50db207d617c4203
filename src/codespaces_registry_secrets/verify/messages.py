"""What a registry says in an answer, taken from where registries and token servers put it."""

from __future__ import annotations

import html
import json
import re

from codespaces_registry_secrets.verify.challenge import challenges

# Where registries and token servers put their words: the distribution specification's `errors`,
# Docker Hub's `details`, OAuth 2.0's `error_description` (RFC 6749), problem details (RFC 9457).
_KEYS = ("message", "details", "detail", "error_description", "error", "title", "code")
_TITLE = re.compile(r"<title[^>]*>(.*?)</title>", re.IGNORECASE | re.DOTALL)


def said(body: bytes, www_authenticate: str) -> str:
    """What an answer says for a reader, or nothing."""
    parts = [*_of_body(body.decode("utf-8", "replace")), *_of_challenges(www_authenticate)]
    return "; ".join(dict.fromkeys(part.strip().rstrip(".") for part in parts if part.strip()))


def _of_body(text: str) -> list[str]:
    try:
        body = json.loads(text)
    except ValueError:
        title = _TITLE.search(text)
        return [html.unescape(title[1])] if title else []
    except RecursionError:
        return []
    errors = body.get("errors") if isinstance(body, dict) else None
    return [_words(one) for one in (errors if isinstance(errors, list) and errors else [body])]


def _words(one: object) -> str:
    if not isinstance(one, dict):
        return one if isinstance(one, str) else ""
    words = (one.get(key) for key in _KEYS)
    return next((text for text in words if isinstance(text, str) and text.strip()), "")


def _of_challenges(header: str) -> list[str]:
    """A Bearer challenge may say what is wrong with a token (RFC 6750)."""
    given = [challenge.parameters for challenge in challenges(header)]
    return [p.get("error_description") or p.get("error", "") for p in given]
