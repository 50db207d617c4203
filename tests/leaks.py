"""Find secret values in what a step printed and wrote."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator

from runner import Step


def encodings(value: str) -> Iterator[str]:
    """Yield the forms in which a value could appear: whole, as lines, as JSON and as base64."""
    raw = value.encode(errors="surrogateescape")
    yield value
    yield base64.b64encode(raw).decode()
    yield raw.decode(errors="replace")
    yield json.dumps(value)[1:-1]
    yield from (line.strip() for line in value.splitlines() if len(line.strip()) > 5)


def assert_no_value(step: Step, *values: str) -> None:
    """No value is in anything that the step printed or wrote, except in its masks."""
    file_contents = [path.read_bytes() for path in step.files]
    texts = [step.log, step.summary, *step.outputs.values(), *step.command_line]
    for form in {form for value in values for form in encodings(value)}:
        assert not [text for text in texts if form in text]
        assert not [raw for raw in file_contents if form.encode(errors="surrogateescape") in raw]
