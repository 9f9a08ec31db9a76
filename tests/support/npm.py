"""Packages from npm that tests use, installed outside the tree, once for each lock file."""

import hashlib
import shutil
import subprocess
import tempfile
from pathlib import Path


def installed(here: Path) -> Path:
    """Install what a folder's lock file names; give the place, with the folder's scripts beside it."""
    digest = hashlib.sha256((here / "package-lock.json").read_bytes()).hexdigest()[:12]
    folder = Path(tempfile.gettempdir()) / f"integration-journal-npm-{digest}"
    if not (folder / "installed").exists():
        making = Path(tempfile.mkdtemp())
        for name in ("package.json", "package-lock.json"):
            shutil.copy(here / name, making)
        quiet = ("--no-audit", "--no-fund", "--ignore-scripts", "--silent")
        subprocess.run(["npm", "ci", *quiet], cwd=making, check=True, capture_output=True)
        (making / "installed").touch()
        try:
            making.rename(folder)
        except OSError:  # another run was faster
            shutil.rmtree(making)
    for script in here.glob("*.mjs"):
        shutil.copy(script, folder)
    return folder
