"""Whether a credential that may log in may also pull an image."""

from __future__ import annotations

from http import HTTPStatus

from codespaces_registry_secrets.model.registries import IMAGE
from codespaces_registry_secrets.verify.auth import REFUSED, Scheme
from codespaces_registry_secrets.verify.http import Wire
from codespaces_registry_secrets.verify.result import NotProvenError, rejected, unreachable

# Source: "Image Manifest V 2, Schema 2" of CNCF Distribution, and the OCI image specification.
MANIFESTS = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)


def look_at(wire: Wire, base: str, scheme: Scheme, image: str, *, hub: bool) -> None:
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
    except NotProvenError as error:
        raise error.about(f"image {image}") from None


def _ask(wire: Wire, base: str, scheme: Scheme, name: str, reference: str) -> None:
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
