"""Which journals the steps of this job have replaced.

A job has the values of its secrets from its start. So the journal that a step gets is an old one if
an earlier step of the job has replaced it: it lists neither the newest credential nor its intent.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

from pydantic import SecretBytes

_FOLDER = "codespaces-registry-secrets-journals"


class ReplacedJournals:
    """An empty file in RUNNER_TEMP for each one. The runner empties that folder for each job.

    Its name is a hash of the whole journal, which shows nothing of the password in it. Without that
    folder, such as on the command line, no journal counts as replaced.
    """

    def __init__(self, environ: Mapping[str, str]) -> None:
        temporary = environ.get("RUNNER_TEMP", "").strip()
        self._folder = Path(temporary, _FOLDER) if temporary else None

    def has(self, journal: SecretBytes) -> bool:
        """Whether an earlier step has replaced the journal."""
        return self._folder is not None and self._file(self._folder, journal).exists()

    def replace(self, old: SecretBytes | None, new: SecretBytes) -> None:
        """Remember that GitHub has the `new` journal now. A folder that cannot be written does not.

        A journal can become equal to an earlier one.
        """
        if self._folder is None:
            return
        with suppress(OSError):
            self._folder.mkdir(exist_ok=True)
            if old is not None:
                self._file(self._folder, old).touch()
            self._file(self._folder, new).unlink(missing_ok=True)

    def _file(self, folder: Path, journal: SecretBytes) -> Path:
        return folder / sha256(journal.get_secret_value().strip()).hexdigest()
