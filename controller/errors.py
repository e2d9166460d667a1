"""What can go wrong with the controller.

ControllerError
    (controller.inventories.errors) InventoriesError
"""

from __future__ import annotations


class ControllerError(Exception):
    """The controller cannot go on."""
