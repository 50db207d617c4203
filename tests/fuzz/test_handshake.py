"""A registry can answer a login with anything: there is a verdict in time, and it is right."""

from __future__ import annotations

import json
import time
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretBytes

from codespaces_registry_secrets.verify.login import login
from fuzz.mutations import broken_data, numbers, pieces
from fuzz.properties import examples, find_values
from fuzz.raw_server import RawServer, Received, Reply

USER, PASSWORD = "octocat", "password-not-to-show\nsecond line of it"
PAIR = b64encode(f"{USER}:{PASSWORD}".encode()).decode()
TOKEN = "token-of-the-server-not-to-show"
IMAGE = "team/devbox:latest"
LOGIN_SECONDS = 1.0
# A login ends at once after its time; a busy or paused machine takes longer.
MAX_SECONDS = 150.0
# What a header or a body can say. `{own}` is the host of the registry, `{other}` another server.
CHALLENGES = (
    'Basic realm="registry"',
    'Bearer realm="http://{own}/token",service="registry"',
    'Bearer realm="http://{own}/token?a=b",service="registry",scope="repository:a:pull"',
    'Bearer realm="http://{other}/token",service="registry"',
    'Bearer realm="http://{own}@{other}/token"',
    'Bearer realm="http://{other}\\@{own}/token"',
    'Bearer realm="//{other}/token"',
    'Bearer realm="http://[::1/token"',
    'Bearer realm="http://{own}.{other}/token"',
    'Bearer realm=""',
    'Digest realm="registry", nonce="a", Basic realm="registry"',
    'Bearer realm="http://{own}/token", Basic realm="x", error_description="{password}"',
    "Negotiate",
    'basic realm="{pair}"',
)
LOCATIONS = (
    *("/v2/", "/token", "http://{own}/v2/", "http://{other}/v2/", "//{other}/v2/", "/v2/?{pair}"),
    *(
        "https://{own}/v2/",
        "http://{own}@{other}/",
        "http://[",
        "\\\\{other}",
        "?",
        "",
        "#{password}",
    ),
)
BODIES = (
    json.dumps({"token": TOKEN, "access_token": TOKEN, "refresh_token": TOKEN, "expires_in": 60}),
    json.dumps({"errors": [{"code": "UNAUTHORIZED", "message": "authentication required"}]}),
    json.dumps({"errors": [{"message": "no login with {password} or {pair}"}]}),
    json.dumps({"details": "{token} is wrong"}),
    "{}",
    "",
    "<html><title>Sign in, {password}</title></html>",
    "{password}",
)
DATA = ({"token": TOKEN}, {"errors": [{"code": "DENIED", "message": "{password}", "detail": []}]})
STATUSES = (200, 401, 403, 404, 429, 500, 503, 301, 302, 307, 308, 204, 206, 100, 101, 418, 999, 0)


@dataclass(frozen=True)
class Answer:
    """One response, before the names of the servers and the values of the login are filled in."""

    status: int = 200
    headers: Sequence[tuple[str, str]] = ()
    body: bytes = b""
    framing: str = "length"
    edits: Sequence[tuple[int, bytes]] = ()
    cut: int | None = None
    pause: float = 0.0

    def reply(self, values: dict[str, str]) -> Reply:
        """The bytes to send."""
        body = _fill(self.body, values)
        lines = [f"HTTP/1.1 {self.status} Reason"]
        lines += [f"{name}: {value}" for name, value in self.headers]
        raw = _fill("\r\n".join(lines).encode("utf-8", "surrogateescape"), values)
        raw += _framed(self.framing, body)
        for at, more in self.edits:
            raw = raw[: at % (len(raw) + 1)] + more + raw[at % (len(raw) + 1) :]
        raw = raw if self.cut is None else raw[: self.cut % (len(raw) + 1)]
        middle = len(raw) // 2
        return Reply((raw[:middle], raw[middle:]) if self.pause else (raw,), self.pause)


def _fill(raw: bytes, values: dict[str, str]) -> bytes:
    for name, value in values.items():
        raw = raw.replace(b"{%s}" % name.encode(), value.encode())
    return raw


def _framed(framing: str, body: bytes) -> bytes:
    if framing == "chunked":
        return b"\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
    if framing == "too short":
        return b"\r\nContent-Length: %d\r\n\r\n%s" % (len(body) + 10, body)
    if framing == "bad chunk":
        return b"\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n" + body
    if framing == "no end":
        return b"\r\n\r\n" + body
    if framing == "gzip":
        return b"\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)
    return b"\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)


TYPES = ("application/json", "text/html", "text/html; charset=utf-8", "\ufeff", "")
headers = st.one_of(
    st.tuples(st.just("WWW-Authenticate"), st.sampled_from(CHALLENGES)),
    st.tuples(
        st.just("WWW-Authenticate"), st.sampled_from(CHALLENGES) | st.lists(pieces).map("".join)
    ),
    st.tuples(st.just("Location"), st.sampled_from(LOCATIONS) | st.lists(pieces).map("".join)),
    st.tuples(st.just("Content-Type"), st.sampled_from(TYPES)),
    st.tuples(st.sampled_from(["X-Header", "Content-Length", "Set-Cookie", "Retry-After"]), pieces),
)
bodies = (
    st.sampled_from(BODIES).map(str.encode)
    | broken_data(DATA).map(json.dumps).map(str.encode)
    | st.binary(max_size=30)
)
answers = st.builds(
    Answer,
    status=st.sampled_from(STATUSES),
    headers=st.lists(headers, max_size=3),
    body=bodies,
    framing=st.sampled_from(
        [
            "length",
            "length",
            "length",
            "length",
            "chunked",
            "too short",
            "bad chunk",
            "no end",
            "gzip",
        ]
    ),
    edits=st.lists(
        st.tuples(numbers, pieces.map(lambda piece: piece.encode("utf-8", "surrogateescape"))),
        max_size=1,
    ),
    cut=st.none() | st.none() | st.none() | numbers,
    pause=st.sampled_from([0.0] * 60 + [0.05, LOGIN_SECONDS + 1]),
)


@dataclass(frozen=True)
class Registry:
    """What answers each kind of request: valid, or one of the answers."""

    probe: Answer
    token: Answer
    again: Answer
    manifest: Answer


BASIC = Answer(401, [("WWW-Authenticate", CHALLENGES[0])])
BEARER = Answer(401, [("WWW-Authenticate", CHALLENGES[1])])
ISSUED = Answer(200, [("Content-Type", "application/json")], BODIES[0].encode())


@st.composite
def registries(draw: st.DrawFn) -> Registry:
    """A valid registry, but one or two of its responses are replaced."""
    steps = {
        "probe": draw(st.sampled_from([BASIC, BEARER, BEARER])),
        "token": ISSUED,
        "again": Answer(),
        "manifest": Answer(),
    }
    for step in draw(st.lists(st.sampled_from(sorted(steps)), min_size=1, max_size=2)):
        steps[step] = draw(answers)
    return Registry(**steps)


@examples(12)
@given(registries(), st.booleans())
def test_a_login_ends_with_the_right_verdict(registry: Registry, with_image: bool) -> None:
    """In time; accepted only by 200; and the password goes to the registry alone."""
    with RawServer(lambda *_: Reply(())) as other, RawServer(lambda *_: Reply(())) as own:
        values = {"own": own.host, "other": other.host, "password": PASSWORD.partition("\n")[0]}
        values |= {"pair": PAIR, "token": TOKEN}

        def respond(method: str, path: str) -> Reply:
            if path.startswith("/token"):
                return registry.token.reply(values)
            if path.endswith("/manifests/latest"):
                return registry.manifest.reply(values)
            return (registry.again if own.received else registry.probe).reply(values)

        own.respond = respond
        other.respond = lambda *_: ISSUED.reply(values)
        credential = SecretBytes(USER.encode()), SecretBytes(PASSWORD.encode())
        images = [IMAGE] if with_image else []
        began = time.monotonic()
        result = login(
            own.host,
            *credential,
            images,
            mask=lambda _: None,
            ecr_endpoint="",
            seconds=LOGIN_SECONDS,
        )
        assert time.monotonic() - began < MAX_SECONDS
        check_verdict(result.status, own.received, with_image=with_image)
        shown = find_values(result.message, [*PASSWORD.splitlines(), PAIR, TOKEN])
        assert not shown, result.message
        assert result.message or result.status == "accepted"
        sent_elsewhere = "\n".join(one.text for one in other.received)
        assert not find_values(sent_elsewhere, [*PASSWORD.splitlines(), PAIR, TOKEN])
        assert not any(one.authorization for one in other.received)


def check_verdict(status: str, received: Sequence[Received], *, with_image: bool) -> None:
    """A login is only accepted if the registry answered it with 200, and then the manifest too."""
    if status != "accepted":
        return
    logins = [one for one in received if one.authorization and _is_registry(one)]
    assert logins
    assert _status(logins[-1]) == "200"
    if with_image:
        manifests = [
            one for one in received if one.method_and_path[1].endswith("/manifests/latest")
        ]
        assert manifests
        assert _status(manifests[-1]) == "200"


def _is_registry(one: Received) -> bool:
    path = one.method_and_path[1]
    return not path.startswith("/token") and not path.endswith("/manifests/latest")


def _status(one: Received) -> str:
    """The status that a client reads, after interim responses."""
    lines = [line for line in one.reply.raw.split(b"\r\n") if line.startswith(b"HTTP/")]
    final = [line for line in lines if b" 100 " not in line]
    return final[0].split(b" ")[1].decode("latin-1") if final else ""
