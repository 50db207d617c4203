"""What AWS's services send: XML, errors, policies and pages."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from fnmatch import fnmatchcase
from xml.etree import ElementTree as ET

from aiohttp import web

STS = "https://sts.amazonaws.com/doc/2011-06-15/"
IAM = "https://iam.amazonaws.com/doc/2010-05-08/"


def allow(actions: Iterable[str]) -> str:
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def allows(policy: str, action: str, resource: str) -> bool:
    """Whether a policy without conditions allows an action on a user, whatever its path."""
    prefix, _, name = resource.rpartition("/")
    return any(
        action in statement["Action"]
        and any(fnmatchcase(resource, pattern) for pattern in statement["Resource"])
        and any(fnmatchcase(f"{prefix}/team/{name}", p) for p in statement["Resource"])
        for statement in json.loads(policy)["Statement"]
        if statement["Effect"] == "Allow"
    )


def error(code: str, message: str, status: int, namespace: str = IAM) -> web.Response:
    root = ET.Element(f"{{{namespace}}}ErrorResponse")
    body = ET.SubElement(root, f"{{{namespace}}}Error")
    for name, text in (("Type", "Sender"), ("Code", code), ("Message", message)):
        ET.SubElement(body, f"{{{namespace}}}{name}").text = text
    ET.SubElement(root, f"{{{namespace}}}RequestId").text = "7a62c49f-347e-4fc4-9331-6e8eEXAMPLE"
    return xml(root, namespace, status)


def xml(root: ET.Element, namespace: str, status: int = 200) -> web.Response:
    body = ET.tostring(root, default_namespace=namespace)
    return web.Response(body=body, status=status, content_type="text/xml")


def format_time(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def name_of(arn: str) -> str:
    return arn.rpartition("/")[2]


def parse(response: web.Response) -> ET.Element:
    return ET.fromstring(response.text or "")  # noqa: S314 - moto's own response


def divide(result: ET.Element, page_size: int, start: int) -> None:
    """Keep one page of a list of keys."""
    keys = result.find("{*}AccessKeyMetadata")
    assert keys is not None
    members, end = list(keys), start + page_size
    for member in members[:start] + members[end:]:
        keys.remove(member)
    for element in [e for e in result if e is not keys]:
        result.remove(element)
    truncated = ET.SubElement(result, f"{{{IAM}}}IsTruncated")
    truncated.text = "true" if end < len(members) else "false"
    if end < len(members):
        ET.SubElement(result, f"{{{IAM}}}Marker").text = str(end)
