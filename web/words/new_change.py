"""Asking for a plan, in words: what may be set, and what keeps it from being asked for."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlencode

from markupsafe import Markup

from controller.changes.model import Type, Variable
from controller.views.new_change import Asked
from web.words.catalogue import gettext, pgettext
from web.words.speech import Figures


def kind(variable: Variable) -> str:
    """What a variable takes."""
    words = {
        Type.STRING: pgettext("variable", "text"),
        Type.INTEGER: pgettext("variable", "whole number"),
        Type.NUMBER: pgettext("variable", "number"),
        Type.BOOLEAN: pgettext("variable", "yes or no"),
        Type.ADDRESS: pgettext("variable", "IP address"),
        Type.NETWORK: pgettext("variable", "network, like 10.0.0.0/8"),
        Type.LIST: pgettext("variable", "list, parted by commas"),
        Type.CHOICE: pgettext("variable", "one of several"),
        Type.SECRET: pgettext("variable", "secret"),
    }
    word = words[variable.type]
    least, most = variable.least, variable.most
    if least is not None and most is not None:
        return gettext("%(kind)s from %(least)s to %(most)s", kind=word, least=_plain(least), most=_plain(most))
    if least is not None:
        return gettext("%(kind)s from %(least)s", kind=word, least=_plain(least))
    if most is not None:
        return gettext("%(kind)s up to %(most)s", kind=word, most=_plain(most))
    return word


def _plain(value: float) -> str:
    return Figures.current().number(value, 0 if float(value).is_integer() else 2)


def own(variable: Variable) -> str:
    """What the file says itself; "" where it says nothing."""
    if variable.value is None:
        return ""
    return ", ".join(variable.value) if isinstance(variable.value, tuple) else variable.value


def tells(errors: Mapping[str, str], key: str) -> Markup:
    """Attributes of a field: that it is wrong, and the texts that speak of it."""
    if key in errors:
        return Markup(' aria-invalid="true" aria-describedby="salah-{0} ket-{0}"').format(key)
    return Markup(' aria-describedby="ket-{}"').format(key)


def error(code: str) -> str:
    """What is wrong with a field; what has no words here was told by the reader of changes."""
    words = {
        "": gettext("The file names no value: it must be set."),
        "not_understood": gettext("The expression is not understood."),
        "which": gettext("The file names no devices: say which. The word all means every one."),
        "nobody": gettext("No device is meant."),
    }
    return words.get(code) or gettext("This value does not fit: %(told)s", told=code)


def again(asked: Asked, value: str) -> str:
    """Address of the form with all this filled in; `value` stands before the name of a variable."""
    pairs = {"berkas": asked.file, "sasaran": asked.where, "tiket": asked.ticket, "alasan": asked.reason}
    pairs |= {value + name: text for name, text in asked.values.items()}
    return "/perubahan/baru?" + urlencode({name: text for name, text in pairs.items() if text})
