"""Remove environment variables that configure libraries, and return a copy for the Action.

The step's `env:` holds values for the spec, so a name in it must not configure a library: OpenSSL
would load a module that a variable names, urllib3 would write the keys of each connection to a
file, and botocore would send an access key to another host. Sources: "openssl-env" and
"openssl-keylog", docs.openssl.org; "Environment variables" of the AWS SDKs and Tools Reference
Guide.
"""

from __future__ import annotations

import os

# Documented inputs of the step: they set the endpoints of AWS services, as for AWS's own tools.
ENDPOINTS = frozenset({"AWS_ENDPOINT_URL_STS", "AWS_ENDPOINT_URL_IAM", "AWS_ENDPOINT_URL_ECR"})

_PREFIXES = ("AWS_", "OPENSSL_")
_NAMES = frozenset({"CTLOG_FILE", "QLOGDIR", "RANDFILE", "SSLKEYLOGFILE"})


def isolate_environment() -> dict[str, str]:
    """Return all variables, and remove from the process those that libraries must not read.

    Call it before anything imports `ssl`: OpenSSL reads its variables when it is loaded. Deleting
    from `os.environ` calls `unsetenv`, so C code does not see them either.
    """
    variables = dict(os.environ)
    for name in variables:
        if _configures_a_library(name):
            del os.environ[name]
    return variables


def _configures_a_library(name: str) -> bool:
    return name in _NAMES or (name.startswith(_PREFIXES) and name not in ENDPOINTS)
