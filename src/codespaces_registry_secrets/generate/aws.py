"""`kind: aws-iam-access-key`: access keys of an IAM user, with which Codespaces logs in to ECR.

Sources: "CreateAccessKey" and the other actions, IAM API Reference; "IAM and AWS STS quotas", IAM
User Guide, for the limit of two keys; all on docs.aws.amazon.com.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from functools import cached_property
from typing import Literal

from pydantic import Field, SecretStr

from codespaces_registry_secrets.generate.addresses import endpoint
from codespaces_registry_secrets.generate.api import (
    AbsentError,
    ErrorAdvice,
    Schema,
    Task,
    server_time,
)
from codespaces_registry_secrets.generate.aws_query import (
    DENIED,
    KeyId,
    QueryApi,
    QueryResult,
    error_code,
    xml_error,
)
from codespaces_registry_secrets.generate.aws_role import Role
from codespaces_registry_secrets.generate.http import IssuerClient, IssuerResponse
from codespaces_registry_secrets.generate.issuer import (
    Issuer,
    IssuerContext,
    IssuerError,
    NewCredential,
)
from codespaces_registry_secrets.generate.utc_time import UtcTime
from codespaces_registry_secrets.model.generator import IssuedCredential

ENDPOINT = "AWS_ENDPOINT_URL_IAM"
# All that the role needs, for the one user.
ACTIONS = (
    "iam:CreateAccessKey",
    "iam:DeleteAccessKey",
    "iam:GetAccessKeyLastUsed",
    "iam:ListAccessKeys",
    "iam:UpdateAccessKey",
)

_USER = re.compile(r"[\w+=,.@-]{1,64}", re.ASCII)
_CLOCK = frozenset({"RequestExpired", "SignatureDoesNotMatch"})
# Policies that the permissions of the role cannot override. Source: "Troubleshoot access denied
# error messages", IAM User Guide.
_FORBIDDEN = re.compile("explicit deny|no (?:service|resource) control policy|permissions boundary")


class _Key(Schema):
    """An access key without its secret. AWS accepts only one whose status is `Active`."""

    AccessKeyId: KeyId
    Status: str = Field(min_length=1)
    CreateDate: UtcTime


class _NewKey(_Key):
    SecretAccessKey: SecretStr = Field(min_length=1)


class _LastUsed(Schema):
    LastUsedDate: UtcTime | Literal[""] = ""


class AwsIamAccessKey(Issuer):
    """Creates, disables and deletes the access keys of one IAM user."""

    limit = 2
    can_disable = True

    def __init__(self, context: IssuerContext) -> None:
        self._environ = context.environ
        self._client = IssuerClient(context.mask, xml_error)
        self._role = Role(self._client, self._environ, context.generator.option("role"))
        self._user = context.generator.option("user")

    def list_credentials(self) -> tuple[IssuedCredential, ...]:
        """All access keys of the user."""
        task = self._task("list the access keys", "ListAccessKeys")
        keys = (
            self._iam.parse(task, _Key, found)
            for page in self._pages(task, UserName=self._user)
            for found in page.all_fields("{*}AccessKeyMetadata/{*}member")
        )
        return tuple(
            IssuedCredential(key.AccessKeyId, key.CreateDate, disabled=key.Status != "Active")
            for key in keys
        )

    def create(self, existing: Sequence[IssuedCredential]) -> NewCredential:  # noqa: ARG002
        """Create an access key; AWS never replaces one. The user name is the id of the key."""
        task = self._task("create an access key", "CreateAccessKey")
        result = self._change(task)
        found = result.fields("{*}AccessKey")
        self._client.hide_field(found, "SecretAccessKey")
        key = self._iam.parse(task, _NewKey, found)
        return NewCredential(key.AccessKeyId, key.AccessKeyId, key.SecretAccessKey, key.CreateDate)

    def disable(self, credential_id: str) -> None:
        """Set a key to `Inactive`; a person can set it to `Active` again.

        Do nothing if it does not exist.
        """
        task = self._task(f"disable access key {credential_id}", "UpdateAccessKey")
        with suppress(AbsentError):
            self._change(task, AccessKeyId=credential_id, Status="Inactive")

    def delete(self, credential_id: str) -> None:
        """Delete a key for good; do nothing if it does not exist."""
        task = self._task(f"delete access key {credential_id}", "DeleteAccessKey")
        with suppress(AbsentError):
            self._change(task, AccessKeyId=credential_id)

    def unused_for(self, credential_id: str) -> timedelta | None:
        """How long ago a key was last used with any service of AWS.

        AWS records only the first of several uses within 15 minutes. Source: "Generate credential
        reports for your AWS account", IAM User Guide.
        """
        task = self._task(
            f"read the last use of access key {credential_id}", "GetAccessKeyLastUsed"
        )
        result = self._read(task, AccessKeyId=credential_id)
        found = result.fields("{*}AccessKeyLastUsed")
        used = self._iam.parse(task, _LastUsed, found).LastUsedDate
        if not isinstance(used, datetime):
            return None
        return max(server_time(task, result.response) - used, timedelta())

    def _pages(self, task: Task, **parameters: str) -> Iterator[QueryResult]:
        markers = set[str]()
        while True:
            result = self._read(task, **parameters)
            yield result
            found = result.fields()
            if found.get("IsTruncated") == "false":
                return
            marker = found.get("Marker", "")
            if not marker or marker in markers:
                raise self._iam.unexpected(task)
            markers.add(marker)
            parameters["Marker"] = marker

    def _read(self, task: Task, **parameters: str) -> QueryResult:
        iam = self._iam  # before the role is assumed, because its URL can be invalid
        return iam.read_action(task, parameters, self._role.session(self._policy()))

    def _change(self, task: Task, **parameters: str) -> QueryResult:
        iam, parameters = self._iam, {"UserName": self._user, **parameters}
        return iam.change_action(task, parameters, self._role.session(self._policy()))

    @cached_property
    def _iam(self) -> QueryApi:
        url = endpoint(self._environ, ENDPOINT, self._role.partition.iam)
        advice = ErrorAdvice(self._advise, otherwise="check `user` and `role`")
        return QueryApi(self._client, url, "2010-05-08", advice)

    def _task(self, text: str, action: str) -> Task:
        return Task(f"{text} of the IAM user {self._user}", f"iam:{action}")

    def _policy(self) -> str:
        """What the session can do. The ARN of the user has a path, which is unknown here."""
        if not _USER.fullmatch(self._user):
            raise IssuerError(
                "`user` must be the name of an IAM user, without its path: up to 64 letters, "
                "digits and +=,.@_-"
            )
        users = [f"{self._role.account}:user/{path}{self._user}" for path in ("", "*/")]
        statement = {"Effect": "Allow", "Action": ACTIONS, "Resource": users}
        return json.dumps({"Version": "2012-10-17", "Statement": [statement]})

    def _advise(self, response: IssuerResponse, task: Task) -> str:
        """What to do about a request that IAM rejected."""
        code = error_code(response)
        if code in DENIED and _FORBIDDEN.search(response.message):
            return (
                f"a policy in AWS forbids {task.permission}; ask an administrator of AWS to allow "
                "it, or do not use `generate` for this registry"
            )
        if code in DENIED:
            return f"allow {task.permission} in a policy of the role {self._role.arn}"
        if code == "NoSuchEntity":
            account = f"the AWS account of the role {self._role.arn}"
            return f"`user` must be the name of a user in {account}"
        if code == "LimitExceeded":
            return (
                f"a user has at most {self.limit} access keys; delete one that is not in use: "
                "disabled ones count too"
            )
        return "the clock of the runner must be right" if code in _CLOCK else ""
