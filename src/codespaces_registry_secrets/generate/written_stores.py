"""Which journals the steps of this job have written.

A job has the values of its secrets from its start. So the journal that a step gets is an old one if
an earlier step of the job has written it: it lists neither the newest credential nor its intent.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

_FOLDER = "codespaces-registry-secrets-journals"


class WrittenStores:
    """An empty file for each `store` in RUNNER_TEMP, which the runner empties for each job.

    Without that folder, such as on the command line, no journal counts as written.
    """

    def __init__(self, environ: Mapping[str, str]) -> None:
        temporary = environ.get("RUNNER_TEMP", "").strip()
        self._folder = Path(temporary, _FOLDER) if temporary else None

    def is_old(self, store: str) -> bool:
        """Whether an earlier step has written the journal."""
        return self._folder is not None and (self._folder / store.upper()).exists()

    def add(self, store: str) -> None:
        """Remember that this step writes the journal. A folder that cannot be written does not."""
        if self._folder:
            with suppress(OSError):
                self._folder.mkdir(exist_ok=True)
                (self._folder / store.upper()).touch()
