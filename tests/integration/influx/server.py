"""A real influxd 1.6.7 on free ports in a folder of its own, that can be stopped and started again."""

from __future__ import annotations

import http.client
import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path
from urllib.parse import urlencode

CONFIG = """
reporting-enabled = false
bind-address = "127.0.0.1:{rpc}"
[meta]
  dir = "{folder}/meta"
[data]
  dir = "{folder}/data"
  wal-dir = "{folder}/wal"
  query-log-enabled = false
[monitor]
  store-enabled = false
[http]
  bind-address = "127.0.0.1:{port}"
  auth-enabled = {auth}
  log-enabled = false
[subscriber]
  enabled = false
[logging]
  level = "error"
"""


class Influx:
    """One server process; `user` with all privileges exists when authentication is on."""

    user, password = "merata", "s3cret"

    def __init__(self, folder: Path, *, auth: bool = False) -> None:
        self.folder = folder
        self.auth = auth
        self.port, rpc = _free(), _free()
        folder.mkdir(parents=True, exist_ok=True)
        text = CONFIG.format(folder=folder, port=self.port, rpc=rpc, auth=str(auth).lower())
        (folder / "influxdb.conf").write_text(text)
        self._process: subprocess.Popen[bytes] | None = None
        self.start()
        if auth:
            self.query(f"CREATE USER {self.user} WITH PASSWORD '{self.password}' WITH ALL PRIVILEGES")

    def start(self) -> None:
        program = shutil.which("influxd", path=os.environ.get("PATH", "") + ":/usr/sbin")
        log = (self.folder / "influxd.log").open("ab")
        command = [str(program), "-config", str(self.folder / "influxdb.conf")]
        env = {"PATH": os.environ.get("PATH", ""), "HOME": str(self.folder), "GOMAXPROCS": "1"}
        self._process = subprocess.Popen(command, stdout=log, stderr=log, env=env)
        log.close()
        until = time.monotonic() + 30
        while True:
            try:
                connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=2)
                connection.request("GET", "/ping")
                if connection.getresponse().status == 204:
                    return
            except OSError:
                if time.monotonic() > until or self._process.poll() is not None:
                    raise RuntimeError((self.folder / "influxd.log").read_text()[-2000:]) from None
                time.sleep(0.02)  # between two questions whether it is up; the answer decides, not the time
            finally:
                connection.close()

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(30)
            self._process = None

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def query(self, influxql: str, database: str = "") -> bytes:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        arguments = {"q": influxql, "db": database, "epoch": "s"}
        if self.auth:
            arguments |= {"u": self.user, "p": self.password}
        connection.request("POST", "/query?" + urlencode(arguments))
        answer = connection.getresponse().read()
        connection.close()
        return answer


def _free() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
