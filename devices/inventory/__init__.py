"""The inventory as people write it: strict YAML with every error at once.

`load` reads it, `read` gives the warnings and texts too, `dump` writes an inventory that loads as itself.
"""

from devices.inventory.draft import Draft, load, read
from devices.inventory.dump import dump
from devices.inventory.words import slug

__all__ = ["Draft", "dump", "load", "read", "slug"]
