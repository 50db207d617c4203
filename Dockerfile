# What both stages below are made from: the stage named base, or what `--build-arg BASE=IMAGE@sha256:…` pins.
# The image stands in a FROM and not in the ARG, because Dependabot reads no ARG.
ARG BASE=base

FROM python:3.13-slim-trixie AS base

# This stage does not ship, and so neither does what only installing needs.
FROM ${BASE} AS build

# The base's pip fills a virtual environment that has none of its own: an Action that runs installs nothing.
# Taken off again: tests, what only compiling an extension needs, the older pydantic inside of pydantic, what botocore
# knows of services, of which only the signature of a request is used, what only an installer reads, and the symbols of
# shared libraries.
COPY requirements/action.txt script/strip-symbols /tmp/
RUN python3 -m venv --without-pip /opt/venv \
 && python3 -m pip --python /opt/venv/bin/python install --no-cache-dir --no-compile --only-binary :all: \
      --require-hashes --requirement /tmp/action.txt --disable-pip-version-check --root-user-action ignore \
 && packages=$(echo /opt/venv/lib/python3.*/site-packages) \
 && rm -rf "$packages"/tests "$packages"/*/tests "$packages"/cffi "$packages"/pycparser* "$packages"/pydantic/v1 \
      "$packages"/botocore/cacert.pem "$packages"/botocore/data "$packages"/dateutil/zoneinfo \
      "$packages"/*.dist-info/RECORD "$packages"/*.dist-info/sboms \
 && find "$packages" -name '*.so' -exec python3 /tmp/strip-symbols {} +

COPY entrypoint.py /action/
COPY src/codespaces_registry_secrets /action/src/codespaces_registry_secrets

# What a run imports is compiled here, Python's own modules too, of which the base has only the source: a run that
# compiled them would start twice as slowly. What no run imports stays uncompiled.
RUN /opt/venv/bin/python -I -X pycache_prefix=/opt/bytecode -c "import sys; sys.path.insert(0, '/action/src'); \
import botocore.auth, botocore.awsrequest, botocore.credentials, runpy, codespaces_registry_secrets.action, codespaces_registry_secrets.merge_shards"

FROM ${BASE}

LABEL org.opencontainers.image.title="codespaces-registry-secrets" \
      org.opencontainers.image.description="Keeps the private-registry secrets of GitHub Codespaces as a spec says" \
      org.opencontainers.image.licenses="MIT"

COPY --from=build /opt/venv /opt/venv
COPY --from=build /opt/bytecode /opt/bytecode
COPY --from=build /action /action

# -I: the runner starts this in the workspace, whose files are not to be trusted. Neither they nor a PYTHON* variable
# of the step have a say in what is imported. That leaves out PYTHONUNBUFFERED and its like: hence the options.
ENTRYPOINT ["/opt/venv/bin/python", "-I", "-B", "-u", "-X", "utf8", "-X", "pycache_prefix=/opt/bytecode", "/action/entrypoint.py"]
