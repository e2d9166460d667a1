"""Debian's InfluxDB 1.6.7 made to speak what 1.8+ speaks, and to fail on order.

1.6 has no `/api/v2/write`, no `/health`, no `Token`: the shim maps bucket -> database, `Token user:pass` -> Basic,
and passes the rest through. Every write that arrives is counted; `faults` are consumed one a write, oldest first.
"""

from __future__ import annotations

import base64
import gzip
import http.client
import json
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit


@dataclass
class Fault:
    """How one write goes wrong: an answer, a cut before or after the server stored it, or a long wait."""

    status: int | None = None
    headers: dict[str, str] = field(default_factory=dict)
    body: str = '{"message": "ordered by the test"}'
    cut: str | None = None  # "before": the connection dies unread; "after": stored, the answer is lost
    hold: threading.Event | None = None  # wait for it (at most 30 s) before passing on


class Shim:
    """The server in a thread; `backend` is the port of influxd, which may be gone."""

    def __init__(self, backend: int) -> None:
        self.backend = backend
        self.faults: deque[Fault] = deque()
        self.most_bytes: int | None = None  # larger bodies (unzipped) get 413
        self.writes: list[tuple[str, int, int]] = []  # bucket, lines, status answered
        self.before: Callable[[str, bytes], Fault | None] | None = None
        shim = self

        class Handler(_Handler):
            owner = shim

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Handler(BaseHTTPRequestHandler):
    owner: Shim
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        if urlsplit(self.path).path == "/health":
            self._answer(200, json.dumps({"name": "influxdb", "status": "pass", "version": "1.6.7"}).encode())
        else:
            self._pass(self.path, b"")

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        parts = urlsplit(self.path)
        if parts.path == "/api/v2/write":
            self._write({key: values[0] for key, values in parse_qs(parts.query).items()}, body)
        else:
            self._pass(self.path, body)

    def _write(self, query: dict[str, str], body: bytes) -> None:
        owner = self.owner
        raw = gzip.decompress(body) if self.headers.get("Content-Encoding") == "gzip" else body
        fault = owner.faults.popleft() if owner.faults else None
        if fault is None and owner.before is not None:
            fault = owner.before(query["bucket"], raw)
        if fault is None and owner.most_bytes is not None and len(raw) > owner.most_bytes:
            fault = Fault(status=413)
        if fault is not None:
            if fault.hold is not None:
                fault.hold.wait(30)
            if fault.cut == "before":
                self._cut()
                return
            if fault.status is not None:
                owner.writes.append((query["bucket"], raw.count(b"\n") + 1, fault.status))
                self._answer(fault.status, fault.body.encode(), fault.headers)
                return
        target = "/write?" + urlencode(
            {"db": query["bucket"], "rp": "autogen", "precision": query.get("precision", "ns")}
        )
        status, headers, answer = self._forward("POST", target, raw)
        owner.writes.append((query["bucket"], raw.count(b"\n") + 1, status))
        if fault is not None and fault.cut == "after":
            self._cut()
            return
        self._answer(status, answer, headers)

    def _pass(self, target: str, body: bytes) -> None:
        status, headers, answer = self._forward(self.command, target, body)
        self._answer(status, answer, headers)

    def _forward(self, method: str, target: str, body: bytes) -> tuple[int, dict[str, str], bytes]:
        headers = {}
        said = self.headers.get("Authorization", "")
        if said.startswith("Token ") and ":" in said:
            headers["Authorization"] = "Basic " + base64.b64encode(said[6:].encode()).decode()
        connection = http.client.HTTPConnection("127.0.0.1", self.owner.backend, timeout=30)
        try:
            connection.request(method, target, body=body or None, headers=headers)
            answer = connection.getresponse()
            content = answer.read()
        except OSError as err:
            return 503, {}, json.dumps({"message": f"backend: {err}"}).encode()
        finally:
            connection.close()
        kept = {k: v for k, v in answer.getheaders() if k in ("X-Influxdb-Version", "X-Influxdb-Error", "Content-Type")}
        return answer.status, kept, content

    def _answer(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for key, value in (headers or {}).items():
            self.send_header(key, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _cut(self) -> None:
        self.close_connection = True
        self.connection.close()

    def log_message(self, format: str, *args: Any) -> None:
        pass
