"""A credential -> a verdict: a login as Docker does it.

Sources: "HTTP API V2" and "Token Authentication Specification" of CNCF Distribution; the OCI
distribution specification; what `docker login` does.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from http import HTTPStatus

from pydantic import SecretBytes

from codespaces_registry_secrets.inputs.sources import Mask
from codespaces_registry_secrets.model.allowlist import is_allowed
from codespaces_registry_secrets.model.registries import (
    DOCKER_HUB,
    DOCKER_HUB_HOST,
    IMAGE,
    TOKEN_SERVERS,
)
from codespaces_registry_secrets.verify.auth import REFUSED, Scheme, scheme_for
from codespaces_registry_secrets.verify.deadline import Connections, run_within
from codespaces_registry_secrets.verify.ecr import exchange_access_key
from codespaces_registry_secrets.verify.errors import (
    LoginError,
    LoginResult,
    NoTlsError,
    rejected,
    unreachable,
)
from codespaces_registry_secrets.verify.http import (
    BasicCredentials,
    RegistryClient,
    RegistryResponse,
    is_loopback,
)

__all__ = ["LoginResult", "login"]

LOGIN_SECONDS = 60.0


def login(
    server: str,
    username: SecretBytes,
    password: SecretBytes,
    images: Sequence[str] = (),
    *,
    mask: Mask,
    allowed_servers: tuple[str, ...] = (),
    ecr_endpoint: str = "",
    seconds: float = LOGIN_SECONDS,
) -> LoginResult:
    """Logs in to `server`, spelled as Codespaces matches it, and looks at each of `images`.

    An image is written without the server: `team/devbox:latest`, `team/devbox@sha256:…`. A registry
    that asks for no credential gets it all the same, by Basic, and is believed where it does not
    mind; such a registry proves that the server is there, but cannot disprove a credential.

    `mask` is called with each secret that the login leads to, before it is used. `allowed_servers`
    are globs of the servers that may get a credential, none for any server. `ecr_endpoint` is the
    URL of Amazon ECR's API where it is not AWS's own. All of it together may take `seconds`.
    """
    if not is_allowed(allowed_servers, server):
        message = (
            f"`allowed-servers` does not cover {server}, so no credential is sent there; add it to "
            "the input, or correct the server"
        )
        return LoginResult("rejected", message)
    credential = BasicCredentials(username, password)
    host = DOCKER_HUB_HOST if server == DOCKER_HUB else server

    def log_in(connections: Connections) -> LoginResult:
        try:
            with RegistryClient(credential, host, connections, mask) as wire:
                login = exchange_access_key(wire, server, credential, ecr_endpoint)
                base, greeting = _greet(wire, host)
                trusted = partial(_trusted, server, host, allowed_servers)
                scheme = scheme_for(wire, login, host, greeting, trusted)
                _enter(wire, base, scheme, host)
                for image in images:
                    check_pull(wire, base, scheme, image, hub=server == DOCKER_HUB)
        except LoginError as error:
            return error.verdict
        return LoginResult("accepted")

    return run_within(seconds, log_in) or LoginResult(
        "unreachable",
        f"the login at {server} did not finish within {seconds:g} s and was stopped; check that "
        "this is the registry, or run again later",
    )


def _trusted(server: str, host: str, allowed: tuple[str, ...], token_server: str) -> bool:
    """Whether a token server, as `host[:port]`, may get the credential for `server`."""
    known = {host, TOKEN_SERVERS.get(server)}
    return token_server in known or is_allowed(allowed, token_server)


def _greet(wire: RegistryClient, host: str) -> tuple[str, RegistryResponse]:
    """The registry's URL, and its answer to a request without a credential.

    As Docker does, a loopback host that speaks no TLS is asked without.
    """
    base = f"https://{host}"
    try:
        greeting = wire.get(f"{base}/v2/")
    except NoTlsError:
        if not is_loopback(host):
            raise
        base = f"http://{host}"
        greeting = wire.get(f"{base}/v2/")
    if greeting.status not in {HTTPStatus.OK, HTTPStatus.UNAUTHORIZED}:
        raise unreachable(_strange(host, greeting))
    return base, greeting


def _enter(wire: RegistryClient, base: str, scheme: Scheme, host: str) -> None:
    """The same request once more, now with the credential."""
    answer = wire.get(f"{base}/v2/", scheme.authorization())
    if answer.status in REFUSED:
        raise rejected(scheme.refused(host, answer))
    if answer.status != HTTPStatus.OK or answer.html:
        raise unreachable(_strange(host, answer))


def _strange(host: str, answer: RegistryResponse) -> str:
    if answer.status == HTTPStatus.TOO_MANY_REQUESTS:
        return f"{host} has had too many requests ({answer}); run again later"
    if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return f"{host} is out of order ({answer}); run again later"
    if answer.status in REFUSED:
        return f"{host} turns everybody away ({answer}); does a firewall keep the runner out?"
    return f"{host} does not answer as a registry does ({answer}); check the server's name"


# Source: "Image Manifest V 2, Schema 2" of CNCF Distribution, and the OCI image specification.
MANIFESTS = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)


def check_pull(wire: RegistryClient, base: str, scheme: Scheme, image: str, *, hub: bool) -> None:
    """Asks for the manifest of `image`, which is written without the server, as a pull would.

    `base` is the registry's URL without a slash at its end; on Docker Hub a name of one part is
    in `library/`.

    Raises:
        NotProvenError: no; the message names the image.
    """
    try:
        parts = IMAGE.fullmatch(image)
        if not parts:
            raise rejected("not an image's name; write `team/devbox:latest`, without the server")
        name = f"library/{parts['name']}" if hub and "/" not in parts["name"] else parts["name"]
        _ask(wire, base, scheme, name, parts["digest"] or parts["tag"] or "latest")
    except LoginError as error:
        raise error.about(f"image {image}") from None


def _ask(wire: RegistryClient, base: str, scheme: Scheme, name: str, reference: str) -> None:
    authorization = scheme.authorization(f"repository:{name}:pull")
    answer = wire.head(
        f"{base}/v2/{name}/manifests/{reference}", authorization, ", ".join(MANIFESTS)
    )
    if answer.status in REFUSED:
        raise rejected(
            f"the login is good, but may not pull it ({answer}); give the credential read access "
            "to this image, or take the image off the spec"
        )
    if answer.status == HTTPStatus.NOT_FOUND:
        raise rejected("no such image, or the credential may not see it (404); check the name")
    if answer.status != HTTPStatus.OK:
        raise unreachable(f"the registry answers {answer} for its manifest; run again later")
