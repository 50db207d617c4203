"""The plan as JSON: its models, and their JSON Schema for programs that read it.

`outputs` writes the JSON without these models, because a plan can have thousands of changes. A test
compares the two.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue

from codespaces_registry_secrets.inputs.action_inputs import Mode
from codespaces_registry_secrets.model.generation import CredentialAction, CredentialStatus
from codespaces_registry_secrets.model.plan import Action, Status
from codespaces_registry_secrets.model.targets import Visibility

SCHEMA_URL = (
    "https://raw.githubusercontent.com/octo-org/codespaces-registry-secrets/v0/schema/plan.v1.json"
)


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


def _key(description: str, *examples: object, **options: Any) -> Any:  # noqa: ANN401 - as Field
    return Field(description=description, examples=list(examples), **options)


class SourcesDocument(_Model):
    """The sources of a credential, by name; null for a literal, or if there is no credential."""

    username: Annotated[str | None, _key("The source of the user name.", "env:ACR_USERNAME")]
    password: Annotated[str | None, _key("The source of the password.", "secret:ACR_PASSWORD")]


class VisibilityDocument(_Model):
    """A change of the visibility of an organization's secrets."""

    before: Annotated[
        Visibility | None, _key("Null for a new secret.", "private", None, alias="from")
    ]
    after: Annotated[Visibility, _key("The visibility after the change.", "selected", alias="to")]


class PrivateRepositoriesDocument(_Model):
    """The numbers of private repositories whose names are hidden."""

    add: Annotated[int, _key("Added repositories without a name.", 3)]
    remove: Annotated[int, _key("Removed repositories without a name.", 0)]


class RepositoriesDocument(_Model):
    """The selected repositories that a change adds and removes, or their numbers in a long plan."""

    add: Annotated[tuple[str, ...] | int, _key("Added repositories.", ["octo-org/api"], 3)]
    remove: Annotated[tuple[str, ...] | int, _key("Removed repositories.", ["octo-org/web"], 0)]
    private: Annotated[
        PrivateRepositoriesDocument | None,
        _key("In a public repository: how many names are left out.", {"add": 3, "remove": 0}),
    ] = None


class ChangeDocument(_Model):
    """What happens to one registry at one target."""

    target: Annotated[str, _key("The target.", "organization:octo-org", "repository:octo-org/app")]
    registry: Annotated[str, _key("The ID of the registry.", "ACR")]
    server: Annotated[
        str | None, _key("The server; null if no credential is written.", "mycompany.azurecr.io")
    ]
    sources: Annotated[
        SourcesDocument, _key("Source names, never values.", {"username": None, "password": None})
    ]
    action: Annotated[Action, _key("The kind of change.", "create", "none")]
    reason: Annotated[str, _key("Why; for a blocked change, also what to do.", "does not exist")]
    visibility: Annotated[
        VisibilityDocument | None,
        _key("Null if it does not change.", {"from": "private", "to": "selected"}),
    ]
    repositories: Annotated[
        RepositoriesDocument, _key("Selected repositories.", {"add": [], "remove": []})
    ]
    stored: Annotated[
        str | None,
        _key("When the stored credential was written; null if unknown.", "2026-01-31T03:00:00Z"),
    ]
    expires: Annotated[
        str | None,
        _key("When the credential of the spec expires; null if unknown.", "2026-06-30T00:00:00Z"),
    ]
    outcome: Annotated[Status, _key("What became of the change.", "planned", "applied")]
    error: Annotated[str | None, _key("Why it failed; null if it did not.", None)]


class CredentialDocument(_Model):
    """What happens to a generated credential at its issuer."""

    registry: Annotated[str, _key("The ID of the registry.", "ECR")]
    kind: Annotated[str, _key("The kind of `generate`.", "aws-iam-access-key")]
    action: Annotated[CredentialAction, _key("The kind of change.", "generate", "none")]
    reason: Annotated[str, _key("Why; for `blocked`, also what to do.", "created 3d ago")]
    id: Annotated[
        str | None, _key("Its ID at the issuer; null before it is created.", "AKIAIOSFODNN7EXAMPLE")
    ]
    outcome: Annotated[CredentialStatus, _key("What became of it.", "planned", "applied")]
    error: Annotated[str | None, _key("Why it failed; null if it did not.", None)]


class PlanDocument(_Model):
    """A plan and its outcomes."""

    version: Annotated[Literal[1], _key("The version of this format.", 1)]
    mode: Annotated[Mode, _key("The mode of the run.", "plan")]
    digest: Annotated[
        str, _key("The SHA-256 of what a reviewer approves.", "0" * 64, pattern="^[0-9a-f]{64}$")
    ]
    changes: Annotated[
        tuple[ChangeDocument, ...], _key("One change for each registry at each target.", [])
    ]
    credentials: Annotated[
        tuple[CredentialDocument, ...], _key("Only with `generate`: what happens at issuers.", [])
    ] = ()
    omitted: Annotated[int, _key("How many changes a long plan leaves out.", 12, gt=0)] = 0


class _WithoutTitles(GenerateJsonSchema):
    def field_title_should_be_set(self, schema: object) -> bool:  # noqa: ARG002 - of the base class
        return False


def plan_schema() -> JsonSchemaValue:
    """The JSON Schema of a plan."""
    schema = PlanDocument.model_json_schema(schema_generator=_WithoutTitles)
    for key in ("credentials", "omitted"):
        del schema["properties"][key]["default"]
    return {"$schema": GenerateJsonSchema.schema_dialect, "$id": SCHEMA_URL, **schema}
