"""Stored Actions variables of a repository."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from github_sandbox.errors import ApiError, invalid, not_found

MAX_VARIABLES = 500
MAX_VALUE_BYTES = 48 * 1024


@dataclass(frozen=True)
class ActionsVariable:
    """An Actions variable; its name is in upper case."""

    name: str
    value: str
    created_at: datetime
    updated_at: datetime


class VariableStore:
    """The Actions variables of one repository by name; names are case-insensitive."""

    def __init__(self) -> None:
        self._variables: dict[str, ActionsVariable] = {}

    def list(self) -> list[ActionsVariable]:
        """The variables by name."""
        return [self._variables[name] for name in sorted(self._variables)]

    def find(self, name: str) -> ActionsVariable:
        """Find a variable, or raise 404."""
        variable = self._variables.get(name.upper())
        if variable is None:
            raise not_found()
        return variable

    def put(self, name: str, value: str, at: datetime) -> None:
        """Create or update a variable, without limits."""
        old = self._variables.get(name.upper())
        created_at = old.created_at if old else at
        self._variables[name.upper()] = ActionsVariable(name.upper(), value, created_at, at)

    def create(self, name: str, value: str, at: datetime) -> None:
        """Create a variable.

        Raises:
            ApiError: 409 if it exists, 422 if the repository has 500 variables already.
        """
        self._check_absent(name)
        if len(self._variables) >= MAX_VARIABLES:
            why = f"There may be at most {MAX_VARIABLES} variables here."
            raise invalid("name", why, code="too_many", resource="Variable")
        self.put(name, value, at)

    def update(self, old: ActionsVariable, name: str, value: str, at: datetime) -> None:
        """Change the name and the value of a variable.

        Raises:
            ApiError: 409 if another variable has the new name.
        """
        if name != old.name:
            self._check_absent(name)
        del self._variables[old.name]
        self._variables[name] = replace(old, name=name, value=value, updated_at=at)

    def delete(self, name: str) -> None:
        """Delete a variable; KeyError if it does not exist."""
        del self._variables[name.upper()]

    def _check_absent(self, name: str) -> None:
        if name in self._variables:
            raise ApiError(409, "Already exists - Variable already exists")
