"""Read the inputs from the runner's environment, and report every invalid one."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from codespaces_registry_secrets.errors import InvalidConfigError
from codespaces_registry_secrets.inputs.action_inputs import Inputs, read_inputs, secret_inputs
from runner_environment import input_variables

TOKEN = {"INPUT_TOKEN": "ghp_token"}


def errors(**inputs: str) -> list[str]:
    """The errors for inputs; `_` in a name stands for `-`."""
    environ = input_variables({name.replace("_", "-"): text for name, text in inputs.items()})
    with pytest.raises(InvalidConfigError) as caught:
        read_inputs(environ)
    return [str(error) for error in caught.value.errors]


def test_empty_inputs_have_their_defaults() -> None:
    """The runner passes an empty string for an input that is not set."""
    inputs = read_inputs({**TOKEN, "INPUT_MODE": "", "INPUT_SPEC-FILE": " ", "INPUT_ROTATE": ""})

    assert inputs == Inputs.model_validate(TOKEN)
    assert inputs.mode == "apply"
    assert inputs.spec_file == ".github/codespaces-registries.yml"


def test_whitespace_around_an_input_is_stripped() -> None:
    """A token can be pasted with a newline at its end."""
    inputs = read_inputs({"INPUT_TOKEN": "ghp_token\n", "INPUT_MODE": " plan "})

    assert inputs.token is not None
    assert inputs.token.get_secret_value() == "ghp_token"
    assert inputs.mode == "plan"


def test_the_repr_contains_no_secret() -> None:
    """No token, and no spec, which can contain a password by mistake."""
    inputs = read_inputs({**TOKEN, "INPUT_SPEC": "password: hunter2"})

    assert "ghp_token" not in repr(inputs)
    assert "hunter2" not in repr(inputs)


def test_secret_inputs_are_listed_without_validation() -> None:
    """They are masked first, valid or not."""
    environ = {"INPUT_TOKEN": "a", "INPUT_APP-PRIVATE-KEY": "b", "INPUT_PASSWORD": "c"}

    assert [secret.get_secret_value() for secret in secret_inputs(environ)] == ["a", "b", "c"]


def test_every_invalid_input_is_reported_at_once() -> None:
    """Invalid values and contradictions, each with what is valid."""
    assert errors(
        app_id="1",
        mode="dry-run",
        rotate="never",
        api_url="ftp://x",
        registry="quay",
        server="docker.io",
        target="octo-org",
        visibility="public",
        spec="x",
    ) == [
        "input `api-url`: must be a URL such as https://api.github.com",
        "input `app-private-key`: required when `app-id` is set",
        "input `id`: required when `registry`, `server`, `target`, `visibility` is set",
        "input `mode`: must be `plan`, `check` or `apply`",
        "input `registry`: unknown registry kind; use one of dockerhub, ghcr, acr, ecr, gcr, artifact-registry, or set `server` instead",
        "input `rotate`: must be `changed`, `always` or `missing`",
        "input `server`: Codespaces would not match this spelling; write `https://index.docker.io/v1/`",
        "input `server`: `registry` and `server` are mutually exclusive",
        "input `spec`: `spec` and the shorthand (`registry`, `server`, `target`, `visibility`) are mutually exclusive",
        "input `target`: must be `organization:NAME`, `repository:NAME`, `user:NAME`",
        "input `visibility`: must be `all`, `private` or `selected`",
    ]


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        (
            {},
            "input `token`: required, unless `app-id` and `app-private-key` are set: a personal access",
        ),
        (
            {"token": "t", "app_id": "1"},
            "input `token`: `token` and `app-id`, `app-private-key` are mutually exclusive",
        ),
        ({"token": "t", "only": ", "}, "input `only`: contains no registry id; leave it empty"),
        (
            {"token": "t", "only": "ACR, my-acr"},
            "input `only`: `my-acr`: an id has only letters, digits",
        ),
        (
            {"token": "t", "id": "A", "repositories": " ,\n"},
            "input `repositories`: contains no repository; write `[]` to clear the list, or leave it empty to",
        ),
        (
            {"token": "t", "id": "A", "registry": "ghcr", "server": "ghcr.io"},
            "input `server`: `registry` and `server` are mutually exclusive",
        ),
        ({"token": "t", "prune": "yes"}, "input `prune`: must be `true` or `false`"),
        (
            {"token": "t", "prune": "True", "only": "A"},
            "input `prune`: `prune` and `only` are mutually exclusive: `prune` needs the whole spec",
        ),
        (
            {"token": "t", "shard": "3/2"},
            "input `shard`: must be a shard such as `2/5`, the second",
        ),
        (
            {"token": "t", "credentials": "no JSON"},
            'input `credentials`: must be one JSON object that maps names to strings, such as `{"ACR_PASSWORD"',
        ),
        ({"token": "t", "expiry_warning": "2w"}, "input `expiry-warning`: must be a duration"),
        ({"token": "t", "removal_limit": "101%"}, "input `removal-limit`: must be a percentage"),
        ({"token": "t", "removal_limit": "0.3"}, "input `removal-limit`: must be a percentage"),
        (
            {"token": "t", "writes_per_minute": "0"},
            "input `writes-per-minute`: must be a whole number, 1 or more",
        ),
        ({"token": "t", "state": "1ST"}, "input `state`: must be the name of an Actions variable"),
        (
            {"token": "t", "state": "github_state"},
            "input `state`: choose another name: GitHub rejects variables named GITHUB_…",
        ),
        ({"token": "t", "state": "STATE"}, "input `state`: GITHUB_REPOSITORY is not set"),
        ({"token": "t", "expect_digest": "0123"}, "input `expect-digest`: must be"),
        ({"token": "t", "verify": "yes"}, "input `verify`: must be `required`, `auto` or `off`"),
        (
            {"token": "t", "spec": "x", "spec_file": "mine.yml"},
            "input `spec-file`: `spec-file` and `spec` are mutually exclusive",
        ),
        ({"app_private_key": "x"}, "input `app-id`: required when `app-private-key` is set"),
        (
            {"app_id": "1", "app_private_key": "x"},
            "input `app-private-key`: is not a private key in PEM form",
        ),
        (
            {"token": "t", "api_url": "https://ghes.example.com/api/v3"},
            "input `api-url`: GitHub Enterprise Server has no Codespaces",
        ),
        (
            {"token": "t", "api_url": "http://api.github.com"},
            "input `api-url`: must start with https:// because the token is sent to it",
        ),
    ],
)
def test_an_invalid_input_has_its_message(inputs: dict[str, str], message: str) -> None:
    """What is wrong, and what to set instead."""
    assert message in "\n".join(errors(**inputs))


def test_booleans_and_enumerations_ignore_letter_case() -> None:
    """Like GitHub's own expressions; a value from a Python tool can be `True`."""
    inputs = read_inputs(
        {
            **TOKEN,
            "INPUT_MODE": "PLAN",
            "INPUT_VERIFY": "Off",
            "INPUT_ROTATE": "Always",
            "INPUT_PRUNE": "True",
        }
    )

    assert (inputs.mode, inputs.verify, inputs.rotate) == ("plan", "off", "always")
    assert inputs.prune


def test_the_shorthand_ignores_letter_case_too() -> None:
    """In the registry kind, the scope of the target, and the visibility."""
    inputs = read_inputs(
        {
            **TOKEN,
            "INPUT_ID": "hub",
            "INPUT_REGISTRY": "DockerHub",
            "INPUT_TARGET": "Organization: Octo-Org",
            "INPUT_VISIBILITY": "Private",
        }
    )

    assert (inputs.registry, inputs.visibility) == ("dockerhub", "private")
    assert inputs.target == "organization:Octo-Org"


@pytest.mark.parametrize(
    "token",
    [
        "ghp_abc…",
        "\ufeffghp_abc",
        "ghp_\nabc",
        "ghp_ abc",
        "ghp_abcé",
        "ghp_\x7fabc",
        "ghp_\u200babc",
    ],
)
def test_a_token_that_no_header_can_carry_is_an_error(token: str) -> None:
    """Before the first request, and without showing a part of the token."""
    (error,) = errors(token=token)

    assert error.startswith(
        "input `token`: contains a character that is never part of a token, such as a space,"
    )
    assert "ghp" not in error
    assert "abc" not in error


@pytest.mark.parametrize("text", ["12 34", "\ufeff1234", "1234…", "Iv1.\n8a61"])
def test_an_invalid_app_id_is_an_error(text: str) -> None:
    """The message does not show it, because it is often a secret."""
    messages = errors(app_id=text, app_private_key="x")

    assert (
        "input `app-id`: must be the App's id, such as `123456`, or its client id, such"
        in messages[0]
    )
    assert text not in messages[0]


def test_an_app_id_can_be_the_client_id() -> None:
    """GitHub recommends the client id, and PyGithub signs with either."""
    assert not [
        error for error in errors(app_id="Iv1.8a61f9b3a7aba766") if "app-id`: must" in error
    ]


def test_a_value_in_credentials_is_masked_in_each_spelling() -> None:
    """With and without the escapes of JSON; an empty value is not masked."""
    text = r'{"A": "one\ntwo", "B": "", "C": null, "D": "\u0070ass"}'

    masked = [secret.get_secret_value() for secret in secret_inputs({"INPUT_CREDENTIALS": text})]

    assert masked == [text, "one\ntwo", "pass"]
    masked = [
        secret.get_secret_value() for secret in secret_inputs({"INPUT_CREDENTIALS": "{no JSON"})
    ]
    assert masked == ["{no JSON"]


def test_credentials_cannot_be_printed() -> None:
    """Neither in the inputs nor in an error about them."""
    inputs = read_inputs({**TOKEN, "INPUT_CREDENTIALS": '{"A": "pass-word"}'})

    assert inputs.credentials["A"].get_secret_value() == "pass-word"
    assert "pass-word" not in repr(inputs)
    assert "pass-word" not in "".join(errors(token="t", credentials='{"A": "pass-word"'))


def test_a_name_in_credentials_and_environment_is_an_error() -> None:
    """It is ambiguous which value counts. An empty variable has none."""
    environ = {**TOKEN, "INPUT_CREDENTIALS": '{"A": "one", "B": "two"}', "B": ""}

    assert set(read_inputs(environ).credentials) == {"A", "B"}
    with pytest.raises(
        InvalidConfigError,
        match="input `credentials`: A is also an environment variable of the step",
    ):
        read_inputs({**environ, "A": "one"})


@pytest.mark.parametrize("name", ["GITHUB_TOKEN", "Input_Token", "ACTIONS_X", "RUNNER_X"])
def test_reserved_names_in_credentials_are_an_error(name: str) -> None:
    """No source can read such a name, so a value for it is a mistake."""
    (error,) = errors(token="t", credentials=f'{{"{name}": "pass-word"}}')

    assert error.startswith(f"input `credentials`: {name}: names that start with INPUT_, ACTIONS_,")


@pytest.mark.parametrize(
    ("inputs", "plans"),
    [
        ({"MODE": "plan"}, True),
        ({"MODE": "plan", "SHARD": "1/1"}, True),
        ({"MODE": "plan", "SHARD": "1/2"}, False),
        ({"MODE": "check"}, False),
        ({}, False),
    ],
)
def test_only_a_plan_of_all_targets_has_shards(inputs: dict[str, str], plans: bool) -> None:
    """A plan of one shard does not: a new split would move its targets."""
    environ = input_variables(inputs)

    assert read_inputs({**TOKEN, **environ}).plans_shards == plans


@pytest.mark.parametrize(
    ("url", "right"),
    [
        ("https://github.com", "https://api.github.com"),
        ("https://GitHub.com/octo-org", "https://api.github.com"),
        ("https://www.github.com/", "https://api.github.com"),
        ("http://github.com/api/v3", "https://api.github.com"),
        ("https://octocorp.ghe.com", "https://api.octocorp.ghe.com"),
        ("https://octocorp.ghe.com/api/v3/", "https://api.octocorp.ghe.com"),
        ("https://containers.octocorp.ghe.com", "https://api.octocorp.ghe.com"),
    ],
)
def test_the_url_of_a_web_site_is_not_that_of_the_api(url: str, right: str) -> None:
    """The site answers with HTML; the message says which URL to write."""
    assert errors(token="t", api_url=url) == [
        f"input `api-url`: is not the URL of the API; write {right}"
    ]


@pytest.mark.parametrize(
    "url",
    [
        "https://[::1",
        "api.github.com",
        "https://",
        "mailto:a@b",
        "https://api.github.com:abc",
        "https://api.github.com:99999",
        "https://api.git hub.com",
        "https://.",
        "https://user:pw@api.github.com",
        "https://api.github.com?x=y",
        "https://api.github.com#x",
        f"https://{'x' * 300}.invalid",
    ],
)
def test_an_invalid_url_is_an_error(url: str) -> None:
    """The message shows a valid one."""
    assert errors(token="t", api_url=url) == [
        "input `api-url`: must be a URL such as https://api.github.com"
    ]


def test_the_api_of_ghe_com_is_valid() -> None:
    """A slash at its end is removed."""
    environ = {**TOKEN, "INPUT_API-URL": "https://api.octocorp.ghe.com/"}

    assert read_inputs(environ).api_url == "https://api.octocorp.ghe.com"


def test_the_private_key_of_an_app_must_be_an_rsa_key() -> None:
    """GitHub generates no other kind, and PyGithub signs with no other."""
    form = (Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    pem = ec.generate_private_key(ec.SECP256R1()).private_bytes(*form).decode()

    (error,) = errors(app_id="1", app_private_key=pem)

    assert error.startswith(
        "input `app-private-key`: is not an RSA key; generate a private key in the App's settings"
    )
