"""What pages and the API are handed: one frozen dataclass a page, filled by a query over the read side.

Nothing here speaks to a device, solves, schedules or writes. `now` (epoch seconds, UTC) is always an argument.
"""

from controller.views.nothing import Nothing
from controller.views.sources import Sources
from controller.views.views import Views
from devices.facts import Identity
from measurements.store import Reader

__all__ = ["Identity", "Nothing", "Reader", "Sources", "Views"]
