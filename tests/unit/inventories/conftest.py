from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from controller.inventories import InventoryKeeper

T0 = datetime(2026, 3, 1, 0, 0, tzinfo=UTC)

SITE = """
sites:
  - id: s1
    name: SDN 01
    area: 61.08.01.2001
    lat: -0.1
    lon: 109.5
    kind: school
  - id: s2
    name: Puskesmas
    area: 61.08.01
    lat: -0.2
    lon: 109.6
    kind: puskesmas
devices:
  - {id: r1, site: s1, host: 10.0.0.1, role: router}
  - {id: a1, site: s1, host: 10.0.0.2, role: ap, parent: r1}
"""


def hour(number: float) -> datetime:
    return T0 + timedelta(hours=number)


class Desk:
    """Somebody who edits inventory files at stated times, and the keeper that watches."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.main = folder / "inventory.yaml"
        self.state = folder / "state"
        self.keeper = self.fresh()

    def fresh(self) -> InventoryKeeper:
        return InventoryKeeper(self.state, self.main)

    def write(self, text: str, at: datetime, name: str = "inventory.yaml") -> None:
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        os.utime(path, (at.timestamp(), at.timestamp()))


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)
