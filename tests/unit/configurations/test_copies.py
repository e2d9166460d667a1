"""Restorable copies: what is kept comes back, whole or not at all."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.configurations.copies import Copies
from controller.configurations.errors import ConfigurationError, CopyUnreadable
from controller.configurations.keys import own_key

KEY = bytes(range(32))
AT = 1_790_000_000.0


@given(text=st.text(alphabet=st.characters(codec="utf-8"), max_size=2000))
def test_what_was_kept_comes_back(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    copies = Copies(tmp_path_factory.mktemp("copies"), KEY)
    assert copies.get("ap-1", copies.keep("ap-1", text, at=AT)) == text


def test_the_same_configuration_is_kept_once(tmp_path: Path) -> None:
    copies = Copies(tmp_path, KEY)
    first = copies.keep("ap-1", "hostname a\n", at=AT)
    assert copies.keep("ap-1", "hostname a\n", at=AT + 60) == first
    second = copies.keep("ap-1", "hostname b\n", at=AT + 120)
    assert [kept.reference for kept in copies.listed("ap-1")] == [second, first]


def test_two_versions_within_one_second_are_both_kept(tmp_path: Path) -> None:
    copies = Copies(tmp_path, KEY)
    references = [copies.keep("ap-1", f"version {n}\n", at=AT) for n in range(3)]
    assert [copies.get("ap-1", r) for r in references] == [f"version {n}\n" for n in range(3)]


def test_no_secret_can_be_read_from_the_disk(tmp_path: Path) -> None:
    Copies(tmp_path, KEY).keep("ap-1", "wpa-psk rahasia-sekali\n" * 50, at=AT)
    for path in tmp_path.rglob("*.cfgz"):
        assert b"rahasia" not in path.read_bytes()
        assert path.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("damage", ["flip", "cut", "rename", "other device", "other key"])
def test_a_copy_that_is_not_what_it_says_does_not_open(tmp_path: Path, damage: str) -> None:
    copies = Copies(tmp_path, KEY)
    reference = copies.keep("ap-1", "hostname a\n", at=AT)
    path = tmp_path / "ap-1" / f"{reference}.cfgz"
    device = "ap-1"
    match damage:
        case "flip":
            octets = bytearray(path.read_bytes())
            octets[-1] ^= 1
            path.write_bytes(octets)
        case "cut":
            path.write_bytes(path.read_bytes()[:10])
        case "rename":
            path.rename(path.with_name(path.name.replace("-000", "-001")))
            reference = reference.replace("-000", "-001")
        case "other device":
            device = "ap-2"
            (tmp_path / "ap-2").mkdir()
            path.rename(tmp_path / "ap-2" / path.name)
        case _:
            copies = Copies(tmp_path, bytes(32))
    with pytest.raises(CopyUnreadable):
        copies.get(device, reference)


def test_a_reference_cannot_leave_the_folder(tmp_path: Path) -> None:
    with pytest.raises(CopyUnreadable, match="names no copy"):
        Copies(tmp_path, KEY).get("ap-1", "../../etc/passwd")


def test_a_folder_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "ap-1").write_text("a file where a folder should be")
    with pytest.raises(ConfigurationError, match="was not kept"):
        Copies(tmp_path, KEY).keep("ap-1", "x", at=AT)


def test_the_own_key_is_made_once_even_by_two_at_once(tmp_path: Path) -> None:
    found: list[bytes] = []
    threads = [threading.Thread(target=lambda: found.append(own_key(tmp_path / "keys" / "k"))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert len(set(found)) == 1
    assert [p.name for p in (tmp_path / "keys").iterdir()] == ["k"]


def test_a_key_that_others_may_read_is_refused(tmp_path: Path) -> None:
    own_key(tmp_path / "k")
    os.chmod(tmp_path / "k", 0o640)
    with pytest.raises(ConfigurationError, match="chmod 600"):
        own_key(tmp_path / "k")


def test_a_key_that_was_cut_is_refused(tmp_path: Path) -> None:
    (tmp_path / "k").write_bytes(b"short")
    os.chmod(tmp_path / "k", 0o600)
    with pytest.raises(ConfigurationError, match="5 octets"):
        own_key(tmp_path / "k")
