"""Promises across rooms: small files, one place that commits, one place that reads the environment."""

import re
from pathlib import Path

import pytest

pytestmark = pytest.mark.database_free
LONGEST = 300


def sources(root: Path) -> list[Path]:
    folders = ("integration_api", "models", "nlp", "tests", "bench")
    return [
        path
        for each in folders
        for path in (root / each).rglob("*.py")
        if "versions" not in path.relative_to(root).parts and ".medspacy" not in path.parts  # which make bench sets up
    ]


def places(root: Path, pattern: str, folders: tuple[str, ...]) -> set[str]:
    return {
        str(path.relative_to(root))
        for path in sources(root)
        if path.relative_to(root).parts[0] in folders and re.search(pattern, path.read_text("utf-8"))
    }


def test_files_stay_small(root: Path) -> None:
    long = {
        str(path): count for path in sources(root) if (count := len(path.read_text("utf-8").splitlines())) > LONGEST
    }
    assert long == {}


def test_one_place_commits(root: Path) -> None:
    found = places(root, r"\.commit\(", ("integration_api", "models", "nlp"))
    assert found == {"integration_api/db.py", "models/migrations/env.py"}


def test_the_environment_is_read_at_the_door_only(root: Path) -> None:
    found = places(root, r"os\.environ|getenv", ("integration_api", "models", "nlp"))
    assert found == {"integration_api/cli.py", "integration_api/development.py"}


def test_no_registry_and_no_machine_is_named(root: Path) -> None:
    written = [path for kind in ("md", "toml", "yaml", "txt") for path in root.glob(f"*.{kind}")]
    kept = [*sources(root), *written, root / "Makefile", *root.glob("docs/*"), *root.glob(".ci/*")]
    hosts = re.compile(r"pypi\.org|pythonhosted|registry\.npmjs|/root/|/wor" + r"k/")
    assert [str(path) for path in kept if hosts.search(path.read_text("utf-8"))] == [str(Path(__file__))]
