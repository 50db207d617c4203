"""A user name and a password, and the one header that both make."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass

from pydantic import SecretBytes

from codespaces_registry_secrets.verify.result import rejected


@dataclass(frozen=True)
class Credential:
    """What a registry is asked to accept. Exact to the byte: both may hold anything."""

    username: SecretBytes
    password: SecretBytes

    def basic(self) -> str:
        """The `Authorization` header with both.

        Raises:
            NotProvenError: the user name cannot be sent; "a user-id containing a colon character
                is invalid" (RFC 7617), and Docker's `config.json` separates the two at the first.
        """
        username = self.username.get_secret_value()
        if b":" in username:
            message = "the user name holds a colon, so no registry can tell it from the password"
            raise rejected(message)
        pair = username + b":" + self.password.get_secret_value()
        return f"Basic {b64encode(pair).decode()}"
