"""Settings: read once from the environment; nothing else reads it."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

DEFAULT_TOKEN_MINUTES = 60
MINIMUM_SECRET = 32  # characters; RFC 7518, 3.2 asks for 256 bits with HS256


class Environment(StrEnum):
    """Where we run. Production is what is meant when nothing is said."""

    PRODUCTION = "production"
    DEVELOPMENT = "development"
    TEST = "test"


class UnsafeSettings(Exception):
    """The environment lacks something, or holds something that is not safe to start with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How this installation runs."""

    environment: Environment
    secret_key: str
    database_url: str
    token_minutes: int = DEFAULT_TOKEN_MINUTES
    max_body_bytes: int = 1_000_000
    pipeline: Path | None = None

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> "Settings":
        """Read `INTEGRATION_API_*` and `DATABASE_URL`; raise `UnsafeSettings` naming what is missing."""
        try:
            environment = Environment(env.get("INTEGRATION_API_ENV", Environment.PRODUCTION))
        except ValueError:
            raise UnsafeSettings("INTEGRATION_API_ENV must be production, development or test") from None
        settings = cls(
            environment=environment,
            secret_key=_required(env, "INTEGRATION_API_SECRET_KEY"),
            database_url=with_driver(_required(env, "DATABASE_URL")),
            token_minutes=_positive(env, "INTEGRATION_API_TOKEN_MINUTES", DEFAULT_TOKEN_MINUTES),
            pipeline=_folder(env, "INTEGRATION_API_PIPELINE"),
        )
        settings.check()
        return settings

    def check(self) -> None:
        """Refuse what would not be safe."""
        if len(self.secret_key) < MINIMUM_SECRET or len(set(self.secret_key)) < MINIMUM_SECRET // 4:
            raise UnsafeSettings(
                f"INTEGRATION_API_SECRET_KEY must be at least {MINIMUM_SECRET} random characters; "
                'make one with: python -c "import secrets; print(secrets.token_urlsafe(48))"'
            )
        if self.environment is Environment.PRODUCTION and ":memory:" in self.database_url:
            raise UnsafeSettings("DATABASE_URL: a database in memory would lose every entry at the next restart")


def with_driver(url: str) -> str:
    """Name the PostgreSQL driver that we ship, whichever short form the host's tools wrote."""
    for prefix in ("postgres://", "postgresql://"):
        if url.startswith(prefix):
            return "postgresql+psycopg://" + url.removeprefix(prefix)
    return url


def _required(env: Mapping[str, str], name: str) -> str:
    value = env.get(name, "").strip()
    if not value:
        raise UnsafeSettings(f"{name} is not set")
    return value


def _folder(env: Mapping[str, str], name: str) -> Path | None:
    """Read a folder's path; None where nothing is set."""
    value = env.get(name, "").strip()
    if not value:
        return None
    if not (Path(value) / "config.cfg").is_file():
        raise UnsafeSettings(f"{name} must name the folder of a trained pipeline (python -m nlp train --output FOLDER)")
    return Path(value)


def _positive(env: Mapping[str, str], name: str, default: int) -> int:
    value = env.get(name, str(default))
    if not value.isdecimal() or int(value) < 1:
        raise UnsafeSettings(f"{name} must be a whole number above 0")
    return int(value)
