"""The inventory as people write it: strict YAML with every error at once.

`load` reads it, `read` gives the warnings and texts too, `dump` writes an inventory that loads as itself.
"""

from devices.inventory.draft import Draft, load, load_plain, read
from devices.inventory.dump import dump, plain
from devices.inventory.words import slug

__all__ = ["Draft", "dump", "load", "load_plain", "plain", "read", "slug"]
