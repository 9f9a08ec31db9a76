"""Settings: read once from the environment; nothing else reads it."""

import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Any

from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError

from integration_api.environment import (
    UnsafeSettings,
    address,
    duration,
    file,
    networks,
    pipeline_folder,
    ports,
    required,
    whole_number,
)
from models.key_service import parse_keys

DEFAULT_TOKEN_MINUTES = 60
MINIMUM_SECRET = 32  # characters; RFC 7518, 3.2 asks for 256 bits with HS256


class Environment(StrEnum):
    """Where we run. Production is what is meant when nothing is said."""

    PRODUCTION = "production"
    DEVELOPMENT = "development"
    TEST = "test"


@dataclass(frozen=True, slots=True, kw_only=True)
class CrisisResource:
    """Somewhere to turn to, as the clinic words it: shown to a writer as it stands."""

    name: str
    phone: str | None = None
    url: str | None = None
    hours: str | None = None
    region: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FileSettings:
    """Where attachments lie, and how many and how large they may be. Sizes in bytes."""

    place: str | None = None  # a folder, or s3://bucket/prefix; None: beside the database
    endpoint: str | None = None  # of a store that is not Amazon's
    region: str | None = None
    key_id: str | None = None  # without it: whatever the machine's own role gives
    secret: str | None = field(default=None, repr=False)
    largest: int = 20_000_000
    most_pixels: int = 50_000_000
    per_entry: int = 10
    bytes_per_patient: int = 1_000_000_000

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> "FileSettings":
        """Read `INTEGRATION_API_FILES*` and `INTEGRATION_API_ATTACHMENT*`."""
        name, usual = "INTEGRATION_API_FILES", cls()
        named = ("endpoint", "region", "key_id", "secret")
        place = env.get(name, "").strip() or None
        if place is not None and "://" in place and not re.fullmatch(r"s3://[^/\s]+(/\S*)?", place):
            raise UnsafeSettings(f"{name} must be a folder, or read like s3://bucket/prefix")
        if place is not None and Path(place).exists() and not Path(place).is_dir():
            raise UnsafeSettings(f"{name} names something that is no folder")
        if env.get(f"{name}_ENDPOINT", "").strip():
            address(env, f"{name}_ENDPOINT")
        return cls(
            place=place,
            **{each: env.get(f"{name}_{each.upper()}", "").strip() or None for each in named},
            largest=whole_number(env, "INTEGRATION_API_ATTACHMENT_BYTES", usual.largest),
            most_pixels=whole_number(env, "INTEGRATION_API_ATTACHMENT_PIXELS", usual.most_pixels),
            per_entry=whole_number(env, "INTEGRATION_API_ATTACHMENTS_PER_ENTRY", usual.per_entry),
            bytes_per_patient=whole_number(
                env, "INTEGRATION_API_ATTACHMENT_BYTES_PER_PATIENT", usual.bytes_per_patient
            ),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How this installation runs."""

    environment: Environment
    secret_key: str = field(repr=False)
    database_url: str = field(repr=False)
    public_url: str
    wrapping_keys: Mapping[str, bytes] = field(repr=False)
    key_service: str | None = None
    token_minutes: int = DEFAULT_TOKEN_MINUTES
    max_body_bytes: int = 1_000_000
    pipeline: Path | None = None
    allowed_origins: tuple[str, ...] = ()
    trusted_proxies: int = 0
    rate_limit_storage: str = "memory://"
    outside_issuer: str | None = None  # an OpenID Connect issuer whose tokens are taken, too
    outside_jwks_url: str = ""
    outside_audience: str = ""
    outside_claim: str = "preferred_username"
    calls_per_minute: int = 600  # of one principal
    attempts_per_minute: int = 30  # from one address, to sign in or to get a token
    escalate_minutes: int | None = None  # until an open safety flag is escalated; None: by theme (safety/routing.py)
    crisis_resources: tuple[CrisisResource, ...] = ()
    measure_schedule: Path | None = None  # when measures are asked for; None: measures/schedule.toml
    files: FileSettings = field(default_factory=FileSettings)
    outgoing_networks: tuple[IPv4Network | IPv6Network, ...] = ()  # of the clinic's own, that webhooks may reach
    outgoing_ports: tuple[int, ...] = (443, 8443)
    export_hours: int = 24  # that a bulk export is kept
    export_file_resources: int = 10_000  # in one file of it, at most
    exports_at_once: int = 2  # that one account may have in the making
    retain_years: int = 0  # that records are kept from a wish to be forgotten on, where a patient's own say nothing

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> "Settings":
        """Read `INTEGRATION_API_*` and `DATABASE_URL`; raise `UnsafeSettings` naming what is missing."""
        try:
            environment = Environment(env.get("INTEGRATION_API_ENV", Environment.PRODUCTION))
        except ValueError:
            raise UnsafeSettings("INTEGRATION_API_ENV must be production, development or test") from None
        settings = cls(
            environment=environment,
            secret_key=required(env, "INTEGRATION_API_SECRET_KEY"),
            database_url=_database_url(env),
            token_minutes=duration(env, "INTEGRATION_API_TOKEN_MINUTES", DEFAULT_TOKEN_MINUTES),
            pipeline=pipeline_folder(env, "INTEGRATION_API_PIPELINE"),
            public_url=address(env, "INTEGRATION_API_URL"),
            wrapping_keys=_wrapping_keys(env),
            key_service=env.get("INTEGRATION_API_KEY_SERVICE") or None,
            allowed_origins=tuple(env.get("INTEGRATION_API_ORIGINS", "").split()),
            trusted_proxies=whole_number(env, "INTEGRATION_API_PROXIES", 0, lowest=0),
            **_outside(env),
            calls_per_minute=whole_number(env, "INTEGRATION_API_CALLS_PER_MINUTE", 600),
            attempts_per_minute=whole_number(env, "INTEGRATION_API_ATTEMPTS_PER_MINUTE", 30),
            escalate_minutes=duration(env, "INTEGRATION_API_ESCALATE_MINUTES", 0, lowest=0) or None,
            crisis_resources=_crisis_resources(env),
            measure_schedule=file(env, "INTEGRATION_API_MEASURE_SCHEDULE"),
            files=FileSettings.from_env(env),
            outgoing_networks=networks(env, "INTEGRATION_API_OUTGOING_NETWORKS"),
            outgoing_ports=ports(env, "INTEGRATION_API_OUTGOING_PORTS", (443, 8443)),
            export_hours=duration(env, "INTEGRATION_API_EXPORT_HOURS", 24),
            export_file_resources=whole_number(env, "INTEGRATION_API_EXPORT_FILE_RESOURCES", 10_000),
            exports_at_once=whole_number(env, "INTEGRATION_API_EXPORTS_AT_ONCE", 2),
            retain_years=whole_number(env, "INTEGRATION_API_RETAIN_YEARS", 0, lowest=0, highest=100),
            rate_limit_storage=env.get("INTEGRATION_API_RATE_LIMIT_STORAGE") or "memory://",
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
        if not self.wrapping_keys and self.key_service is None:
            raise UnsafeSettings(
                "no key to encrypt with: set INTEGRATION_API_KEYS or INTEGRATION_API_KEYS_FILE; "
                "make one with: integration-api keys new"
            )
        for origin in self.allowed_origins:
            if not re.fullmatch(r"https?://[^/*\s]+", origin):
                raise UnsafeSettings(
                    "INTEGRATION_API_ORIGINS holds origins such as https://app.example, parted by spaces"
                )
        if self.environment is Environment.PRODUCTION:
            self._check_production()

    def _check_production(self) -> None:
        if ":memory:" in self.database_url:
            raise UnsafeSettings("DATABASE_URL: a database in memory would lose every entry at the next restart")
        if not self.public_url.startswith("https://"):
            raise UnsafeSettings("INTEGRATION_API_URL must begin with https:// (tokens and words travel to it)")
        if self.outside_issuer is not None and not self.outside_jwks_url.startswith("https://"):
            raise UnsafeSettings("INTEGRATION_API_OIDC_JWKS_URL must begin with https://")
        if any(not origin.startswith("https://") for origin in self.allowed_origins):
            raise UnsafeSettings("INTEGRATION_API_ORIGINS: each must begin with https://")


def with_driver(url: str) -> str:
    """Name the PostgreSQL driver that we ship, whichever short form the host's tools wrote."""
    for prefix in ("postgres://", "postgresql://"):
        if url.startswith(prefix):
            return "postgresql+psycopg://" + url.removeprefix(prefix)
    return url


def _database_url(env: Mapping[str, str]) -> str:
    """Read where the database is. What is wrong with it is not quoted: it may be a part of the password."""
    url = with_driver(required(env, "DATABASE_URL"))
    try:
        make_url(url).get_dialect().import_dbapi()
    except (SQLAlchemyError, ImportError, ValueError):
        like = "sqlite:////path/file or postgresql://user:password@host/name, with @ : / in a password as %40 %3A %2F"
        raise UnsafeSettings(f"DATABASE_URL must read like {like}") from None
    return url


def _outside(env: Mapping[str, str]) -> dict[str, Any]:
    """Read whose tokens are taken beside our own; all of it or nothing."""
    if not any(env.get(f"INTEGRATION_API_OIDC_{each}", "").strip() for each in ("ISSUER", "JWKS_URL", "AUDIENCE")):
        return {}
    return {
        "outside_issuer": required(env, "INTEGRATION_API_OIDC_ISSUER"),
        "outside_jwks_url": required(env, "INTEGRATION_API_OIDC_JWKS_URL"),
        "outside_audience": required(env, "INTEGRATION_API_OIDC_AUDIENCE"),
        "outside_claim": env.get("INTEGRATION_API_OIDC_CLAIM") or "preferred_username",
    }


def _wrapping_keys(env: Mapping[str, str]) -> Mapping[str, bytes]:
    """Read the keys from the environment or a file; empty where neither is named."""
    name, text = "INTEGRATION_API_KEYS", env.get("INTEGRATION_API_KEYS", "")
    path = env.get("INTEGRATION_API_KEYS_FILE", "").strip()
    if not text.strip() and path:
        name = "INTEGRATION_API_KEYS_FILE"
        try:
            text = Path(path).read_text("utf-8")
        except (OSError, ValueError) as error:
            raise UnsafeSettings(f"{name} cannot be read: {type(error).__name__}") from None
    if not text.strip():
        return {}
    try:
        return parse_keys(text)
    except ValueError as error:
        raise UnsafeSettings(f"{name}: {error}") from None


def _crisis_resources(env: Mapping[str, str]) -> tuple[CrisisResource, ...]:
    """Read where people can turn to: a JSON list, or a TOML file of `[[resources]]`. A mistake in it must show now."""
    name = "INTEGRATION_API_CRISIS_RESOURCES"
    path = env.get(name, "").strip()
    if not path:
        return ()
    try:
        text = Path(path).read_text("utf-8")
        table = tomllib.loads(text) if path.endswith(".toml") else json.loads(text)
    except (OSError, ValueError) as error:
        raise UnsafeSettings(f"{name} cannot be read: {type(error).__name__}") from None
    listed = table.get("resources") if isinstance(table, dict) else table
    if not isinstance(listed, list) or not all(_is_resource(each) for each in listed):
        raise UnsafeSettings(
            f"{name}: each needs a name and a phone or an https url; it may say hours and region, in words"
        )
    return tuple(CrisisResource(**each) for each in listed)


def _is_resource(told: Any) -> bool:
    known = {each.name for each in fields(CrisisResource)}
    if not isinstance(told, dict) or not told.keys() <= known or not told.get("name"):
        return False
    is_in_words = all(value is None or (isinstance(value, str) and value.strip()) for value in told.values())
    url = told.get("url")
    return bool(is_in_words and (told.get("phone") or url) and (url is None or url.startswith("https://")))
