"""Moto's server, and what it has for `AwsServer`: a user, a role, and an administrator."""

from __future__ import annotations

import math
from functools import cache
from typing import Any

from botocore.credentials import Credentials  # type: ignore[import-untyped]
from moto import settings
from moto.backends import get_backend
from moto.iam.models import IAMBackend, iam_backends
from moto.moto_api._internal.models import moto_api_backend
from moto.server import ThreadedMotoServer

from issuers.aws_xml import allow

ACCOUNT, REGION = "123456789012", "eu-west-1"


@cache
def start() -> str:
    """Start the server once in the process, because its end takes long; return its URL."""
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    return f"http://{host}:{port}"


def iam() -> IAMBackend:
    """The users and roles of the account."""
    return iam_backends[ACCOUNT]["aws"]


def set_up(user: str, role: str) -> Any:
    """Start over, and check signatures and permissions from now on.

    Returns the credentials of an administrator.
    """
    reset()
    get_backend("ecr")  # with the environment of now, before a test changes it
    for name, action in (("admin", "*"), (user, "ecr:GetAuthorizationToken")):
        iam().create_user(REGION, name)
        iam().put_user_policy(name, "p", allow([action]))
    iam().create_role(role, allow([]), "/", None, "", [], None)
    key = iam().create_access_key("admin")
    settings.INITIAL_NO_AUTH_ACTION_COUNT = 0
    return Credentials(key.access_key_id, key.secret_access_key)


def reset() -> None:
    """Remove everything, and check nothing, as when moto starts."""
    settings.INITIAL_NO_AUTH_ACTION_COUNT = math.inf
    moto_api_backend.reset()
