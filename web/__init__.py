"""Pages and JSON API: shows what `controller.views` hands over, in Bahasa Indonesia and English."""

from web.access import SignIn
from web.app import create_app
from web.settings import WebSettings

__all__ = ["SignIn", "WebSettings", "create_app"]
