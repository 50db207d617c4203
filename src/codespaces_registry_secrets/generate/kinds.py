"""The kinds of issuers, by the `kind` of `generate`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module

from codespaces_registry_secrets.generate.issuer import Issuer, IssuerContext

# The module in this package, and the class in it.
KINDS: Mapping[str, tuple[str, str]] = {
    "aws-iam-access-key": ("aws", "AwsIamAccessKey"),
    "azure-container-registry-token": ("azure", "AzureContainerRegistryToken"),
    "google-service-account-key": ("google", "GoogleServiceAccountKey"),
    "gitlab-deploy-token": ("gitlab", "GitLabDeployToken"),
    "harbor-robot": ("harbor", "HarborRobot"),
}


def make_issuer(context: IssuerContext) -> Issuer:
    """The issuer of a kind."""
    return load_kind(context.generator.kind)(context)


def load_kind(name: str) -> Callable[[IssuerContext], Issuer]:
    """The class of a kind. Its module is imported now, because most runs need none of them."""
    module, class_name = KINDS[name]
    kind: Callable[[IssuerContext], Issuer] = getattr(
        import_module(f"{__package__}.{module}"), class_name
    )
    return kind
