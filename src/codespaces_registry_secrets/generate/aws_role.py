"""Assume a role of AWS with the ID token of the job, so that no key of AWS is stored for it.

Sources: "AssumeRoleWithWebIdentity", AWS STS API Reference; "AWS Identity and Access Management
endpoints and quotas" and "AWS Security Token Service endpoints and quotas", AWS General Reference;
"Configuring OpenID Connect in Amazon Web Services", docs.github.com. The audience in China is in
the README of aws-actions/configure-aws-credentials.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

import jwt
from pydantic import SecretStr

from codespaces_registry_secrets.generate.addresses import endpoint
from codespaces_registry_secrets.generate.api import RUN_AGAIN, ErrorAdvice, Schema, Task
from codespaces_registry_secrets.generate.aws_query import (
    DENIED,
    KeyId,
    QueryApi,
    Signer,
    error_code,
)
from codespaces_registry_secrets.generate.http import IssuerClient, IssuerResponse
from codespaces_registry_secrets.generate.id_token import request_id_token
from codespaces_registry_secrets.generate.issuer import IssuerError

ENDPOINT = "AWS_ENDPOINT_URL_STS"
SESSION_NAME = "codespaces-registry-secrets"
DURATION = timedelta(minutes=15)  # the shortest that AWS allows

_ARN = re.compile(
    r"(?P<account>arn:(?P<partition>aws|aws-cn|aws-us-gov):iam::[0-9]{12}):role/[\w+=,.@/-]+",
    re.ASCII,
)
_RENEWAL = timedelta(minutes=2)  # before the end of a session


@dataclass(frozen=True)
class Partition:
    """One of the separate clouds of AWS; `region` is the one that signs requests to IAM."""

    region: str
    sts: str
    iam: str
    audience: str = "sts.amazonaws.com"


_PARTITIONS = {
    "aws": Partition(
        "us-east-1", "https://sts.us-east-1.amazonaws.com", "https://iam.amazonaws.com"
    ),
    "aws-cn": Partition(
        "cn-north-1",
        "https://sts.cn-north-1.amazonaws.com.cn",
        "https://iam.cn-north-1.amazonaws.com.cn",
        "sts.amazonaws.com.cn",
    ),
    "aws-us-gov": Partition(
        "us-gov-west-1",
        "https://sts.us-gov-west-1.amazonaws.com",
        "https://iam.us-gov.amazonaws.com",
    ),
}


class _Credentials(Schema):
    """Temporary credentials."""

    AccessKeyId: KeyId
    SecretAccessKey: SecretStr
    SessionToken: SecretStr


class Role:
    """A role that the job can assume. The ARN is checked when it is first needed.

    `clock` returns seconds, and is never set back.
    """

    def __init__(
        self,
        client: IssuerClient,
        environ: Mapping[str, str],
        arn: str,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.arn = arn
        self._client = client
        self._environ = environ
        self._clock = clock
        self._signer: Signer | None = None
        self._renew_at = 0.0  # by `clock`

    @property
    def partition(self) -> Partition:
        """The cloud of the role. Raises IssuerError if the ARN is not that of a role."""
        return _PARTITIONS[self._match()["partition"]]

    @property
    def account(self) -> str:
        """The beginning of all ARNs of IAM in the role's account: `arn:aws:iam::ACCOUNT`."""
        return self._match()["account"]

    def session(self, policy: str) -> Signer:
        """Credentials of the role, assumed again shortly before they expire.

        Whatever the role has permission for, the session can do no more than `policy`, which is the
        same for every call.

        Raises:
            NoIdTokenError: the job has no ID token.
            IssuerError: AWS does not let the job assume the role.
        """
        if self._signer is None or self._clock() >= self._renew_at:
            renew_at = self._clock() + (DURATION - _RENEWAL).total_seconds()
            self._signer, self._renew_at = self._assume(policy), renew_at
        return self._signer

    def _match(self) -> re.Match[str]:
        match = _ARN.fullmatch(self.arn)
        if not match:
            raise IssuerError(
                "`role` must be the ARN of an IAM role, such as "
                "arn:aws:iam::123456789012:role/rotate-codespaces-pull"
            )
        return match

    def _assume(self, policy: str) -> Signer:
        partition = self.partition
        task = Task(f"assume the role {self.arn}", "sts:AssumeRoleWithWebIdentity")
        url = endpoint(self._environ, ENDPOINT, partition.sts)
        token = request_id_token(self._client, self._environ, partition.audience)
        advice = ErrorAdvice(
            partial(self._advise, token), otherwise="check the role and its trust policy"
        )
        parameters = {
            "RoleArn": self.arn,
            "RoleSessionName": SESSION_NAME,
            "WebIdentityToken": token,
            "DurationSeconds": str(int(DURATION.total_seconds())),
            "Policy": policy,
        }
        sts = QueryApi(self._client, url, "2011-06-15", advice)
        found = sts.read_action(task, parameters).fields("{*}Credentials")
        for name in ("SecretAccessKey", "SessionToken"):
            self._client.hide_field(found, name)
        credentials = sts.parse(task, _Credentials, found)
        return Signer(
            "iam",
            partition.region,
            credentials.AccessKeyId,
            credentials.SecretAccessKey.get_secret_value(),
            credentials.SessionToken.get_secret_value(),
        )

    def _advise(self, token: str, response: IssuerResponse, _: Task) -> str:
        """What to do if AWS does not let the job assume the role."""
        code, audience = error_code(response), self.partition.audience
        if code == "ExpiredTokenException":
            return RUN_AGAIN
        if code in {"InvalidIdentityToken", "IDPRejectedClaim"}:
            return (
                f"the account of the role needs the OIDC provider {self._claim(token, 'iss')} with "
                f"the audience {audience}"
            )
        if code in DENIED:
            return (
                f"the role must exist, and its trust policy must allow the audience {audience} and "
                f"the subject {self._claim(token, 'sub')}"
            )
        return ""

    def _claim(self, token: str, name: str) -> str:
        """A claim of the ID token that is not secret."""
        try:
            claims = jwt.decode(token, options={"verify_signature": False})
        except jwt.PyJWTError:
            claims = {}
        return self._client.redact(str(claims.get(name, ""))) or "of the job"
