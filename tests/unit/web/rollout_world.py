"""Bulk changes of the small province, made by hand through the journal: a draft, an approved plan, one under way, one
stopped with a device in an unknown state, one finished. No device is spoken to."""

from __future__ import annotations

import random
from dataclasses import replace

from controller.accounts import manage
from controller.accounts.passwords import Passwords
from controller.accounts.records import Role
from controller.journal.journal import Journal
from controller.rollout import waves
from controller.rollout.approval import approve
from controller.rollout.gate import Measured, judge
from controller.rollout.options import Options, Tolerance
from controller.rollout.records import Plan, PlanDevice, PlanState, RolloutState, Step
from devices.model import Inventory
from tests.unit.web.world import DAY, HOUR, NOW

PASSWORD = "sampan di Sungai Kapuas"
FAST = Passwords(memory_kib=64, time_cost=1)
PEOPLE = (
    ("dimas", "Dimas Aryo", Role.ENGINEER),
    ("ratna", "Ratna Dewi", Role.ENGINEER),
    ("joko", "Joko Susilo", Role.VIEWER),
)
MODELS = (("hAP ac2", "7.16.2"), ("hAP ac2", "7.15"), ("RB951Ui", "6.49.18"), ("hAP ax2", "7.19"))
DIFF = """--- before
+++ after
@@ /interface wifi configuration @@
 add name=cfg-publik country=Indonesia mode=ap
-    ssid="PKM {name}" security.passphrase=***
+    ssid="WIFI-PUSKESMAS" security.passphrase=⟦env:WIFI_PUSKESMAS⟧
@@ /system note @@
-set note=""
+set note="P-118 20-11-2026"
"""
LINES = (
    '/interface wifi configuration set [find name=cfg-publik] ssid="WIFI-PUSKESMAS"',
    "/interface wifi configuration set [find name=cfg-publik] security.passphrase=⟦env:WIFI_PUSKESMAS⟧",
    '/system note set note="P-118 20-11-2026"',
)


def accounts(journal: Journal) -> None:
    for name, full, role in PEOPLE:
        manage.add(journal, name, PASSWORD, full_name=full, role=role, at=NOW - DAY, by="local:root", passwords=FAST)


def plan_of(stock: Inventory, *, count: int, title: str = "Ganti SSID puskesmas", unchanged: int = 0) -> Plan:
    """A draft for the first devices of the inventory."""
    rng = random.Random(title)
    found = []
    for number, device in enumerate(list(stock.devices.values())[: count + unchanged]):
        site = stock.sites[device.site]
        model, version = MODELS[min(3, int(rng.random() ** 2 * 4))]
        warned = ("only_site",) if rng.random() < 0.06 else ()
        found.append(
            PlanDevice(
                device=device.id,
                site=site.id,
                area=site.area,
                platform="routeros",
                dialect="routeros",
                model=model,
                version=version,
                base=f"{number:064x}",
                lines=LINES if number < count else (),
                diff=DIFF.format(name=site.name.upper()) if number < count else "",
                warnings=warned,
                guard="timer",
                people=rng.randrange(20, 2000),
                latency_s=rng.uniform(0.05, 0.9),
            )
        )
    return Plan(
        id=0,
        hash=f"{rng.getrandbits(256):064x}",
        change=title.lower().replace(" ", "-"),
        title=title,
        author="dimas",
        made_at=NOW - 2 * DAY,
        expires_at=NOW + 6 * DAY,
        where="kind = puskesmas and platform = routeros",
        ticket="DIS-318",
        reason="Satu nama Wi-Fi untuk semua puskesmas",
        options=Options(settle_s=300).plain(),
        inventory=stock.version,
        template="t",
        devices=tuple(found),
    )


def draft(journal: Journal, stock: Inventory, *, count: int = 24) -> int:
    """A plan that waits for approval."""
    return journal.rollouts.add_plan(plan_of(stock, count=count, title="DNS Kapuas Hulu", unchanged=9)).id


def under_way(journal: Journal, stock: Inventory, *, count: int = 90, share: float = 0.42) -> tuple[int, int]:
    """A rollout that is running: done as far as `share`, with one rolled back and one offline."""
    plan = journal.rollouts.add_plan(plan_of(stock, count=count, unchanged=12))
    approve(journal, plan.id, "ratna", NOW - DAY)
    began = NOW - HOUR
    placed = waves.place(plan, Options.of(plan.options), began)
    rollout = journal.rollouts.start(plan.id, by="dimas", at=began, placement=placed)
    todo = [p for p in placed if p.step is Step.WAITING]
    done = int(share * len(todo))
    now_wave = todo[done].wave
    for at, one in enumerate(todo[:done]):
        when = began + 60 + at * 3300 / len(todo) / share
        facts: dict[str, object] = {"baseline": {"clients": 12}, "clients": 11, "seconds": 71.0, "guard_s": 240}
        step = Step.OK
        if at == done - 9:
            step, facts = (
                Step.ROLLED_BACK,
                {"reason": "clients_lost", "clients": 0, "clients_before": 9, "guard_s": 240},
            )
        if at == done - 4:
            step, facts = Step.OFFLINE, {"reason": "offline"}
        told = ("executor", f"device.{step.value}", facts)
        journal.rollouts.step(rollout, one.device, Step.SENDING, at=when - 40, facts={"guard": "timer"})
        journal.rollouts.step(rollout, one.device, step, at=when, facts=facts, audit=told)
    for offset, one in enumerate(todo[done : done + 6]):
        step = (Step.SENDING, Step.VERIFYING, Step.ARMING, Step.SENDING, Step.BACKING_UP, Step.PRECHECKING)[offset]
        journal.rollouts.step(
            rollout, one.device, step, at=NOW - 40 + 5 * offset, facts={"guard": "timer", "guard_s": 240}
        )
    for number in range(now_wave):
        before = Measured(asked=4, answering=4, clients=62, bps=18e6, errors_per_h=1.0)
        after = Measured(asked=4, answering=4, clients=60, bps=18.2e6, errors_per_h=1.4)
        gate = judge(before, after, Tolerance(), wave=number, at=began + 900 * (number + 1))
        journal.rollouts.add_gate(rollout, gate.plain())
    journal.rollouts.set_wave(rollout, now_wave)
    journal.rollouts.take_lease("executor", "here", "bulk change", NOW, 3600)
    return plan.id, rollout


def stopped(journal: Journal, stock: Inventory) -> tuple[int, int]:
    """Stopped since nobody knows what two devices hold."""
    devices = list(stock.devices.values())[100:]
    rest = replace(stock, devices={d.id: d for d in devices})
    plan = journal.rollouts.add_plan(plan_of(rest, count=min(18, len(devices)), title="Batas kecepatan kantor desa"))
    approve(journal, plan.id, "ratna", NOW - DAY)
    placed = waves.place(plan, Options.of(plan.options), NOW - 5 * HOUR)
    rollout = journal.rollouts.start(plan.id, by="dimas", at=NOW - 5 * HOUR, placement=placed)
    ends = [Step.OK, Step.OK, Step.OK, Step.ROLLBACK_FAILED, Step.UNKNOWN, Step.REFUSED]
    reasons = ["", "", "", "uplink_down", "link_lost", "host_key"]
    for one, step, code in zip(placed, ends, reasons, strict=False):
        facts = {"reason": code, "interfaces": ["ether1"] if code == "uplink_down" else []}
        journal.rollouts.step(rollout, one.device, step, at=NOW - 4 * HOUR, facts=facts,
                              audit=("executor", f"device.{step.value}", facts))  # fmt: skip
    why = {"reason": "state_unknown", "devices": [placed[3].device, placed[4].device]}
    journal.rollouts.set_state(rollout, RolloutState.STOPPED, at=NOW - 4 * HOUR, by="executor", why=why)
    return plan.id, rollout


def rejected(journal: Journal, stock: Inventory) -> int:
    """A plan that was turned down."""
    plan = journal.rollouts.add_plan(plan_of(stock, count=5, title="Ganti sandi bulanan"))
    journal.rollouts.decide(plan.id, PlanState.REJECTED, by="ratna", at=NOW - DAY)
    return plan.id
