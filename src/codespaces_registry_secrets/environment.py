"""The step's environment, kept from libraries that would take orders from it.

A step's variables serve as sources of values, whatever their names. OpenSSL would load a module
that one of them names, or write down the keys of each connection; botocore would send an access key
to another place. Sources: "openssl-env" and "openssl-keylog", docs.openssl.org; "Environment
variables" of the AWS SDKs and Tools Reference Guide.
"""

from __future__ import annotations

import os

# The places of AWS's services, as AWS's own tools are told of them.
ENDPOINTS = frozenset({"AWS_ENDPOINT_URL_STS", "AWS_ENDPOINT_URL_IAM", "AWS_ENDPOINT_URL_ECR"})

_PREFIXES = ("AWS_", "OPENSSL_")
_NAMES = frozenset({"CTLOG_FILE", "QLOGDIR", "RANDFILE", "SSLKEYLOGFILE"})


def detached() -> dict[str, str]:
    """All variables; what libraries must not see is gone from the process from here on.

    To be called before anything imports `ssl`: OpenSSL reads its variables, which C code sees too,
    when it is loaded.
    """
    variables = dict(os.environ)
    for name in variables:
        if _is_kept_back(name):
            del os.environ[name]
    return variables


def _is_kept_back(name: str) -> bool:
    return name in _NAMES or (name.startswith(_PREFIXES) and name not in ENDPOINTS)
