"""Up, degraded, down or unknown, why, and since when; which failures are one. The only place where that is decided."""

from controller.health.monitor import Health
from controller.health.seen import Conclusion, Happening, Seen
from controller.health.thresholds import Thresholds

__all__ = ["Conclusion", "Happening", "Health", "Seen", "Thresholds"]
