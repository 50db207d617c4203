"""AWS: moto behind a layer for what moto leaves out.

moto checks signatures and the policies of the role, and limits the keys of a user. The layer checks
the ID token and the policy of the session, has the clock of the server, divides lists into pages,
and lets a key settle.

Sources: STS and IAM API References, "IAM tutorial" and "OIDC federation", docs.aws.amazon.com.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Self
from urllib.parse import parse_qsl
from xml.etree import ElementTree as ET

import aiohttp
import jwt
from aiohttp import web
from botocore.auth import SigV4Auth  # type: ignore[import-untyped]
from botocore.awsrequest import AWSRequest  # type: ignore[import-untyped]

from issuers import moto_aws as moto
from issuers.aws_xml import (
    IAM,
    STS,
    allow,
    allows,
    divide,
    error,
    format_time,
    name_of,
    parse,
    xml,
)
from issuers.id_tokens import IMMUTABLE_SUBJECT, SUBJECT, IdTokens
from issuers.issuer_server import IssuerServer, Now, real_time

USER = "codespaces-pull"
ROLE = f"arn:aws:iam::{moto.ACCOUNT}:role/rotate-{USER}"
FORM = "application/x-www-form-urlencoded"
AUDIENCE = "sts.amazonaws.com"
ACTIONS = ("CreateAccessKey", "DeleteAccessKey", "GetAccessKeyLastUsed", "ListAccessKeys", "UpdateAccessKey")  # fmt: skip

_ECR = "GetAuthorizationToken"
_STS = "AssumeRoleWithWebIdentity"


class AwsServer(IssuerServer):
    """STS, IAM and ECR, with one user and one role that manages its keys.

    `trusted` are the subjects in the role's trust policy, `audiences` those of the OIDC provider.
    `forbidden` are actions of IAM that a policy of the organization denies. `page_size` is the
    number of keys on a page. `sessions` counts how often the role was assumed. Only one can be
    open in a process, because moto keeps its state there.
    """

    limit = 2

    def __init__(self, id_tokens: IdTokens, now: Now = real_time) -> None:
        super().__init__(now)
        self._id_tokens = id_tokens
        self.trusted = {SUBJECT, IMMUTABLE_SUBJECT}
        self.audiences = {AUDIENCE}
        self.forbidden: set[str] = set()
        self.page_size = 100
        self.sessions = 0
        self._policies: dict[str, str] = {}  # of each session, by its access key
        self._secrets: dict[str, str] = {}
        self._created: dict[str, datetime] = {}
        self._used: dict[str, datetime] = {}
        self._settling: dict[str, int] = {}

    def __enter__(self) -> Self:
        self._moto_url = moto.start()
        self._admin = moto.set_up(USER, name_of(ROLE))
        self.grant(*ACTIONS)
        return super().__enter__()

    def __exit__(self, *raised: object) -> None:
        super().__exit__(*raised)
        moto.reset()

    @property
    def environment(self) -> Mapping[str, str]:
        """The endpoints of the three services."""
        return {f"AWS_ENDPOINT_URL_{name}": self.url for name in ("STS", "IAM", "ECR")}

    def live(self) -> list[str]:
        """The ids of the user's keys, oldest first."""
        return [key.access_key_id for key in moto.iam().list_access_keys(USER)]

    def active(self) -> list[str]:
        """The ids of those that are not disabled."""
        return [
            key.access_key_id for key in moto.iam().list_access_keys(USER) if key.status == "Active"
        ]

    def accepts(self, username: str, password: str) -> bool:
        """Whether ECR issues a login for a key."""
        if self._secrets.get(username) != password or self._refusal(username):
            return False
        self.use(username)
        return True

    def make_by_hand(self) -> str:
        """Create a key as an administrator."""
        key = moto.iam().create_access_key(USER)
        return self._record(key.access_key_id, key.secret_access_key)

    def use(self, credential_id: str, ago: timedelta = timedelta()) -> None:
        """Record that a key was used."""
        self._used[credential_id] = self.now() - ago

    def secret_of(self, credential_id: str) -> str:
        """The secret of a key."""
        return self._secrets[credential_id]

    @property
    def session_policies(self) -> list[Any]:
        """The policy of each session."""
        return [json.loads(policy) for policy in self._policies.values()]

    def grant(self, *actions: str) -> None:
        """Replace the permissions of the role."""
        policy = allow(f"iam:{action}" for action in actions)
        moto.iam().put_role_policy(name_of(ROLE), "p", policy)

    async def request_name(self, request: web.Request) -> str:
        """`METHOD ACTION`."""
        target = request.headers.get("X-Amz-Target", "")
        form = dict(parse_qsl((await request.read()).decode("utf-8", "replace")))
        return f"{request.method} {target.rpartition('.')[2] or form.get('Action')}"

    async def respond(self, request: web.Request) -> web.StreamResponse:
        """Carry out a request."""
        body = await request.read()
        action = (await self.request_name(request)).partition(" ")[2]
        form = dict(parse_qsl(body.decode()))
        if "application/json" in request.headers.get("Accept", "") and action != _ECR:
            return web.json_response({f"{action}Response": {}})  # as both services do
        if action == _STS:
            return self._reject_identity(form) or await self._assume(body, form)
        if action == _ECR:
            return self._reject_login(request) or await self._forward(request.headers, body)
        if action in ACTIONS:
            return self._reject_iam(request, action, form) or await self._iam_response(
                request, body, form
            )
        return error("InvalidAction", f"Could not find operation {action}", 400)

    def _record(self, key_id: str, secret: str) -> str:
        self._secrets[key_id] = secret
        self._created[key_id] = self.now()
        self._settling[key_id] = self.settling
        return key_id

    def _refusal(self, key_id: str) -> str:
        """Why a service does not know a key; counts down the logins while it settles."""
        if key_id not in self.active():
            return "The security token included in the request is invalid."
        if self._settling.get(key_id, 0) > 0:
            self._settling[key_id] -= 1
            return "The security token included in the request is invalid."
        return ""

    def _reject_identity(self, form: Mapping[str, str]) -> web.Response | None:
        token = form.get("WebIdentityToken", "")
        claims = next(
            filter(None, (self._id_tokens.verify(token, a) for a in self.audiences)), None
        )
        if claims is None:
            return self._sts_error(*self._identity_problem(token))
        if form.get("RoleArn") != ROLE or claims["sub"] not in self.trusted:
            text = f"Not authorized to perform sts:{_STS}"
            return self._sts_error("AccessDenied", text, 403)
        name, seconds = form.get("RoleSessionName", ""), form.get("DurationSeconds", "3600")
        if not re.fullmatch(r"[\w+=,.@-]{2,64}", name) or not 900 <= int(seconds) <= 3600:
            return self._sts_error("ValidationError", "1 validation error detected", 400)
        return None

    def _identity_problem(self, token: str) -> tuple[str, str, int]:
        try:
            claims = jwt.decode(token, options={"verify_signature": False})
        except jwt.PyJWTError:
            return "InvalidIdentityToken", "The ID Token provided is not a valid JWT.", 400
        if claims["aud"] not in self.audiences:
            return "InvalidIdentityToken", "Incorrect token audience", 400
        if claims["exp"] <= self.now().timestamp():
            text = "Token expired: current date/time must be before the expiration date/time"
            return "ExpiredTokenException", text, 400
        return "InvalidIdentityToken", "Couldn't verify the signature of the token", 400

    async def _assume(self, body: bytes, form: Mapping[str, str]) -> web.Response:
        # moto requires a signature of this request too, which AWS does not.
        signed = AWSRequest("POST", f"{self._moto_url}/", headers={"Content-Type": FORM}, data=body)
        SigV4Auth(self._admin, "sts", moto.REGION).add_auth(signed)
        root = parse(await self._forward(dict(signed.headers.items()), body))
        self._policies[root.findtext(".//{*}AccessKeyId", "")] = form.get("Policy", "")
        self.sessions += 1
        seconds = timedelta(seconds=int(form.get("DurationSeconds", "3600")))
        for element in root.iterfind(".//{*}Expiration"):
            element.text = format_time(self.now() + seconds)
        return xml(root, STS)

    def _reject_iam(
        self, request: web.Request, action: str, form: Mapping[str, str]
    ) -> web.Response | None:
        owner = USER if form.get("AccessKeyId") in self.live() else ""
        user = form.get("UserName", owner)
        resource = f"arn:aws:iam::{moto.ACCOUNT}:user/{user}"
        credential = request.headers.get("Authorization", "").partition("Credential=")[2]
        policy = self._policies.get(credential.partition("/")[0], "")
        why = ""
        if action in self.forbidden:
            why = "with an explicit deny in a service control policy"
        elif policy and not allows(policy, f"iam:{action}", resource):
            why = f"because no session policy allows the iam:{action} action"
        elif user != USER:
            why = f"because no identity-based policy allows the iam:{action} action"
        if not why:
            return None
        role = f"arn:aws:sts::{moto.ACCOUNT}:assumed-role/{name_of(ROLE)}/session"
        text = f"User: {role} is not authorized to perform: iam:{action} on resource: {resource}"
        return error("AccessDenied", f"{text} {why}", 403)

    async def _iam_response(
        self, request: web.Request, body: bytes, form: Mapping[str, str]
    ) -> web.Response:
        response = await self._forward(request.headers, body)
        if response.status == 403:
            return self._denial(response, form["Action"])
        if response.status != 200:
            return response
        root = parse(response)
        if secret := root.findtext(".//{*}SecretAccessKey"):
            self._record(root.findtext(".//{*}AccessKeyId", ""), secret)
        for element in (*root.iterfind(".//{*}AccessKey"), *root.iterfind(".//{*}member")):
            for date in element.iterfind("{*}CreateDate"):
                key_id = element.findtext("{*}AccessKeyId", "")
                date.text = format_time(self._created[key_id])
        for element in root.iterfind(".//{*}AccessKeyLastUsed"):
            self._set_last_used(element, form["AccessKeyId"])
        for element in root.iterfind("{*}ListAccessKeysResult"):
            divide(element, self.page_size, int(form.get("Marker", "0")))
        return xml(root, IAM)

    def _denial(self, response: web.Response, action: str) -> web.Response:
        """An error of moto in the form of AWS."""
        found = {e.tag.rpartition("}")[2]: e.text or "" for e in parse(response).iter()}
        why = f" because no identity-based policy allows the iam:{action} action"
        why = why if found["Code"] == "AccessDenied" else ""
        return error(found["Code"], f"{found['Message']}{why}", 403)

    def _set_last_used(self, element: ET.Element, key_id: str) -> None:
        for date in element.findall("{*}LastUsedDate"):
            element.remove(date)
        if key_id in self._used:
            date = ET.SubElement(element, f"{{{IAM}}}LastUsedDate")
            date.text = format_time(self._used[key_id])

    def _reject_login(self, request: web.Request) -> web.Response | None:
        credential = request.headers.get("Authorization", "").partition("Credential=")[2]
        key_id = credential.partition("/")[0]
        if why := self._refusal(key_id):
            body = {"__type": "UnrecognizedClientException", "message": why}
            return web.json_response(body, status=400)
        self.use(key_id)
        return None

    async def _forward(self, headers: Mapping[str, str], body: bytes) -> web.Response:
        """Let moto carry out a request; its headers are signed, so they stay as they are."""
        headers = {k: v for k, v in headers.items() if k != "Accept-Encoding"}
        async with (
            aiohttp.ClientSession(auto_decompress=False) as session,
            session.post(f"{self._moto_url}/", data=body, headers=headers) as response,
        ):
            content = await response.read()
            kind = response.headers.get("Content-Type", "")
            return web.Response(
                body=content, status=response.status, headers={"Content-Type": kind}
            )

    def _sts_error(self, code: str, message: str, status: int) -> web.Response:
        return error(code, message, status, STS)
