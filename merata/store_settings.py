"""Where measurements go: SQLite alone, or InfluxDB beside it. Read from the environment, once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from devices.credentials import Secret, resolve
from devices.errors import CredentialError
from measurements.errors import StoreError
from measurements.influx.config import DAY_S, TIERS, InfluxSettings, seconds_of
from measurements.spool import SpoolLimits


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreSettings:
    """`influx` None: the embedded store alone."""

    influx: InfluxSettings | None = None
    spool: SpoolLimits = field(default_factory=SpoolLimits)


def store_settings(environ: Mapping[str, str], *, url: str | None = None) -> StoreSettings:
    """Settings of the store.

    MERATA_INFLUX_URL (none: SQLite alone), MERATA_INFLUX_TOKEN (the token, or `file:PATH` with mode 0600),
    MERATA_INFLUX_ORG (2.x), MERATA_INFLUX_PREFIX (`wifi_`), MERATA_INFLUX_CA (file of the certificate authority),
    MERATA_INFLUX_RETENTION (`raw=30d,5m=365d,1h=1095d,1d=inf`), MERATA_SPOOL_MAX_MB (8192).

    Args:
        environ: the environment of the program.
        url: said on the command line; goes before MERATA_INFLUX_URL.

    Raises:
        CredentialError: the token's file cannot be used.
        StoreError: a value cannot be read; names the variable.
    """
    address = url or environ.get("MERATA_INFLUX_URL")
    if not address:
        return StoreSettings()
    if not address.startswith(("http://", "https://")):
        raise StoreError(f"MERATA_INFLUX_URL: {address} is not an http:// or https:// address")
    influx = InfluxSettings(
        url=address.rstrip("/"),
        token=_token(environ),
        org=environ.get("MERATA_INFLUX_ORG", ""),
        prefix=environ.get("MERATA_INFLUX_PREFIX", "wifi_"),
        retention_s=_retention(environ.get("MERATA_INFLUX_RETENTION", "")),
        ca_file=environ.get("MERATA_INFLUX_CA") or None,
    )
    limits = SpoolLimits(max_bytes=_megabytes(environ) * 1024**2, max_age_s=influx.ages())
    return StoreSettings(influx=influx, spool=limits)


def _token(environ: Mapping[str, str]) -> str | None:
    said = environ.get("MERATA_INFLUX_TOKEN") or None
    if said is None or not said.startswith("file:"):  # 1.8's own form is user:password, so only `file:` is a reference
        return said
    secret = resolve(said, environ=environ, base=Path.cwd())
    if not isinstance(secret, Secret):
        raise CredentialError(f"{said}: is no token")
    return secret.reveal()


def _retention(said: str) -> dict[str, int]:
    kept = dict(InfluxSettings(url="").retention_s)
    for part in filter(None, (part.strip() for part in said.split(","))):
        tier, _, age = part.partition("=")
        if tier not in TIERS:
            raise StoreError(f"MERATA_INFLUX_RETENTION: {tier} is no tier ({', '.join(TIERS)})")
        try:
            kept[tier] = 0 if age in ("inf", "INF") else seconds_of(age)
        except ValueError as err:
            raise StoreError(f"MERATA_INFLUX_RETENTION: {part}: {err}; say 30d, 12w or inf") from err
        if 0 < kept[tier] < 2 * DAY_S:
            raise StoreError(f"MERATA_INFLUX_RETENTION: {part}: every tier is kept for at least 2 days")
    return kept


def _megabytes(environ: Mapping[str, str]) -> int:
    said = environ.get("MERATA_SPOOL_MAX_MB", "8192")
    if not said.isdigit() or int(said) < 16:
        raise StoreError(f"MERATA_SPOOL_MAX_MB: {said} is not a number of megabytes from 16 up")
    return int(said)
