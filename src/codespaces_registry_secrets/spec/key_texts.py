"""The descriptions and examples of the keys of a spec, for editors. docs/spec.md has more."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class KeyText(NamedTuple):
    """What a key means, and values that it can have."""

    description: str
    examples: tuple[object, ...]


_KIND_KEY = "Part of the server, only with its `registry` kind: "

# By the name of the model, and the key.
KEY_TEXTS: Mapping[str, Mapping[str, KeyText]] = {
    "SpecModel": {
        "version": KeyText("The version of this format.", (1,)),
        "defaults": KeyText("Keys that each registry inherits if it does not set them.", ({},)),
        "registries": KeyText("The registries, each with its targets.", ([],)),
    },
    "RegistryEntry": {
        "id": KeyText(
            "The prefix of the three secrets: ID_CONTAINER_REGISTRY_SERVER, _USER and _PASSWORD.",
            ("ACR", "GHCR"),
        ),
        "registry": KeyText("The registry kind; its keys give the server.", ("acr", "ghcr")),
        "server": KeyText(
            "The server, exactly as Codespaces matches it, instead of `registry`.",
            ("mycompany.azurecr.io", "registry.example.com:5000"),
        ),
        "name": KeyText(f"{_KIND_KEY}`acr`, the name of the registry.", ("mycompany",)),
        "suffix": KeyText(f"{_KIND_KEY}`acr`, the domain of a national cloud.", ("azurecr.cn",)),
        "subdomain": KeyText(f"{_KIND_KEY}`ghcr`, the subdomain on GHE.com.", ("octocorp",)),
        "account": KeyText(f"{_KIND_KEY}`ecr`, the AWS account, in quotes.", ("123456789012",)),
        "region": KeyText(f"{_KIND_KEY}`ecr`, the AWS region.", ("eu-west-1",)),
        "location": KeyText(f"{_KIND_KEY}`gcr` or `artifact-registry`.", ("europe-west4", "eu")),
        "username": KeyText(
            "The user name: text, or a source. Without it and `password`, only access is managed.",
            ("octocat", {"env": "ACR_USERNAME"}),
        ),
        "password": KeyText(
            "Where the password comes from; never the password itself.",
            ({"secret": "ACR_PASSWORD"}, {"env": "ACR_PASSWORD"}),
        ),
        "generate": KeyText(
            "Creates the credential at its issuer, instead of `username` and `password`.",
            (
                {
                    "kind": "aws-iam-access-key",
                    "user": "codespaces-pull",
                    "role": "arn:aws:iam::123456789012:role/rotate-codespaces-pull",
                    "store": "ECR_CREDENTIAL",
                },
            ),
        ),
        "rotate": KeyText(
            "When to write a stored credential again: if a source changed, in every run, or never.",
            ("changed", {"when": "changed", "max-age": "30d"}),
        ),
        "expires": KeyText(
            "When the credential expires, if nothing else tells. Without a time, at 00:00 UTC.",
            ("2027-01-31",),
        ),
        "images": KeyText(
            "Images, without the server, that the credential must be able to pull.",
            (["team/devbox:latest"],),
        ),
        "access-only": KeyText(
            "`true` manages access only, and inherits no credential from `defaults`.", (True,)
        ),
        "targets": KeyText("Where to store the secrets.", ([{"organization": "octo-org"}],)),
    },
    "TargetEntry": {
        "organization": KeyText(
            "The login of an organization, or a glob over logins, with `allowed-owners`.",
            ("octo-org", "octo-*"),
        ),
        "repository": KeyText(
            "A repository, or a glob over repositories of an owner.",
            ("octo-org/app", "octo-org/svc-*"),
        ),
        "user": KeyText("The login of the token's user, or `@me`.", ("@me",)),
        "visibility": KeyText(
            "Which repositories can use an organization's secrets. If it is not set, it stays as "
            "it is, and new secrets are `selected`.",
            ("selected", "private", "all"),
        ),
        "repositories": KeyText(
            "The selected repositories of an organization or a user, as names and globs.",
            (["api", "svc-*"], {"mode": "ensure", "include": ["api"]}),
        ),
    },
    "RepositoriesEntry": {
        "mode": KeyText(
            "`exact`: exactly these. `ensure`: these and those that are there. `remove`: none of "
            "these.",
            ("exact", "ensure", "remove"),
        ),
        "include": KeyText("Names and globs.", (["api", "svc-*"],)),
        "topics": KeyText("Repositories with one of these topics.", (["devcontainer"],)),
        "properties": KeyText(
            "Repositories with one of the values of each custom property.",
            ({"team": ["platform", "data"]},),
        ),
        "devcontainer": KeyText(
            "`true` keeps only the repositories whose dev container pulls from this registry.",
            (True, {"namespace": "octo-org"}),
        ),
        "teams": KeyText("Repositories of one of these teams.", (["platform"],)),
        "exclude": KeyText("Names and globs that are left out.", (["svc-legacy-*"],)),
        "archived": KeyText("`true` also selects archived repositories by glob.", (True,)),
    },
    "DevContainerEntry": {
        "namespace": KeyText(
            "Only images in one of these namespaces count.", ("octo-org", ["octo-org", "platform"])
        ),
    },
    "Source": {
        "env": KeyText("The name of an environment variable.", ("ACR_PASSWORD",)),
        "secret": KeyText(
            "An environment variable that has the value of the Actions secret of the same name.",
            ("ACR_PASSWORD",),
        ),
        "file": KeyText("The path of a file in the workspace.", ("secrets/password.txt",)),
        "input": KeyText("An input of the Action.", ("password",)),
        "trim": KeyText("`false` keeps a newline at the end of the value.", (False,)),
        "encoding": KeyText("How the value is encoded.", ("base64",)),
    },
    "GenerateEntry": {
        "kind": KeyText("What is created, and where.", ("aws-iam-access-key",)),
        "store": KeyText(
            "The Actions secret of the workflow's repository that contains the journal.",
            ("ECR_CREDENTIAL",),
        ),
        "retire-after": KeyText(
            "How long the old credential lives on after the new one is at every target.", ("24h",)
        ),
        "expires-in": KeyText("The lifetime of a new credential, by default 90 days.", ("90d",)),
        "user": KeyText("The IAM user that the access keys belong to.", ("codespaces-pull",)),
        "role": KeyText(
            "The role that the job assumes with its ID token.",
            ("arn:aws:iam::123456789012:role/rotate-codespaces-pull",),
        ),
        "tenant": KeyText(
            "The tenant of Microsoft Entra.", ("00000000-0000-0000-0000-000000000001",)
        ),
        "client-id": KeyText(
            "The application or managed identity that trusts the workflow.",
            ("00000000-0000-0000-0000-000000000002",),
        ),
        "subscription": KeyText(
            "The subscription of the registry.", ("00000000-0000-0000-0000-000000000003",)
        ),
        "resource-group": KeyText("The resource group of the registry.", ("registries",)),
        "service-account": KeyText(
            "The service account that the keys belong to.",
            ("pull@octo-project.iam.gserviceaccount.com",),
        ),
        "workload-identity-provider": KeyText(
            "The provider that trusts the workflow.",
            ("projects/123456789/locations/global/workloadIdentityPools/github/providers/actions",),
        ),
        "through": KeyText(
            "A service account to impersonate, if the workflow has no direct access.",
            ("rotate@octo-project.iam.gserviceaccount.com",),
        ),
        "url": KeyText("The URL of GitLab or Harbor.", ("https://gitlab.example.com",)),
        "project": KeyText("The project at GitLab or Harbor.", ("team/app",)),
        "group": KeyText("The group at GitLab, instead of `project`.", ("team",)),
        "token": KeyText(
            "The name of the registry's token at Azure; at GitLab the source of an access token.",
            ("codespaces-pull", {"env": "GITLAB_TOKEN"}),
        ),
        "username": KeyText("The user name at Harbor.", ("admin", {"env": "HARBOR_USERNAME"})),
        "password": KeyText("The source of the password at Harbor.", ({"env": "HARBOR_PASSWORD"},)),
    },
    "RotationPolicy": {
        "when": KeyText(
            "If a source changed, in every run, or never.", ("changed", "always", "missing")
        ),
        "max-age": KeyText(
            "Also write the credential if the stored one is older than this.", ("30d", "36h")
        ),
    },
}
