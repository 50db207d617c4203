# This stage does not ship, and so neither does what only installing needs.
FROM python:3.13-slim-trixie AS build

# The base's pip fills a virtual environment that has none of its own: an Action that runs installs nothing.
# Taken off again: tests, what only compiling an extension needs, the half of PyYAML in C, which is optional and
# which the spec's loader does not use, and what botocore knows of any service but ECR.
COPY requirements/action.txt /tmp/action.txt
RUN python3 -m venv --without-pip /opt/venv \
 && python3 -m pip --python /opt/venv/bin/python install --no-cache-dir --no-compile --only-binary :all: \
      --require-hashes --requirement /tmp/action.txt --disable-pip-version-check --root-user-action ignore \
 && packages=$(echo /opt/venv/lib/python3.*/site-packages) \
 && rm -rf "$packages"/tests "$packages"/*/tests "$packages"/cffi "$packages"/pycparser* "$packages"/yaml/_yaml.*.so \
 && find "$packages"/botocore/data -mindepth 1 -maxdepth 1 -type d ! -name ecr -exec rm -rf {} + \
 && rm -rf "$packages"/botocore/data/ecr/*/examples-* "$packages"/botocore/data/ecr/*/paginators-* \
      "$packages"/botocore/data/ecr/*/waiters-* "$packages"/botocore/cacert.pem "$packages"/dateutil/zoneinfo \
 && /opt/venv/bin/python -m compileall -q --invalidation-mode unchecked-hash /opt/venv/lib

COPY entrypoint.py /action/
COPY src/codespaces_registry_secrets /action/src/codespaces_registry_secrets
RUN /opt/venv/bin/python -m compileall -q --invalidation-mode unchecked-hash /action/src

FROM python:3.13-slim-trixie

LABEL org.opencontainers.image.title="codespaces-registry-secrets" \
      org.opencontainers.image.description="Keeps the private-registry secrets of GitHub Codespaces as a spec says" \
      org.opencontainers.image.licenses="MIT"

COPY --from=build /opt/venv /opt/venv
COPY --from=build /action /action

# -I: the runner starts this in the workspace, whose files are not to be trusted. Neither they nor a PYTHON* variable
# of the step have a say in what is imported. That leaves out PYTHONUNBUFFERED and its like: hence -B, -u and utf8.
ENTRYPOINT ["/opt/venv/bin/python", "-I", "-B", "-u", "-X", "utf8", "/action/entrypoint.py"]
