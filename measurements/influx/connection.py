"""The door to influxdb-client: writes over `/api/v2/write`, reads over `/query`; answers become our own values.

Only what InfluxDB 1.8+, 2.x and 3 share is used. Servers between us and the database (a proxy, a captive portal)
may answer too: whatever is not an InfluxDB's own 204 is not taken for "stored".
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import urllib3
from influxdb_client.client.exceptions import InfluxDBError
from influxdb_client.client.influxdb_client import InfluxDBClient
from influxdb_client.domain.bucket_retention_rules import BucketRetentionRules
from influxdb_client.rest import ApiException
from influxdb_client.service.write_service import WriteService

from measurements.errors import StoreUnavailable, WriteRejected
from measurements.influx.config import InfluxSettings


class Verdict(StrEnum):
    """What the server did with a batch."""

    STORED = "stored"
    LATER = "later"  # it may work by itself: no connection, 429, 5xx
    REFUSED = "refused"  # somebody must act: token, permission, missing bucket, wrong address
    TOO_LARGE = "too_large"
    REJECTED = "rejected"  # some of the lines will never be taken


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The server's answer to a write, in one sentence that holds no secret."""

    verdict: Verdict
    status: int | None = None
    message: str = ""
    retry_after_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """Who answers: `version` as it says it (`1.6.7~rc0`, `v2.7.6`, `3.1.0`), `major` 1, 2, 3; None when untold."""

    version: str
    major: int | None


class Connection:
    """One InfluxDB. Safe to use from several threads."""

    def __init__(self, settings: InfluxSettings) -> None:
        self.settings = settings
        # The client takes a pair (connect, read) too; its signature names only the int.
        self._timeout_ms: Any = (int(settings.connect_timeout_s * 1000), int(settings.read_timeout_s * 1000))
        self._client: Any = InfluxDBClient(
            url=settings.url, token=settings.token or "", org=settings.org, timeout=self._timeout_ms, retries=False,
            ssl_ca_cert=settings.ca_file,
        )  # fmt: skip
        self._writes: Any = WriteService(self._client.api_client)  # type: ignore[no-untyped-call]  # theirs

    def write(self, bucket: str, lines: Sequence[str]) -> Answer:
        """Send lines of line protocol, precision seconds; never raises for what the server or the line does."""
        # Compressed here: the client's own enable_gzip uses level 9, several times the CPU for a tenth of the size.
        body = gzip.compress("\n".join(lines).encode(errors="replace"), compresslevel=1)
        try:
            _, status, _ = self._writes.post_write_with_http_info(
                self.settings.org, bucket, body, precision="s", content_encoding="gzip",
                content_type="text/plain; charset=utf-8",
            )  # fmt: skip
        except ApiException as err:
            return _judged(err)
        except (urllib3.exceptions.HTTPError, OSError) as err:
            return Answer(verdict=Verdict.LATER, message=f"no connection to {self.settings.url}: {_short(err)}")
        if status != 204:
            message = f"{self.settings.url} answered {status} to a write, not an InfluxDB's 204"
            return Answer(verdict=Verdict.REFUSED, status=status, message=message)
        return Answer(verdict=Verdict.STORED, status=status)

    def query(self, bucket: str, influxql: str) -> list[dict[str, Any]]:
        """Run one InfluxQL statement; gives its series (`name`, `tags`, `columns`, `values`), times in epoch s.

        Raises:
            StoreUnavailable: no connection, or the server refuses or fails.
            WriteRejected: the statement is wrong.
        """
        timeout_ms = (self._timeout_ms[0], int(self.settings.query_timeout_s * 1000))
        found = self._json("GET", "/query", {"db": bucket, "q": influxql, "epoch": "s"}, timeout_ms=timeout_ms)
        results = found.get("results", [])
        for result in results:
            if "error" in result:
                raise WriteRejected(f"InfluxDB refuses a query: {result['error']}")
        return [series for result in results for series in result.get("series", [])]

    def execute(self, influxql: str) -> None:
        """Run one InfluxQL statement that changes something (1.x only).

        Raises:
            StoreUnavailable: no connection, or the server refuses or fails.
            WriteRejected: the statement is wrong or not permitted.
        """
        found = self._json("POST", "/query", {"q": influxql})
        for result in found.get("results", []):
            if "error" in result:
                raise WriteRejected(f"InfluxDB refuses {influxql.split(' WITH ', maxsplit=1)[0]}: {result['error']}")

    def api(
        self, method: str, path: str, *, query: Mapping[str, str] | None = None, body: Mapping[str, Any] | None = None
    ) -> Any:
        """Call an administrative path of 3; gives what its JSON says ({} when the answer is empty).

        Raises:
            StoreUnavailable: no connection, or the server refuses or fails.
            WriteRejected: what is asked is wrong.
        """
        # 3 documents Bearer for these paths; Token is for the two paths it shares with 1.x and 2.x.
        bearer: Any = InfluxDBClient(
            url=self.settings.url, token="", timeout=self._timeout_ms, ssl_ca_cert=self.settings.ca_file
        )
        bearer.api_client.set_default_header("Authorization", f"Bearer {self.settings.token or ''}")
        return self._json(method, path, query or {}, None if body is None else dict(body), client=bearer)

    def server(self) -> Server:
        """Who answers `/ping`.

        Raises:
            StoreUnavailable: nobody, or not an InfluxDB.
        """
        try:
            with self._translated():
                _, _, headers = self._client.api_client.call_api("/ping", "GET", _preload_content=False)
        except StoreUnavailable as err:
            refused: Any = err.__cause__
            if getattr(refused, "status", None) not in (401, 403):
                raise
            headers = refused.headers or {}  # 3 wants a token even here, and says who it is all the same
        version = headers.get("X-Influxdb-Version", "")
        digits = version.lstrip("v").split(".")[0]
        return Server(version=version or "unknown", major=int(digits) if digits.isdigit() else None)

    def bucket_retention(self, name: str) -> int | None:
        """Seconds a bucket of 2.x keeps its points (0: for ever); None when there is no such bucket.

        Raises:
            StoreUnavailable: no connection, or the token may not see buckets.
        """
        with self._translated():
            found = self._client.buckets_api().find_bucket_by_name(name)
        if found is None:
            return None
        return next((int(rule.every_seconds) for rule in found.retention_rules or ()), 0)

    def set_bucket(self, name: str, *, every_s: int) -> None:
        """Make a bucket of 2.x that keeps its points for `every_s` (0: for ever), or change the one there.

        Raises:
            StoreUnavailable: no connection, or the token may not change buckets.
        """
        rules: list[Any] = []
        if every_s:
            rules.append(BucketRetentionRules(type="expire", every_seconds=every_s))  # type: ignore[no-untyped-call]  # theirs
        with self._translated():
            buckets = self._client.buckets_api()
            found = buckets.find_bucket_by_name(name)
            if found is None:
                buckets.create_bucket(bucket_name=name, retention_rules=rules, org=self.settings.org)
            else:
                found.retention_rules = rules
                buckets.update_bucket(found)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def _json(
        self,
        method: str,
        path: str,
        query: Mapping[str, str],
        body: dict[str, Any] | None = None,
        *,
        client: Any = None,
        timeout_ms: tuple[int, int] | None = None,
    ) -> Any:
        with self._translated():
            answer, _, _ = (client or self._client).api_client.call_api(
                path, method, query_params=list(query.items()), body=body, _preload_content=False,
                _request_timeout=timeout_ms,
                header_params={"Accept": "application/json", "Content-Type": "application/json"},
            )  # fmt: skip
            text = answer.data
        try:
            return json.loads(text) if text.strip() else {}
        except ValueError as err:
            raise StoreUnavailable(f"{self.settings.url} answers {path} with something that is not JSON") from err

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except ApiException as err:
            answered = _judged(err)
            kind = WriteRejected if answered.verdict is Verdict.REJECTED else StoreUnavailable
            raise kind(answered.message) from err
        except InfluxDBError as err:  # the client's own: it does not find the organisation
            raise StoreUnavailable(f"InfluxDB: {_short(err)}") from err
        except (urllib3.exceptions.HTTPError, OSError) as err:
            raise StoreUnavailable(f"no connection to {self.settings.url}: {_short(err)}") from err


def _judged(err: ApiException) -> Answer:
    status = err.status or None
    message = f"InfluxDB answered {status}: {_reason(err)}"
    if status is None:  # TLS
        return Answer(verdict=Verdict.LATER, message=f"no connection: {_short(err.reason)}")
    if status in (400, 422):
        verdict = Verdict.REJECTED
    elif status == 413:
        verdict = Verdict.TOO_LARGE
    elif status == 429 or status >= 500 or status == 408:
        verdict = Verdict.LATER
    else:
        verdict = Verdict.REFUSED
    return Answer(verdict=verdict, status=status, message=message, retry_after_s=_retry_after(err))


def _reason(err: ApiException) -> str:
    body = err.body.decode(errors="replace") if isinstance(err.body, bytes) else str(err.body or "")
    try:
        said = json.loads(body)
        body = str(said.get("message") or said.get("error") or body)
    except (ValueError, AttributeError):
        pass
    return _short(body or err.reason or "")


def _retry_after(err: ApiException) -> float | None:
    headers: Any = err.headers or {}
    value = str(headers.get("Retry-After", ""))
    return float(value) if value.isdigit() else None


def _short(words: object) -> str:
    return " ".join(str(words).split())[:300]
