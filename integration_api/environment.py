"""Reading single settings from the environment: each is good, or refused in a line that names it."""

import re
from collections.abc import Mapping
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path

HIGHEST_PORT = 65_535
LONGEST = 5_000_000  # minutes are nine years, hours some centuries: what is later no calendar holds


class UnsafeSettings(Exception):
    """The environment lacks something, or holds something that is not safe to start with."""


def required(env: Mapping[str, str], name: str) -> str:
    """Read what must be there."""
    value = env.get(name, "").strip()
    if not value:
        raise UnsafeSettings(f"{name} is not set")
    return value


def address(env: Mapping[str, str], name: str) -> str:
    """Read an address that others are built on."""
    value = required(env, name).rstrip("/")
    if not re.fullmatch(r"https?://[^\s?#/]+(/[^\s?#]*)?", value):
        raise UnsafeSettings(f"{name} must read like https://journal.example")
    return value


def pipeline_folder(env: Mapping[str, str], name: str) -> Path | None:
    """Read the path of a trained pipeline; None where nothing is set."""
    value = env.get(name, "").strip()
    if not value:
        return None
    if not (Path(value) / "config.cfg").is_file():
        raise UnsafeSettings(f"{name} must name the folder of a trained pipeline (python -m nlp train --output FOLDER)")
    return Path(value)


def file(env: Mapping[str, str], name: str) -> Path | None:
    """Read a file's path; None where nothing is set."""
    value = env.get(name, "").strip()
    if not value:
        return None
    if not Path(value).is_file():
        raise UnsafeSettings(f"{name} must name a file")
    return Path(value)


def whole_number(env: Mapping[str, str], name: str, default: int, lowest: int = 1, highest: int | None = None) -> int:
    """Read a whole number."""
    value = env.get(name, str(default))
    if not value.isdecimal() or int(value) < lowest or (highest is not None and int(value) > highest):
        most = "" if highest is None else f" and at most {highest}"
        raise UnsafeSettings(f"{name} must be a whole number, at least {lowest}{most}")
    return int(value)


def duration(env: Mapping[str, str], name: str, default: int, lowest: int = 1) -> int:
    """Read how many minutes or hours something lasts."""
    return whole_number(env, name, default, lowest, LONGEST)


def networks(env: Mapping[str, str], name: str) -> tuple[IPv4Network | IPv6Network, ...]:
    """Read networks such as 10.20.0.0/16, parted by spaces."""
    try:
        return tuple(ip_network(each) for each in env.get(name, "").split())
    except ValueError:
        raise UnsafeSettings(f"{name} holds networks such as 10.20.0.0/16, parted by spaces") from None


def ports(env: Mapping[str, str], name: str, default: tuple[int, ...]) -> tuple[int, ...]:
    """Read the numbers of ports, parted by spaces."""
    found = env.get(name, "").split()
    if not all(each.isdecimal() and 0 < int(each) <= HIGHEST_PORT for each in found):
        raise UnsafeSettings(f"{name} holds numbers of ports, parted by spaces")
    return tuple(int(each) for each in found) or default
