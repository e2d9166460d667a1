"""Proofs in the background: one niced subprocess at a time, its answer kept under the hash of the question.

The web process never solves: it starts `merata plan site --live --json`, which anybody may run by hand.
"""

from __future__ import annotations

import fcntl
import json
import logging
import os
import subprocess
import tempfile
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from controller.coverage.model import LivePlan
from controller.views.planner_sources import PlanAsk, Proof, ProofState

log = logging.getLogger("merata.views")
KEPT = 200  # answers on disk
QUEUE = 4  # questions that wait; an older one that nobody asks for again is dropped
NICENESS = 10
GRACE_S = 30.0  # past the time limit, for reading the inputs
_TEXT = TypeAdapter(LivePlan)


class Proofs:
    """Proofs by key. Thread-safe; processes that share the folder share the answers and take turns.

    Args:
        folder: where answers are kept.
        command: the command line that answers a question with a LivePlan as JSON.
        limit_s: how long a proof may take before the subprocess is ended.
    """

    def __init__(self, folder: Path, command: Callable[[PlanAsk], Sequence[str]], *, limit_s: float = 60.0) -> None:
        self._folder, self._command, self._limit_s = folder, command, limit_s
        self._lock = threading.Lock()
        self._waiting: OrderedDict[str, PlanAsk] = OrderedDict()
        self._running: str | None = None
        self._failed: dict[str, str] = {}
        self._held: OrderedDict[str, LivePlan] = OrderedDict()
        self._busy = False

    def proof(self, key: str, ask: PlanAsk, *, start: bool) -> Proof:
        """How far the proof of a question has come; starts it where `start` and there is none."""
        if (plan := self._read(key)) is not None:
            return Proof(state=ProofState.DONE, plan=plan)
        with self._lock:
            if key in self._failed:
                return Proof(state=ProofState.FAILED, reason=self._failed[key])
            if key == self._running:
                return Proof(state=ProofState.RUNNING)
            if key not in self._waiting and not start:
                return Proof(state=ProofState.NONE)
            if key not in self._waiting:
                self._waiting[key] = ask
                while len(self._waiting) > QUEUE:
                    self._waiting.popitem(last=False)
            if not self._busy:
                self._busy = True
                threading.Thread(target=self._work, name="merata-proofs", daemon=True).start()
            return Proof(state=ProofState.WAITING)

    def _work(self) -> None:
        """Prove what waits, the newest question first, then end."""
        while True:
            with self._lock:
                if not self._waiting:
                    self._busy = False
                    return
                key, ask = self._waiting.popitem(last=True)
                self._running = key
            try:
                self._prove(key, ask)
            except Exception as why:  # one proof's failure is told where its answer would stand
                log.exception("a proof failed")
                self._failed[key] = str(why) or type(why).__name__
            finally:
                with self._lock:
                    self._running = None
                    while len(self._failed) > KEPT:
                        self._failed.pop(next(iter(self._failed)))

    def _prove(self, key: str, ask: PlanAsk) -> None:
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with (self._folder / "turn.lock").open("w") as turn:
            fcntl.flock(turn, fcntl.LOCK_EX)  # one proof at a time on this machine
            if self._path(key).exists():
                return
            done = subprocess.run(
                ["nice", "-n", str(NICENESS), *self._command(ask)],
                capture_output=True,
                timeout=self._limit_s + GRACE_S,
                check=False,
            )
        if done.returncode != 0:
            told = done.stderr.decode(errors="replace").strip().splitlines()
            raise RuntimeError(told[-1] if told else f"ended with {done.returncode}")
        self._write(key, _TEXT.validate_json(done.stdout))

    def _path(self, key: str) -> Path:
        return self._folder / f"proof-{key}.json"

    def _read(self, key: str) -> LivePlan | None:
        with self._lock:
            if key in self._held:
                return self._held[key]
        try:
            found = _TEXT.validate_json(self._path(key).read_bytes())
        except (OSError, ValidationError):
            return None
        with self._lock:
            self._held[key] = found
            while len(self._held) > KEPT:
                self._held.popitem(last=False)
        return found

    def _write(self, key: str, plan: LivePlan) -> None:
        handle, name = tempfile.mkstemp(dir=self._folder, suffix=".part")
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(_TEXT.dump_python(plan, mode="json"), file, ensure_ascii=False)
        os.replace(name, self._path(key))
        kept = sorted(self._folder.glob("proof-*.json"), key=lambda p: p.stat().st_mtime, reverse=True)
        for old in kept[KEPT:]:
            old.unlink(missing_ok=True)
