"""The named word sets that lexicon lines refer to, as they lie in files."""

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

from nlp.patterns import LineError, Sets, parse_sets

FOLDER = Path(__file__).with_name("lexicon")


def set_files() -> list[Path]:
    """Give the files that sets are in."""
    return sorted(FOLDER.glob("sets*.toml"))


@cache
def load_sets() -> tuple[Sets, tuple[str, ...]]:
    """Read all sets; a name that stands in two files is a problem, told beside the sets."""
    written: dict[str, list[str]] = {}
    problems: list[str] = []
    for path in set_files():
        for name, words in read_toml(path, problems).get("sets", {}).items():
            if name in written:
                problems.append(f"{path.name}: the set {name} exists already")
            written[name] = words
    sets: Sets = {}
    for name, words in written.items():
        try:
            sets |= parse_sets({name: words})
        except LineError as error:
            problems.append(f"set {name}: {error}")
    return sets, tuple(problems)


def read_toml(path: Path, problems: list[str]) -> dict[str, Any]:
    """Read a TOML file; one that cannot be read is added to the problems and taken as empty."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        problems.append(f"{path.name}: {error}")
        return {}
