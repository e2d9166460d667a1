"""Which inventory runs, which ran before, and who belonged to whom when.

`InventoryKeeper` watches the files and accepts or refuses them; `Versions` holds what was accepted (any process may
read it); `Links` tells where a device stood at a time.
"""

from controller.inventories.errors import InventoriesError
from controller.inventories.keeper import InventoryKeeper
from controller.inventories.links import Link, LinkKind, Links
from controller.inventories.versions import Accepted, Versions

__all__ = ["Accepted", "InventoriesError", "InventoryKeeper", "Link", "LinkKind", "Links", "Versions"]
