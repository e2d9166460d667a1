"""The hash of a plan: whoever approves it approves exactly this."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, replace
from typing import Final

from controller.rollout.records import Plan

#: What becomes of a plan is no part of it.
_OUTSIDE: Final = ("id", "hash", "state", "approved_by", "approved_at")


def digest(plan: Plan) -> str:
    """SHA-256 of the canonical JSON (sorted keys, no spaces, UTF-8) of all that a plan says; 64 hexadecimal digits."""
    facts = {key: value for key, value in asdict(plan).items() if key not in _OUTSIDE}
    facts["devices"] = sorted(facts["devices"], key=lambda device: str(device["device"]))
    text = json.dumps(facts, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def frozen(plan: Plan) -> Plan:
    """The plan with its hash."""
    return replace(plan, hash=digest(plan))


def is_whole(plan: Plan) -> bool:
    """True when a plan, as read back with all its devices, is the one that was frozen."""
    return plan.hash == digest(plan)
