"""Whatever stands in a change file, it is read or refused with complaints that have a place; nothing else happens."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.changes.errors import ChangeError
from controller.changes.file import read_change
from tests.unit.changes.fleet import UNITS

WORDS = st.sampled_from(
    ["", "a", "string", "secret", "integer", "env:X", "hunter22", "{{ a }}", "{{", "{% x %}", "a.j2", "../a", "5%", "1",
     "regency=61.08", "kind=", "9.9.9.9", "any", "routeros", "⟦env:X⟧", "none", "[", "mon-fri 22:00-24:00", "\x07",
     "x" * 300]
)  # fmt: skip
KEYS = st.sampled_from(
    ["name", "title", "reason", "where", "variables", "intent", "templates", "verify", "options", "a", "type", "value",
     "cases", "of", "choices", "least", "dns", "servers", "ssid", "user", "password", "passphrase", "waves", "window",
     "tolerance", "clients", "present", "matches", "routeros", "any"]
)  # fmt: skip
TREES: st.SearchStrategy[Any] = st.recursive(
    WORDS, lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(KEYS, inner, max_size=5)), max_leaves=25
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("any")
    (made / "a.j2").write_text("x={{ a }}")
    return made


def tried(folder: Path, text: str) -> None:
    file = folder / "change.yaml"
    file.write_text(text, encoding="utf-8")
    try:
        read_change(file, units=UNITS, platforms=("routeros",))
    except ChangeError as refusal:
        found = refusal.complaints
    else:
        return
    assert found
    assert all(one.line >= 1 and one.message and one.path for one in found)
    assert not any("hunter22" in one.message and "not shown" in one.message for one in found)


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(KEYS, TREES, max_size=9))
def test_any_tree_is_read_or_refused(folder: Path, tree: dict[str, Any]) -> None:
    tried(folder, yaml.safe_dump({"name": "a", "title": "A", **tree}, allow_unicode=True))


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=80))
def test_any_text_is_read_or_refused(folder: Path, text: str) -> None:
    tried(folder, text)
