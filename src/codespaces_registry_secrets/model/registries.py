"""The hosts and names of registries, each pattern once.

Sources: each registry's own documentation, named beside its pattern; for images, the grammar in the
package `reference` of CNCF Distribution.
"""

from __future__ import annotations

import re

# How Codespaces spells Docker Hub, and the host that Docker talks to when it reads this.
DOCKER_HUB = "https://index.docker.io/v1/"
DOCKER_HUB_HOST = "registry-1.docker.io"

# "Private registry authentication in Amazon ECR" and "Amazon ECR endpoints", docs.aws.amazon.com.
AWS_ACCOUNT = r"[0-9]{12}"
AWS_REGION = r"[a-z]{2}(?:-[a-z]+)+-[0-9]+"
ECR = re.compile(
    rf"{AWS_ACCOUNT}\.dkr\.ecr(?:-fips)?\.(?P<region>{AWS_REGION})"
    r"\.(?P<suffix>amazonaws\.com(?:\.cn)?)"
)
# "AWS unique identifier prefixes": AKIA of a user's key, ASIA of a temporary one.
ACCESS_KEY = re.compile(r"A[KS]IA[A-Z0-9]{12,124}")
# "Configure authentication to Artifact Registry for Docker", cloud.google.com.
GOOGLE = re.compile(r"(?:[a-z]+\.)?gcr\.io|[a-z0-9-]+-docker\.pkg\.dev")
# "Working with the Container registry", docs.github.com; there also for GHE.com.
GITHUB = re.compile(r"ghcr\.io|containers\.(?P<subdomain>[a-z0-9-]+)\.ghe\.com")

_COMPONENT = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
IMAGE = re.compile(
    rf"(?P<name>{_COMPONENT}(?:/{_COMPONENT})*)"
    r"(?::(?P<tag>[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}))?"
    r"(?:@(?P<digest>[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9A-Fa-f]{32,}))?"
)

# The token servers that are another host than their registry. ghcr.io, containers.*.ghe.com,
# *.azurecr.io, gcr.io, *.pkg.dev and quay.io each name themselves; ECR takes Basic. Sources: "Token
# Authentication Specification", distribution.github.io; "Container registry authentication",
# docs.gitlab.com; "Getting Bearer token using Basic Authentication", azure.github.io/acr.
TOKEN_SERVERS = {DOCKER_HUB: "auth.docker.io", "registry.gitlab.com": "gitlab.com"}
