"""What can go wrong with accepted inventories.

ControllerError
    InventoriesError
"""

from __future__ import annotations

from controller.errors import ControllerError


class InventoriesError(ControllerError):
    """The folder of accepted inventories cannot be used; says the file and why."""
