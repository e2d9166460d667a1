from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from devices.errors import InventoryError
from devices.inventory import load
from devices.model import Inventory

Load = Callable[..., Inventory]
Complain = Callable[..., list[str]]

BASE = """
credentials:
  baca: {community: "env:MERATA_COMMUNITY"}
  inti: {username: merata, auth: sha256, auth_password: "env:A", priv: aes128, priv_password: "file:secrets/p"}
  masuk: {key: agent}
defaults:
  device: {snmp: {credential: baca}}
sites:
  - id: s1
    name: SDN 01
    area: 61.08.01.2001
    lat: -0.1
    lon: 109.5
    kind: school
    devices:
      - {id: r1, host: 10.0.0.1, role: router}
"""


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Write files; gives the main one."""

    def go(text: str, **others: str) -> Path:
        (tmp_path / "inventory.yaml").write_text(text, encoding="utf-8")
        for name, other in others.items():
            (tmp_path / f"{name}.yaml").write_text(other, encoding="utf-8")
        return tmp_path / "inventory.yaml"

    return go


@pytest.fixture
def loaded(write: Callable[..., Path]) -> Load:
    return lambda text, **others: load(write(text, **others))


@pytest.fixture
def complaints(write: Callable[..., Path], tmp_path: Path) -> Complain:
    """Everything said of a text, without the folder's name."""

    def go(text: str, **others: str) -> list[str]:
        with pytest.raises(InventoryError) as refused:
            load(write(text, **others))
        return [str(c).replace(f"{tmp_path}/", "") for c in refused.value.complaints]

    return go
