# The base of the build: the stage named base, or the image that `--build-arg BASE=IMAGE@sha256:…` pins.
# The image is in a FROM and not in the ARG, because Dependabot does not read ARG.
ARG BASE=base

FROM python:3.13-slim-trixie AS base

# The packages that only the installation needs stay in this stage, which is not part of the image.
FROM ${BASE} AS build

# The base's pip installs into a virtual environment without pip, because the Action installs nothing at run time.
# Remove what the Action does not use, to reduce the size: commands, tests, type stubs, files that only compiling an
# extension needs, the older pydantic inside pydantic, botocore's descriptions of services and jmespath, which reads
# them (the Action only signs requests with botocore), files for installers, and the symbols of shared libraries.
COPY requirements/action.txt script/strip-symbols /tmp/
RUN python3 -m venv --without-pip /opt/venv \
 && python3 -m pip --python /opt/venv/bin/python install --no-cache-dir --no-compile --only-binary :all: \
      --require-hashes --requirement /tmp/action.txt --disable-pip-version-check --root-user-action ignore \
 && packages=$(echo /opt/venv/lib/python3.*/site-packages) \
 && rm -rf "$packages"/tests "$packages"/*/tests "$packages"/cffi "$packages"/pycparser* "$packages"/pydantic/v1 \
      "$packages"/_yaml "$packages"/botocore/cacert.pem "$packages"/botocore/data "$packages"/botocore/docs \
      "$packages"/dateutil/zoneinfo "$packages"/jmespath* \
      "$packages"/*.dist-info/RECORD "$packages"/*.dist-info/sboms \
 && find "$packages" -name '*.so' -exec python3 /tmp/strip-symbols {} + \
 && find "$packages" -name '*.pyi' -delete \
 && find /opt/venv/bin -type f -delete \
 && rm -r /opt/venv/include /opt/venv/.gitignore

# The image has no base, because GitHub's machines do not have one: a pull downloads only what a run needs. Copy that of
# the base when the packages are there, because their libraries need some of it.
COPY script/copy-python /tmp/
RUN python3 /tmp/copy-python /opt/base

COPY script/precompile /tmp/
COPY entrypoint.py /action/
COPY src/codespaces_registry_secrets /action/src/codespaces_registry_secrets

# Compile the modules that a run imports, including Python's own modules, which the base has as source only. Without
# it, the Action takes twice as long to start. Modules that no run imports are not compiled.
# The modes of copied files depend on the umask of the checkout, so set them: two builds have the same files.
RUN chmod -R u=rwX,go=rX /action \
 && /opt/venv/bin/python -I -X pycache_prefix=/opt/bytecode /tmp/precompile

FROM scratch

# What is true of every build. script/image and the release add what they know: the version, the commit, the base.
LABEL org.opencontainers.image.title="codespaces-registry-secrets" \
      org.opencontainers.image.description="Manages the private-registry secrets of GitHub Codespaces from a spec" \
      org.opencontainers.image.licenses="MIT"

COPY --from=build /opt/base /
COPY --from=build /opt/venv /opt/venv
COPY --from=build /opt/bytecode /opt/bytecode
COPY --from=build /action /action

# -I: the runner starts the Action in the workspace, whose files are not trusted. Isolated mode imports nothing from the
# workspace and ignores PYTHON* variables. This includes PYTHONUNBUFFERED, so options replace it.
ENTRYPOINT ["/opt/venv/bin/python", "-I", "-B", "-u", "-X", "utf8", "-X", "pycache_prefix=/opt/bytecode", "/action/entrypoint.py"]
