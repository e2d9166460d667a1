"""Pages and JSON API: shows what `controller.views` hands over, in Bahasa Indonesia and English."""

from web.app import create_app
from web.settings import WebSettings

__all__ = ["WebSettings", "create_app"]
