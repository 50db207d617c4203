"""What people do at issuers beside the Action."""

from __future__ import annotations

from issuers import moto_aws
from issuers.aws import USER, AwsServer
from issuers.azure import AzureServer
from issuers.gitlab import GitLab
from issuers.google import GoogleServer
from issuers.harbor import Harbor
from issuers.issuer_server import IssuerServer


def disable_by_hand(issuer: IssuerServer, credential_id: str) -> None:
    """Disable a credential, where the issuer can do that."""
    match issuer:
        case AwsServer():
            moto_aws.iam().update_access_key(USER, credential_id, "Inactive")
        case GoogleServer():
            issuer.keys[credential_id].disabled = True
        case Harbor():
            issuer.robots[int(credential_id)].disabled = True
        case _:
            raise NotImplementedError


def delete_by_hand(issuer: IssuerServer, credential_id: str) -> None:
    """Delete or revoke a credential."""
    match issuer:
        case AwsServer():
            moto_aws.iam().delete_access_key(credential_id, USER)
        case AzureServer():
            del issuer.slots[credential_id.partition("@")[0]]
        case GoogleServer():
            del issuer.keys[credential_id]
        case GitLab():
            issuer.deploy_tokens[int(credential_id)].revoked = True
        case Harbor():
            del issuer.robots[int(credential_id)]
        case _:
            raise NotImplementedError
