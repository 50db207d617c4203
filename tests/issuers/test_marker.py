"""How the credentials of a journal are named."""

from __future__ import annotations

import pytest

from codespaces_registry_secrets.generate.issuer import IssuerContext, IssuerError
from codespaces_registry_secrets.generate.marker import marker
from issuers.contexts import Masks, context


def of_repository(environ: dict[str, str], masks: Masks) -> IssuerContext:
    return context("gitlab-deploy-token", {}, environ, masks, store="GitLab_Credential")


def test_a_marker_is_the_same_in_every_version(masks: Masks) -> None:
    """With another one, the credentials of an earlier version would be nobody's."""
    environ = {"GITHUB_REPOSITORY": "Octo-Org/App"}
    assert marker(of_repository(environ, masks)) == "codespaces-registry-secrets-63b5df05280a"


def test_a_marker_needs_the_repository(masks: Masks) -> None:
    """The message says how to set it."""
    with pytest.raises(IssuerError, match=r"set it to OWNER/REPOSITORY$"):
        marker(of_repository({}, masks))
