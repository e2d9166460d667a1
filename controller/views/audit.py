"""The audit as a page (`/audit`): who did what to what, newest first, and whether the chain of hashes holds."""

from __future__ import annotations

import logging
import re
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from controller.journal.audit import Audit, Entry
from controller.journal.errors import JournalError
from controller.journal.journal import Journal
from controller.views.fleet import Fleet, Fresh

log = logging.getLogger("merata.views")
SHOWN = 50
AGAIN_S = 300.0  # a check older than this is made anew even if nothing was added
SHARE = 30  # times its own length that a check rests, so that a long chain takes a thirtieth of one core at most
PATIENCE_S = 0.7  # how long a page waits for a check that it began
PLAN = re.compile(r"(?:P-|plan:)?(\d{1,9})", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """How the chain was found. `broken`: number of the first row that does not fit; None: all do."""

    at: float
    head: Entry | None
    broken: int | None
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditPage:
    """`/audit`. `older`: number before which the next page begins. `check` None: the first is still being made."""

    fresh: Fresh
    entries: tuple[Entry, ...]
    about: str
    act: str
    before: int | None
    older: int | None
    check: Check | None
    is_checking: bool
    names: Mapping[str, str]


class Audits:
    """Queries behind the audit's page. Thread-safe.

    The chain is followed from its first row each time, in a thread of its own: a row changed long ago is found too.

    Args:
        journal: gives the journal, None while there is none.
    """

    def __init__(self, journal: Callable[[], Journal | None]) -> None:
        self._journal = journal
        self._lock = threading.Lock()
        self._check: Check | None = None
        self._running: threading.Thread | None = None

    def page(self, fleet: Fleet, now: float, *, about: str = "", act: str = "", before: int | None = None) -> AuditPage:
        """One page.

        Args:
            fleet: the present.
            now: epoch s.
            about: `P-12`, a device, an account, or a whole subject such as `rollout:3`.
            act: an act, or with a dot at its end all that begin so.
            before: rows with a lower number.
        """
        journal = self._journal()
        if journal is None:
            return AuditPage(
                fresh=fleet.fresh, entries=(), about=about, act=act, before=before, older=None, check=None,
                is_checking=False, names={},
            )  # fmt: skip
        subjects, rollout = _subjects(journal, about)
        found = journal.rollouts.audit.newest(
            subjects=subjects, act=act or None, rollout=rollout, before=before, limit=SHOWN + 1
        )
        self._renew(journal.rollouts.audit, now)
        return AuditPage(
            fresh=fleet.fresh,
            entries=tuple(found[:SHOWN]),
            about=about,
            act=act,
            before=before,
            older=found[SHOWN - 1].seq if len(found) > SHOWN else None,
            check=self._check,
            is_checking=self._running is not None,
            names={a.name: a.full_name for a in journal.accounts.all()},
        )

    def _renew(self, audit: Audit, now: float) -> None:
        head = audit.head()
        with self._lock:
            last, running = self._check, self._running
            if running is None and (last is None or _is_due(last, head, now)):
                running = threading.Thread(target=self._follow, args=(audit, now), name="merata-audit", daemon=True)
                self._running = running
                running.start()
        if running is not None and (last is None or last.seconds < PATIENCE_S):
            running.join(PATIENCE_S)  # a long chain is followed behind the readers, who see the check before

    def _follow(self, audit: Audit, now: float) -> None:
        began = time.monotonic()
        try:
            head = audit.head()
            broken = audit.verify(head=(head.seq, head.hash)) if head else None
            self._check = Check(at=now, head=head, broken=broken, seconds=time.monotonic() - began)
        except JournalError:
            log.exception("the audit could not be followed")
        finally:
            self._running = None


def _is_due(last: Check, head: Entry | None, now: float) -> bool:
    if now - last.at < last.seconds * SHARE:
        return False
    same = (last.head.hash if last.head else None) == (head.hash if head else None)
    return not same or now - last.at >= AGAIN_S or now < last.at


def _subjects(journal: Journal, about: str) -> tuple[list[str], int | None]:
    """Subjects that a person means, and a rollout whose devices are meant too."""
    if not about:
        return [], None
    if (plan := PLAN.fullmatch(about)) is not None:
        number = int(plan[1])
        sent = journal.rollouts.rollouts(plan=number, limit=1)
        return [f"plan:{number}", *(f"rollout:{r.id}" for r in sent)], sent[0].id if sent else None
    if ":" in about:
        return [about], None
    return [about, f"device:{about}", f"account:{about}", f"setting:{about}"], None
