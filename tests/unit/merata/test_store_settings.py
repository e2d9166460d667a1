"""Settings of the store, read from an environment that the test makes."""

from __future__ import annotations

from pathlib import Path

import pytest

from devices.errors import CredentialError
from measurements.errors import StoreError
from merata.store_settings import store_settings

URL = {"MERATA_INFLUX_URL": "http://influx:8086/"}


def test_without_an_address_the_embedded_store_is_alone() -> None:
    assert store_settings({}).influx is None


def test_every_setting_is_read_and_the_token_does_not_show() -> None:
    said = URL | {
        "MERATA_INFLUX_TOKEN": "merata:s3cret",
        "MERATA_INFLUX_ORG": "kominfo",
        "MERATA_INFLUX_PREFIX": "kalbar-",
        "MERATA_INFLUX_RETENTION": "raw=14d, 5m=26w,1d=inf",
        "MERATA_SPOOL_MAX_MB": "100",
    }
    found = store_settings(said)
    influx = found.influx
    assert influx is not None
    assert (influx.url, influx.token, influx.org) == ("http://influx:8086", "merata:s3cret", "kominfo")
    assert influx.bucket("5m") == "kalbar-5m"
    assert influx.retention_s == {"raw": 14 * 86400, "5m": 26 * 7 * 86400, "1h": 3 * 365 * 86400, "1d": 0}
    assert found.spool.max_bytes == 100 * 1024**2
    assert found.spool.max_age_s == {f"kalbar-{t}": float(influx.retention_s[t]) for t in ("raw", "5m", "1h")}
    assert "s3cret" not in repr(found)


def test_a_token_may_lie_in_a_file_that_only_we_can_read(tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("abc\n")
    token.chmod(0o600)
    found = store_settings(URL | {"MERATA_INFLUX_TOKEN": f"file:{token}"}).influx
    assert found is not None
    assert found.token == "abc"
    token.chmod(0o644)
    with pytest.raises(CredentialError):
        store_settings(URL | {"MERATA_INFLUX_TOKEN": f"file:{token}"})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MERATA_INFLUX_URL", "influx:8086"),
        ("MERATA_INFLUX_RETENTION", "raw=a week"),
        ("MERATA_INFLUX_RETENTION", "week=7d"),
        ("MERATA_INFLUX_RETENTION", "raw=1h"),
        ("MERATA_SPOOL_MAX_MB", "a lot"),
        ("MERATA_SPOOL_MAX_MB", "1"),
    ],
)
def test_a_value_that_cannot_be_read_is_refused_by_its_name(name: str, value: str) -> None:
    with pytest.raises(StoreError, match=name):
        store_settings(URL | {name: value})
