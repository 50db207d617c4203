"""`kind: aws-iam-access-key`: access keys of an IAM user, with which Codespaces logs in to ECR.

Sources: "CreateAccessKey" and the other actions, IAM API Reference; "IAM and AWS STS quotas", IAM
User Guide, for the limit of two keys; all on docs.aws.amazon.com.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Literal

from pydantic import AwareDatetime, BaseModel, Field, SecretStr

from codespaces_registry_secrets.generate.aws_query import (
    DENIED,
    KeyId,
    QueryApi,
    QueryError,
    QueryResult,
    UnreadableResponseError,
)
from codespaces_registry_secrets.generate.aws_role import Role
from codespaces_registry_secrets.generate.http import IssuerClient, endpoint
from codespaces_registry_secrets.generate.issuer import (
    IssuerContext,
    IssuerError,
    NewCredential,
    RejectedError,
)
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


class _Key(BaseModel):
    """An access key without its secret. AWS accepts only one whose status is `Active`."""

    AccessKeyId: KeyId
    Status: str = Field(min_length=1)
    CreateDate: AwareDatetime


class _NewKey(_Key):
    SecretAccessKey: SecretStr = Field(min_length=1)


class _AbsentError(RejectedError):
    """The user or the key does not exist."""


class _LastUsed(BaseModel):
    LastUsedDate: AwareDatetime | Literal[""] = ""


class AwsIamAccessKey:
    """Creates, disables and deletes the access keys of one IAM user. The interface is `Issuer`."""

    limit = 2
    can_disable = True

    def __init__(self, context: IssuerContext) -> None:
        self._environ = context.environ
        self._client = IssuerClient(context.mask)
        self._role = Role(self._client, self._environ, context.generator.option("role"))
        self._user = context.generator.option("user")

    def list_credentials(self) -> tuple[IssuedCredential, ...]:
        """All access keys of the user."""
        keys = (
            page.parse(_Key, found)
            for page in self._pages("ListAccessKeys", UserName=self._user)
            for found in page.all_fields("{*}AccessKeyMetadata/{*}member")
        )
        return tuple(
            IssuedCredential(
                key.AccessKeyId, key.CreateDate.astimezone(UTC), disabled=key.Status != "Active"
            )
            for key in keys
        )

    def create(self, existing: Sequence[IssuedCredential]) -> NewCredential:  # noqa: ARG002
        """Create an access key; AWS never replaces one. The user name is the id of the key."""
        result = self._send("CreateAccessKey", UserName=self._user)
        found = result.fields("{*}AccessKey")
        if secret := found.get("SecretAccessKey"):
            self._client.hide(secret)
        key = result.parse(_NewKey, found)
        created = key.CreateDate.astimezone(UTC)
        return NewCredential(key.AccessKeyId, key.AccessKeyId, key.SecretAccessKey, created)

    def disable(self, credential_id: str) -> None:
        """Set a key to `Inactive`; a person can set it to `Active` again.

        Do nothing if it does not exist.
        """
        key = {"UserName": self._user, "AccessKeyId": credential_id}
        with suppress(_AbsentError):
            self._send("UpdateAccessKey", **key, Status="Inactive")

    def delete(self, credential_id: str) -> None:
        """Delete a key for good; do nothing if it does not exist."""
        key = {"UserName": self._user, "AccessKeyId": credential_id}
        with suppress(_AbsentError):
            self._send("DeleteAccessKey", **key)

    def unused_for(self, credential_id: str) -> timedelta | None:
        """How long ago a key was last used with any service of AWS.

        AWS records only the first of several uses within 15 minutes. Source: "Generate credential
        reports for your AWS account", IAM User Guide.
        """
        result = self._read("GetAccessKeyLastUsed", AccessKeyId=credential_id)
        used = result.parse(_LastUsed, result.fields("{*}AccessKeyLastUsed")).LastUsedDate
        if not isinstance(used, datetime):
            return None
        if result.date is None:
            raise UnreadableResponseError(result.action)
        return max(result.date - used, timedelta())

    def _pages(self, action: str, **parameters: str) -> Iterator[QueryResult]:
        markers = set[str]()
        while True:
            result = self._read(action, **parameters)
            yield result
            found = result.fields()
            if found.get("IsTruncated") == "false":
                return
            marker = found.get("Marker", "")
            if not marker or marker in markers:
                raise UnreadableResponseError(action)
            markers.add(marker)
            parameters["Marker"] = marker

    def _read(self, action: str, **parameters: str) -> QueryResult:
        try:
            return self._iam().read(action, parameters, self._role.session(self._policy()))
        except QueryError as error:
            raise self._explain(error, action) from None

    def _send(self, action: str, **parameters: str) -> QueryResult:
        try:
            return self._iam().send(action, parameters, self._role.session(self._policy()))
        except QueryError as error:
            raise self._explain(error, action) from None

    def _iam(self) -> QueryApi:
        url = endpoint(self._environ, ENDPOINT, self._role.partition.iam)
        return QueryApi(self._client, url, "2010-05-08")

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

    def _explain(self, error: QueryError, action: str) -> IssuerError:
        """The error with what was asked for and what to do next."""
        user, reason = f"the IAM user {self._user}", error.reason
        if error.code in DENIED:
            return self._explain_denial(action, user, reason)
        if error.code == "NoSuchEntity":
            return _AbsentError(
                f"{user} or the access key does not exist ({reason}); `user` must be the name of a "
                f"user in the AWS account of the role {self._role.arn}"
            )
        if error.transient:
            return IssuerError(
                f"AWS cannot carry out iam:{action} for {user} now ({reason}); run again later"
            )
        if error.code == "LimitExceeded":
            message = (
                f"{user} has {self.limit} access keys already, and AWS allows no more ({reason}); "
                "delete one that is not in use: disabled ones count too"
            )
        elif error.code in _CLOCK:
            message = (
                f"AWS rejected the signature of iam:{action} ({reason}); the clock of the runner "
                "must be right"
            )
        else:
            message = f"AWS rejected iam:{action} for {user} ({reason}); check `user` and `role`"
        return RejectedError(message)

    def _explain_denial(self, action: str, user: str, reason: str) -> IssuerError:
        if _FORBIDDEN.search(reason):
            return RejectedError(
                f"a policy in AWS forbids iam:{action} for {user} ({reason}); ask an administrator "
                "of AWS to allow it, or do not use `generate` for this registry"
            )
        return RejectedError(
            f"the role {self._role.arn} has no permission for iam:{action} on {user} ({reason}); "
            f"allow iam:{action} in a policy of the role"
        )
