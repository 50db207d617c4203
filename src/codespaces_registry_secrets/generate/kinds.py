"""The kinds of issuers, by the `kind` of `generate`."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from codespaces_registry_secrets.generate.aws import AwsIamAccessKey
from codespaces_registry_secrets.generate.azure import AzureContainerRegistryToken
from codespaces_registry_secrets.generate.gitlab import GitLabDeployToken
from codespaces_registry_secrets.generate.google import GoogleServiceAccountKey
from codespaces_registry_secrets.generate.harbor import HarborRobot
from codespaces_registry_secrets.generate.issuer import Issuer, IssuerContext

KINDS: Mapping[str, Callable[[IssuerContext], Issuer]] = {
    "aws-iam-access-key": AwsIamAccessKey,
    "azure-container-registry-token": AzureContainerRegistryToken,
    "google-service-account-key": GoogleServiceAccountKey,
    "gitlab-deploy-token": GitLabDeployToken,
    "harbor-robot": HarborRobot,
}
