"""The kinds of `generate` and their servers, for tests that hold for every kind."""

from __future__ import annotations

from generated import Kind
from issuers import aws, azure, google
from issuers.aws import AwsServer
from issuers.azure import AzureServer
from issuers.gitlab import GitLab
from issuers.google import GoogleServer
from issuers.harbor import Harbor
from issuers.issuer_server import IssuerServer


def _gitlab(server: IssuerServer) -> GitLab:
    assert isinstance(server, GitLab)
    return server


def _harbor(server: IssuerServer) -> Harbor:
    assert isinstance(server, Harbor)
    return server


GITLAB = Kind(
    "gitlab-deploy-token",
    lambda now, _: GitLab(now),
    lambda _: {"server": "registry.gitlab.example"},
    lambda server: {
        "url": _gitlab(server).address,
        "project": "team/app",
        "token": {"env": "GITLAB_TOKEN"},
    },
    lambda server: {"GITLAB_TOKEN": _gitlab(server).token},
)
HARBOR = Kind(
    "harbor-robot",
    lambda now, _: Harbor(now),
    lambda _: {"server": "harbor.example"},
    lambda server: {
        "url": _harbor(server).address,
        "project": "team",
        "username": {"env": "HARBOR_USERNAME"},
        "password": {"env": "HARBOR_PASSWORD"},
    },
    lambda server: {
        "HARBOR_USERNAME": _harbor(server).username,
        "HARBOR_PASSWORD": _harbor(server).password,
    },
)
AWS = Kind(
    "aws-iam-access-key",
    lambda now, id_tokens: AwsServer(id_tokens, now),
    lambda _: {"registry": "ecr", "account": "123456789012", "region": "eu-west-1"},
    lambda _: {"user": aws.USER, "role": aws.ROLE},
)
AZURE = Kind(
    "azure-container-registry-token",
    lambda now, id_tokens: AzureServer(id_tokens, now),
    lambda _: {"registry": "acr", "name": azure.REGISTRY},
    lambda _: azure.OPTIONS,
)
GOOGLE = Kind(
    "google-service-account-key",
    lambda now, id_tokens: GoogleServer(id_tokens, now),
    lambda _: {"registry": "artifact-registry", "location": "europe-west4"},
    lambda _: google.OPTIONS,
)
KINDS = (AWS, AZURE, GOOGLE, GITLAB, HARBOR)
