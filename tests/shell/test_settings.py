"""Settings: what is good is taken, and what is not is named in one line."""

from pathlib import Path

import pytest
from shell import run

from integration_api.config import Settings
from integration_api.environment import UnsafeSettings

pytestmark = pytest.mark.database_free


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"INTEGRATION_API_SECRET_KEY": "short"}, "random characters"),
        ({"INTEGRATION_API_SECRET_KEY": "a" * 64}, "random characters"),
        ({"INTEGRATION_API_SECRET_KEY": " "}, "not set"),
        ({"DATABASE_URL": ""}, "DATABASE_URL is not set"),
        ({"DATABASE_URL": "sqlite:///:memory:"}, "memory"),
        ({"INTEGRATION_API_ENV": "prod"}, "INTEGRATION_API_ENV"),
        ({"INTEGRATION_API_TOKEN_MINUTES": "0"}, "INTEGRATION_API_TOKEN_MINUTES"),
        ({"INTEGRATION_API_KEYS": ""}, "no key to encrypt with"),
        ({"INTEGRATION_API_KEYS": "one:c2hvcnQ="}, "INTEGRATION_API_KEYS: keys read like"),
        ({"INTEGRATION_API_KEYS": "", "INTEGRATION_API_KEYS_FILE": "/nowhere"}, "cannot be read"),
        ({"INTEGRATION_API_URL": "http://journal.example"}, "https://"),
        ({"INTEGRATION_API_ORIGINS": "*"}, "INTEGRATION_API_ORIGINS"),
        ({"INTEGRATION_API_ORIGINS": "http://app.example"}, "INTEGRATION_API_ORIGINS"),
        ({"INTEGRATION_API_PROXIES": "-1"}, "INTEGRATION_API_PROXIES"),
        ({"INTEGRATION_API_PIPELINE": "/nowhere"}, "INTEGRATION_API_PIPELINE"),
        ({"INTEGRATION_API_URL": "https://journal example"}, "INTEGRATION_API_URL must read"),
        ({"INTEGRATION_API_URL": "https://journal.example/?a=b"}, "INTEGRATION_API_URL must read"),
        ({"INTEGRATION_API_TOKEN_MINUTES": "9" * 14}, "INTEGRATION_API_TOKEN_MINUTES .* at most 5000000"),
        ({"INTEGRATION_API_OIDC_JWKS_URL": "https://id.example/keys"}, "INTEGRATION_API_OIDC_ISSUER is not set"),
        ({"INTEGRATION_API_FILES": __file__}, "INTEGRATION_API_FILES names something that is no folder"),
        (
            {"INTEGRATION_API_FILES": "s3://bucket", "INTEGRATION_API_FILES_ENDPOINT": "nonsense"},
            "INTEGRATION_API_FILES_ENDPOINT must read",
        ),
    ],
)
def test_unsafe_settings_are_refused(env: dict[str, str], change: dict[str, str], says: str) -> None:
    with pytest.raises(UnsafeSettings, match=says):
        Settings.from_env(env | change)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", "nonsense"),
        ("DATABASE_URL", "postgresql://journal:secret@host:hidden/name"),
        ("DATABASE_URL", "oracle://host/name"),
        ("DATABASE_URL", "nosuch://host/name"),
        ("INTEGRATION_API_KEY_SERVICE", "nonsense"),
        ("INTEGRATION_API_KEY_SERVICE", "os:getcwd"),
        ("INTEGRATION_API_KEY_SERVICE", "os:nothing"),
        ("INTEGRATION_API_KEYS_FILE", "bytes"),
        ("INTEGRATION_API_MEASURE_SCHEDULE", "bytes"),
        ("INTEGRATION_API_RATE_LIMIT_STORAGE", "nosuch://host"),
    ],
)
def test_a_setting_that_makes_no_sense_is_named_in_one_line(
    env: dict[str, str], tmp_path: Path, name: str, value: str
) -> None:
    (tmp_path / "bytes").write_bytes(b"\xff\xfe")
    without_keys = {"INTEGRATION_API_KEYS": ""} if name.endswith("KEYS_FILE") else {}
    told = run("check", **env | without_keys | {name: str(tmp_path / value) if value == "bytes" else value})
    assert told.exit_code == 1
    assert told.output.startswith(f"Error: {name}")
    assert told.output.count("\n") == 1
    assert "hidden" not in told.output


def test_nothing_said_means_production(env: dict[str, str]) -> None:
    settings = Settings.from_env(env | {"DATABASE_URL": "postgres://me@db/journal"})
    assert settings.environment == "production"
    assert settings.database_url == "postgresql+psycopg://me@db/journal"
