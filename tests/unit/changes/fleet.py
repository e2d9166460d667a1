"""A small fleet of Kalbar for tests of changes, and a dialect of plain lines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from controller.changes.subjects import Subject
from devices.configuring.intents import Dns, Intent
from devices.errors import NotSupported, Unreachable
from devices.model import Backhaul, Device, DeviceId, Inventory, Role, Site, SiteId, SiteKind, SshSettings, Target
from geography.units import Level, load

UNITS = load()


def site(key: str = "pkm-ngabang", **said: Any) -> Site:
    facts = {"name": "Puskesmas Ngabang", "area": "61.08.01", "lat": 0.38, "lon": 109.95, "kind": SiteKind.PUSKESMAS}
    return Site(id=SiteId(key), **{**facts, **said})


def device(key: str = "r1", at: Site | None = None, **said: Any) -> Device:
    facts: dict[str, Any] = {"name": key, "role": Role.ROUTER, "platform": "routeros"}
    facts |= {"ssh": SshSettings(credential="lab", username="merata"), "target": Target(domain="d", host="192.0.2.1")}
    return Device(id=DeviceId(key), site=(at or site()).id, **{**facts, **said})


def subject(**said: Any) -> Subject:
    at = said.pop("site", None) or site(
        **{k: said.pop(k) for k in ("area", "kind", "backhaul", "programme", "plan_down_mbps") if k in said}
    )
    own = {k: said.pop(k) for k in ("tags", "role", "uplink") if k in said}
    platform = said.pop("platform", "routeros")
    box = said.pop("device", None) or device(said.pop("id", "r1"), at, platform=platform, **own)
    names = {level: unit.name for level in Level if (unit := UNITS.ancestor(at.area, level))}
    return Subject(device=box, site=at, platform=platform, names=names, **{"dialect": "plain", **said})


def inventory(devices: Sequence[Device], sites: Sequence[Site] = ()) -> Inventory:
    places = sites or (site(),)
    return Inventory(version="v1", sites={s.id: s for s in places}, devices={d.id: d for d in devices})


class Plain:
    """A language of `key=value` lines: a line sets its key, `-key` takes it away, `!` lines are not understood."""

    name = "plain"
    guards = ()
    comment = "#"

    def normalise(self, text: str) -> str:
        return "".join(f"{line}\n" for line in text.splitlines() if not line.startswith("# at"))

    def mask(self, text: str) -> str:
        out = []
        for line in text.splitlines():
            key, equals, value = line.partition("=")
            is_secret = key.endswith(("password", "psk")) and value and not value.startswith("⟦")
            out.append(f"{key}=***" if equals and is_secret else line)
        return "".join(f"{line}\n" for line in out)

    def quote(self, value: str) -> str:
        if '"' in value:
            raise ValueError("a quote cannot be said in this language")
        return f'"{value}"'

    def after(self, running: str, lines: Sequence[str]) -> str | None:
        held = dict(line.partition("=")[::2] for line in running.splitlines())
        for line in lines:
            if line.startswith("!"):
                return None
            if line.startswith("-"):
                held.pop(line[1:], None)
            else:
                key, _, value = line.partition("=")
                held[key] = value
        return "".join(f"{key}={value}\n" for key, value in held.items())

    def missing(self, running: str, lines: Sequence[str]) -> list[int]:
        held = set(running.splitlines())
        return [n for n, line in enumerate(lines) if not line.startswith("-") and line not in held]

    def management(self, running: str, lines: Sequence[str], device: Device) -> list[int]:
        return [n for n, line in enumerate(lines) if line.startswith("address=")]

    def intent_lines(self, intent: Intent, running: str, device: Device) -> list[str]:
        if not isinstance(intent, Dns):
            raise NotSupported("plain devices know name servers only")
        return [f"dns={','.join(intent.servers)}"]

    def obstacles(self, session: Any) -> list[str]:
        return list(session.run("obstacles").splitlines())

    def fetch(self, session: Any) -> str:
        return str(session.run("fetch"))


class Box:
    """A device in memory; a session is one of these."""

    def __init__(self, one: Device, text: str, obstacles: Sequence[str] = (), error: Exception | None = None) -> None:
        self.device, self.text, self.obstacles, self.error = one, text, obstacles, error
        self.ended: list[str] = []

    def run(self, command: str, **_: Any) -> str:
        if self.error is not None:
            raise self.error
        return self.text if command == "fetch" else "\n".join(self.obstacles)

    def close(self) -> None:
        self.ended.append("close")

    def cut(self) -> None:
        self.ended.append("cut")


class Boxes:
    """Sessions to devices in memory; who is not there is unreachable."""

    def __init__(self, *boxes: Box) -> None:
        self.boxes = {str(box.device.id): box for box in boxes}

    def open(self, one: Device, *, deadline_s: float) -> Any:
        if str(one.id) not in self.boxes:
            raise Unreachable("no answer in time", target=one.target.host)
        return self.boxes[str(one.id)]


PLAIN: Any = Plain()
VSAT = Backhaul.VSAT
