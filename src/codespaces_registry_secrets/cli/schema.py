"""`schema`: print the JSON Schema of a spec or of a plan."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal

from cyclopts import Parameter

from codespaces_registry_secrets.cli.app import InProcess
from codespaces_registry_secrets.errors import DONE
from codespaces_registry_secrets.report.plan_document import plan_schema
from codespaces_registry_secrets.spec.json_schema import spec_schema

Document = Literal["spec", "plan"]
_SCHEMAS: Mapping[Document, Callable[[], dict[str, Any]]] = {
    "spec": spec_schema,
    "plan": plan_schema,
}


def schema(
    document: Annotated[Document, Parameter(show_choices=True)] = "spec",
    /,
    *,
    process: InProcess,
) -> int:
    """Print a schema.

    Args:
        document: The document that the schema describes.
        process: The process that runs the command.
    """
    process.terminal.raw_result(schema_text(document))
    return DONE


def schema_text(document: Document) -> str:
    """The schema as JSON, as in the folder `schema`."""
    return json.dumps(_SCHEMAS[document](), indent=2, ensure_ascii=False) + "\n"
