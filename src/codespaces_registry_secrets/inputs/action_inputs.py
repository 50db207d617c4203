"""The runner's environment -> frozen inputs, with every fault of them at once.

The fields are the inputs of action.yml; a test holds the two together. The runner passes the input
`spec-file` as `INPUT_SPEC-FILE`, and as an empty string where it is neither given nor defaulted.
Source: "Metadata syntax for GitHub Actions", docs.github.com.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
)
from pydantic_core import ErrorDetails

from codespaces_registry_secrets.errors import ConfigError, InvalidConfigError, input_location
from codespaces_registry_secrets.inputs import parsers
from codespaces_registry_secrets.model.allowlist import Allowlist
from codespaces_registry_secrets.model.fields import (
    DURATION_FORM,
    RESERVED_NAME,
    KindName,
    RegistryId,
    RotateWhen,
    ServerName,
    is_reserved,
    parse_duration,
)
from codespaces_registry_secrets.model.plan import Note
from codespaces_registry_secrets.model.targets import SHARD_FORM, Shard, Visibility, parse_shard

Mode = Literal["plan", "check", "apply"]
Verify = Literal["required", "auto", "off"]

SHORTHAND = ("id", "registry", "server", "target", "visibility", "repositories")


def _variable(field: str) -> str:
    return f"INPUT_{field.upper().replace('_', '-')}"


class Inputs(BaseModel):
    """What the user gave. User name and password are not here: `sources` reads them when needed."""

    model_config = ConfigDict(
        frozen=True,
        extra="ignore",
        alias_generator=_variable,
        hide_input_in_errors=True,
    )

    token: Annotated[SecretStr, AfterValidator(parsers.token)] | None = None
    app_id: Annotated[str, BeforeValidator(parsers.app_id)] | None = None
    app_private_key: Annotated[SecretStr, AfterValidator(parsers.private_key)] | None = None
    spec: str | None = Field(default=None, repr=False)
    spec_file: str = ".github/codespaces-registries.yml"
    mode: Annotated[Mode, parsers.ANY_CASE] = "apply"
    rotate: Annotated[RotateWhen | None, parsers.ANY_CASE] = None
    only: Annotated[frozenset[str], BeforeValidator(parsers.ids)] = frozenset()
    verify: Annotated[Verify, parsers.ANY_CASE] = "auto"
    expiry_warning: Annotated[timedelta, parsers.parse_with(parse_duration, DURATION_FORM)] = (
        timedelta(days=14)
    )
    prune: Annotated[bool, BeforeValidator(parsers.boolean)] = False
    removal_limit: Annotated[float, BeforeValidator(parsers.share)] = 0.3
    writes_per_minute: Annotated[int, BeforeValidator(parsers.rate)] = 60
    shard: Annotated[Shard | None, parsers.parse_with(parse_shard, SHARD_FORM)] = None
    credentials: Annotated[
        Mapping[str, SecretStr],
        parsers.parse_with(parsers.parse_credentials_json, parsers.CREDENTIALS_FORM),
    ] = Field(default={}, repr=False)
    allowed_servers: Annotated[
        tuple[str, ...], BeforeValidator(parsers.patterns), AfterValidator(parsers.servers)
    ] = ()
    allowed_owners: Annotated[
        tuple[str, ...], BeforeValidator(parsers.patterns), AfterValidator(parsers.owners)
    ] = ()
    api_url: Annotated[str, BeforeValidator(parsers.api_url)] = "https://api.github.com"
    id: RegistryId | None = None
    registry: Annotated[KindName | None, parsers.ANY_CASE] = None
    server: ServerName | None = None
    target: Annotated[str | None, BeforeValidator(parsers.target)] = None
    visibility: Annotated[Visibility | None, parsers.ANY_CASE] = None
    repositories: Annotated[tuple[str, ...] | None, BeforeValidator(parsers.repositories)] = None

    workspace: Path = Field(default=Path(), alias="GITHUB_WORKSPACE")
    temporary: Path | None = Field(default=None, alias="RUNNER_TEMP")
    repository: str | None = Field(default=None, alias="GITHUB_REPOSITORY")
    event: str = Field(default="", alias="GITHUB_EVENT_NAME")

    @property
    def allowed(self) -> Allowlist:
        """What the spec may reach."""
        return Allowlist(self.allowed_servers, self.allowed_owners)

    @property
    def unmanaged(self) -> Literal["listed", "pruned", "ignored"]:
        """What becomes of triplets that the spec does not name; a part of a spec says nothing."""
        if self.only or self.shorthand:
            return "ignored"
        return "pruned" if self.prune else "listed"

    @property
    def plans_shards(self) -> bool:
        """Whether the run is to say which shards apply its plan; a shard has no shards."""
        return self.mode == "plan" and (self.shard is None or self.shard.of == 1)

    @property
    def shorthand(self) -> Mapping[str, object]:
        """The shorthand inputs that are given; empty where the spec is YAML."""
        given = {name: getattr(self, name) for name in SHORTHAND}
        return {name: value for name, value in given.items() if value is not None}


def secret_inputs(environ: Mapping[str, str]) -> Iterator[SecretStr]:
    """The inputs that are secret, to be masked before anything else happens.

    Of `credentials` each value too: in the text it may be spelled otherwise.
    """
    for name in ("token", "app_private_key", "password", "credentials"):
        value = environ.get(_variable(name), "").strip()
        if value:
            yield SecretStr(value)
    inner = parsers.parse_credentials_json(environ.get(_variable("credentials"), "")) or {}
    yield from (value for value in inner.values() if value.get_secret_value())


def read_inputs(environ: Mapping[str, str]) -> Inputs:
    """Read the inputs, once.

    Raises:
        FaultyError: names every bad and every contradictory input.
    """
    # Blanks mean nothing around any input but in YAML, whose lines faults are counted by.
    stripped = {name: value.strip() for name, value in environ.items()}
    given = {name: value for name, value in stripped.items() if value}
    given |= {name: environ[name] for name in given if name == _variable("spec")}
    found = [*_contradictions(given), *_misnamed(given)]
    try:
        inputs = Inputs.model_validate(given)
    except ValidationError as error:
        found += map(_fault, error.errors(include_url=False, include_input=False))
        raise InvalidConfigError(found) from None
    if found:
        raise InvalidConfigError(found)
    return inputs


def input_notes(inputs: Inputs) -> Iterator[Note]:
    """What the user should know about inputs that are valid."""
    proposed = inputs.event.startswith("pull_request")
    if proposed and inputs.verify != "off" and not inputs.allowed_servers:
        message = (
            "whoever opens this pull request can change where the spec sends credentials; name the "
            "registry servers in `allowed-servers`, or set `verify` to `off`"
        )
        yield Note("warning", message, input_location("allowed-servers"))


def _contradictions(given: Mapping[str, str]) -> Iterator[ConfigError]:
    has = {name: _variable(name) in given for name in Inputs.model_fields}
    if has["token"] and (has["app_id"] or has["app_private_key"]):
        yield _named("token", "give either `token`, or `app-id` and `app-private-key`, not both")
    elif has["app_id"] != has["app_private_key"]:
        absent = "app-id" if has["app_private_key"] else "app-private-key"
        yield _named(absent, "a GitHub App needs `app-id` and `app-private-key`")
    elif not has["token"] and not has["app_id"]:
        message = (
            "is needed, or `app-id` and `app-private-key`: a personal access token or a GitHub App "
            "that may manage Codespaces secrets; GITHUB_TOKEN never can"
        )
        yield _named("token", message)
    shorthand = [name for name in SHORTHAND if has[name]]
    if shorthand and not has["id"]:
        yield _named("id", f"is needed beside `{'`, `'.join(shorthand)}`")
    if has["registry"] and has["server"]:
        yield _named("server", "give either `registry` or `server`, not both")
    pruning = given.get(_variable("prune"), "").lower() == "true"
    for name in ("only", "id"):
        if pruning and has[name]:
            message = f"give either `prune` or `{name}`, not both: it needs the whole spec"
            yield _named("prune", message)
    usual = Inputs.model_fields["spec_file"].default
    elsewhere = given.get(_variable("spec_file"), usual) != usual
    if elsewhere and (has["id"] or has["spec"]):
        other = "spec" if has["spec"] else "id"
        yield _named("spec-file", f"give either `spec-file` or `{other}`, not both")
    if shorthand and has["spec"]:
        yield _named("spec", f"give either `spec` or `{'`, `'.join(shorthand)}`, not both")


def _misnamed(given: Mapping[str, str]) -> Iterator[ConfigError]:
    """Names of `credentials` that no source may read, or that the environment has too."""
    for name in parsers.parse_credentials_json(given.get(_variable("credentials"), "")) or {}:
        if is_reserved(name):
            yield _named("credentials", f"{name}: {RESERVED_NAME}")
        elif name in given:
            message = f"{name} is a variable of the step too; keep one of them"
            yield _named("credentials", message)


def _fault(detail: ErrorDetails) -> ConfigError:
    name = str(detail["loc"][0]).removeprefix("INPUT_").lower()
    if detail["type"] == "literal_error":
        expected = str(detail["ctx"]["expected"]).replace("'", "`")
        return _named(name, f"must be {expected}")
    return _named(name, detail["msg"])


def _named(name: str, message: str) -> ConfigError:
    return ConfigError(input_location(name), message)
