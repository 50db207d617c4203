"""Log in to a registry as Docker does, and check that the credential can pull images.

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
from codespaces_registry_secrets.verify.auth import REJECTED_STATUS, Scheme, choose_scheme
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

LOGIN_SECONDS = 60.0

# Source: "Image Manifest V 2, Schema 2" of CNCF Distribution, and the OCI image specification.
MANIFEST_TYPES = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)


def login(
    server: str,
    username: SecretBytes,
    password: SecretBytes,
    images: Sequence[str] = (),
    *,
    mask: Mask,
    allowed_servers: tuple[str, ...] = (),
    ecr_endpoint: str,
    seconds: float = LOGIN_SECONDS,
) -> LoginResult:
    """Log in to `server`, spelled as Codespaces matches it, and check that it can pull each image.

    An image is written without the server: `team/devbox:latest`, `team/devbox@sha256:…`. A registry
    that requires no credential gets it anyway, by Basic, and the login is accepted unless the
    registry rejects it; that verifies the server, but cannot show that a credential is wrong.

    `mask` is called with each secret that the login leads to, before it is used. `allowed_servers`
    are globs of the servers that can get a credential; empty permits every server. `ecr_endpoint`
    is a URL to use instead of AWS's own API for Amazon ECR. The login ends after `seconds`.
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
            with RegistryClient(credential, host, connections, mask) as client:
                exchanged = exchange_access_key(client, server, credential, ecr_endpoint)
                base, response = _probe(client, host)
                trusted = partial(_is_trusted, server, host, allowed_servers)
                scheme = choose_scheme(client, exchanged, host, response, trusted)
                _check_login(client, base, scheme, host)
                for image in images:
                    check_pull(client, base, scheme, image, hub=server == DOCKER_HUB)
        except LoginError as error:
            return error.result
        return LoginResult("accepted")

    return run_within(seconds, log_in) or LoginResult(
        "unreachable",
        f"the login at {server} did not finish within {seconds:g} s and was stopped; check that "
        "this is the registry, or run again later",
    )


def _is_trusted(server: str, host: str, allowed: tuple[str, ...], token_server: str) -> bool:
    """Whether a token server, as `host[:port]`, can get the credential for `server`."""
    own_token_servers = {host, TOKEN_SERVERS.get(server)}
    return token_server in own_token_servers or is_allowed(allowed, token_server)


def _probe(client: RegistryClient, host: str) -> tuple[str, RegistryResponse]:
    """The registry's URL, and its response to a request without a credential.

    A loopback host without TLS is requested by http, as Docker does.
    """
    base = f"https://{host}"
    try:
        response = client.get(f"{base}/v2/")
    except NoTlsError:
        if not is_loopback(host):
            raise
        base = f"http://{host}"
        response = client.get(f"{base}/v2/")
    if response.status not in {HTTPStatus.OK, HTTPStatus.UNAUTHORIZED}:
        raise unreachable(_unexpected_message(host, response))
    return base, response


def _check_login(client: RegistryClient, base: str, scheme: Scheme, host: str) -> None:
    """Repeat the request with the credential."""
    response = client.get(f"{base}/v2/", scheme.authorization(""))
    if response.status in REJECTED_STATUS:
        unknown = response.status == HTTPStatus.UNAUTHORIZED
        raise rejected(scheme.rejection_message(host, response), unknown=unknown)
    if response.status != HTTPStatus.OK or response.html:
        raise unreachable(_unexpected_message(host, response))


def _unexpected_message(host: str, response: RegistryResponse) -> str:
    if response.status == HTTPStatus.TOO_MANY_REQUESTS:
        return f"{host} reports a rate limit ({response}); run again later"
    if response.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return f"{host} returned a server error ({response}); run again later"
    if response.status in REJECTED_STATUS:
        return (
            f"{host} denies access before any login ({response}); check whether a firewall blocks "
            "the runner"
        )
    return f"{host} does not respond like a registry ({response}); check the server's name"


def check_pull(client: RegistryClient, base: str, scheme: Scheme, image: str, *, hub: bool) -> None:
    """Request the manifest of `image`, which is written without the server, as a pull does.

    `base` is the registry's URL without a slash at its end. Set `hub` for Docker Hub, where a name
    with one part is in `library/`.

    Raises:
        LoginError: the image cannot be pulled; the message names it.
    """
    try:
        parts = IMAGE.fullmatch(image)
        if not parts:
            raise rejected("not an image name; write `team/devbox:latest`, without the server")
        name = f"library/{parts['name']}" if hub and "/" not in parts["name"] else parts["name"]
        _check_manifest(client, base, scheme, name, parts["digest"] or parts["tag"] or "latest")
    except LoginError as error:
        raise error.about(f"image {image}") from None


def _check_manifest(
    client: RegistryClient, base: str, scheme: Scheme, name: str, reference: str
) -> None:
    authorization = scheme.authorization(f"repository:{name}:pull")
    url = f"{base}/v2/{name}/manifests/{reference}"
    response = client.head(url, authorization, ", ".join(MANIFEST_TYPES))
    if response.status in REJECTED_STATUS:
        raise rejected(
            f"the login is accepted, but has no permission to pull it ({response}); give the "
            "credential read access to this image, or remove the image from the spec"
        )
    if response.status == HTTPStatus.NOT_FOUND:
        raise rejected(
            "the image does not exist, or the credential has no permission to see it (404); check "
            "the name"
        )
    if response.status != HTTPStatus.OK:
        advice = "run again later" if response.is_transient else "check that it is a registry"
        raise unreachable(f"the registry returned {response} for its manifest; {advice}")
