"""The inputs of the action `merge-shards`, and the plan files that its workflow downloaded.

The fields are the inputs of .github/actions/merge-shards/action.yml, which a test compares.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError, field_validator

from codespaces_registry_secrets.errors import RegistrySecretsError
from codespaces_registry_secrets.model.plan import Action, Status


class PlanFileError(RegistrySecretsError):
    """A plan file that a job uploaded cannot be read."""


class MergeInputs(BaseModel):
    """The inputs. `plan` and `apply` are the results of the jobs of these names.

    Source: "Contexts reference", `needs.<job_id>.result`, docs.github.com.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    # Any text, because the job `plan` rejects an invalid mode; `plan` is then `failure`.
    mode: str = Field(alias="INPUT_MODE")
    name: str = Field(alias="INPUT_NAME")
    plan: Literal["success", "failure", "cancelled", "skipped"] = Field(alias="INPUT_PLAN")
    apply: Literal["success", "failure", "cancelled", "skipped"] = Field(alias="INPUT_APPLY")
    folder: str = Field(alias="INPUT_FOLDER")
    temporary: Path = Field(alias="RUNNER_TEMP")

    @field_validator("mode")
    @classmethod
    def _ignore_case(cls, mode: str) -> str:
        """GitHub's `==` ignores case, so the workflow also applies with `Apply`."""
        return mode.strip().lower()

    @property
    def jobs_succeeded(self) -> bool:
        """Whether no job failed. GitHub skips the job `apply` if the plan has no changes."""
        return self.plan == "success" and self.apply in {"success", "skipped"}


class FileVisibility(BaseModel):
    """A change of visibility in a plan file."""

    before: str | None = Field(alias="from")
    after: str = Field(alias="to")


class FilePrivateRepositories(BaseModel):
    """The numbers of private repositories whose names a plan file hides."""

    add: int = 0
    remove: int = 0


class FileRepositories(BaseModel):
    """The repositories that gain and lose access, in a plan file."""

    add: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()
    private: FilePrivateRepositories = FilePrivateRepositories()


class FileChange(BaseModel):
    """A change in a plan file. Other keys are ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    target: str
    registry: str
    server: str | None
    sources: Mapping[str, str | None]
    action: Action
    reason: str
    visibility: FileVisibility | None = None
    repositories: FileRepositories = FileRepositories()
    stored: AwareDatetime | None = None
    expires: AwareDatetime | None = None
    outcome: Status
    error: str | None


class _Document(BaseModel):
    digest: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
    changes: tuple[FileChange, ...]


@dataclass(frozen=True)
class PlanFile:
    """The plan file of a job, such as `plan` or `shard-0`, from an attempt of the workflow run."""

    attempt: int
    job: str
    digest: str
    changes: tuple[FileChange, ...]


def read_plan_files(inputs: MergeInputs) -> tuple[PlanFile, ...]:
    """Read the plan files of this call of the workflow, not those of other calls in the same run.

    Raises:
        PlanFileError: a file is not a valid plan; the error names the first one.
    """
    return tuple(_plan_files(inputs.temporary / inputs.folder, inputs.name))


def _plan_files(folder: Path, name: str) -> Iterator[PlanFile]:
    artifact = re.compile(rf"{re.escape(name)}-(\d+)-(plan|shard-\d+)")
    for path in sorted(folder.glob("*/*.json")):
        match = artifact.fullmatch(path.parent.name)
        if match:
            document = _read_document(path)
            yield PlanFile(int(match[1]), match[2], document.digest, document.changes)


def _read_document(path: Path) -> _Document:
    try:
        return _Document.model_validate_json(path.read_bytes())
    except (OSError, ValidationError):
        message = (
            f"{path.name} in the artifact {path.parent.name} is not a valid plan file; run the "
            "workflow again"
        )
        raise PlanFileError(message) from None
