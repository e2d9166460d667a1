"""The message catalogue, typed. Message ids are the English sentences; `web/translations` holds both languages."""

from __future__ import annotations

import flask_babel


def gettext(message: str, **slots: object) -> str:
    """The message in the reader's language."""
    return str(flask_babel.gettext(message, **slots))


def ngettext(singular: str, plural: str, num: int, **slots: object) -> str:
    """The message by number; `%(num)s` is the number."""
    return str(flask_babel.ngettext(singular, plural, num, **slots))


def pgettext(context: str, message: str) -> str:
    """The message where one English word has several meanings."""
    return str(flask_babel.pgettext(context, message))


def plural(singular: str, plural_form: str, num: int) -> str:
    """The message by number with its slots still open."""
    return str(flask_babel.get_translations().ungettext(singular, plural_form, num))
