"""What each device was last seen to hold, and what of it was accepted. One row a device."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import insert, select, update

from controller.configurations.records import Held
from controller.journal.connection import Connected
from controller.journal.tables import CONFIGURATION


class Configurations(Connected):
    """The rows. Every writing method is one durable transaction."""

    def held(self, device: str) -> Held | None:
        """What is known of one device's configuration; None: it was never asked."""
        with self._read() as connection:
            row = connection.execute(select(CONFIGURATION).where(CONFIGURATION.c.device == device)).first()
            return None if row is None else Held(**row._mapping)

    def all(self) -> dict[str, Held]:
        """What is known, by device id."""
        with self._read() as connection:
            return {row.device: Held(**row._mapping) for row in connection.execute(select(CONFIGURATION))}

    def seen(self, told: Mapping[str, Mapping[str, Any]]) -> None:
        """Keep what was fetched, or why it was not: columns to values, by device id. Other columns stay."""
        if not told:
            return
        with self._write() as connection:
            known = set(connection.execute(select(CONFIGURATION.c.device)).scalars())
            for device, values in told.items():
                if device in known:
                    connection.execute(update(CONFIGURATION).where(CONFIGURATION.c.device == device).values(**values))
                else:
                    connection.execute(insert(CONFIGURATION).values(device=device, **values))

    def accept(self, devices: Iterable[str], *, at: float, by: str, why: str) -> list[str]:
        """What these devices were last seen to hold is right.

        Returns:
            Those that were accepted; one that was never fetched is not among them.
        """
        accepted = []
        with self._write() as connection:
            for device in devices:
                of_device = CONFIGURATION.c.device == device
                row = connection.execute(select(CONFIGURATION).where(of_device)).first()
                if row is None or row.fingerprint is None:
                    continue
                values = {
                    "accepted_at": at,
                    "accepted_by": by,
                    "accepted_why": why,
                    "accepted_fingerprint": row.fingerprint,
                    "accepted_revision": row.revision,
                }
                connection.execute(update(CONFIGURATION).where(of_device).values(**values))
                accepted.append(device)
        return accepted

    def revised(self, devices: Iterable[str], revision: str) -> None:
        """The history holds what these devices hold under this revision; it is accepted where what they hold is."""
        with self._write() as connection:
            for device in devices:
                of_device = CONFIGURATION.c.device == device
                connection.execute(update(CONFIGURATION).where(of_device).values(revision=revision))
                accepted = of_device & (CONFIGURATION.c.fingerprint == CONFIGURATION.c.accepted_fingerprint)
                connection.execute(update(CONFIGURATION).where(accepted).values(accepted_revision=revision))
