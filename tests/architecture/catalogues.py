"""Are the message catalogues whole? Run by `make check`: `python -m tests.architecture.catalogues`.

Message ids are English sentences. Both catalogues must hold exactly the messages of the code, none empty, none fuzzy,
with the same slots as the message. `--write` takes up new messages: English by itself, Indonesian left empty to be
written by a person.
"""

from __future__ import annotations

import re
import sys
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent.parent
WEB = ROOT / "web"
LANGUAGES = ("id", "en")
SOURCE = "en"
METHODS = [("templates/**.html", "jinja2"), ("**.py", "python")]
OPTIONS = {"templates/**.html": {"trimmed": "false"}}
KEYWORDS = {**DEFAULT_KEYWORDS, "say": None, "say_n": (1, 2), "pgettext": ((1, "c"), 2)}
PLURALS = {"id": "nplurals=1; plural=0;", "en": "nplurals=2; plural=(n != 1);"}
SLOT = re.compile(r"%\((\w+)\)s|\{(\w+)\}")
TAG = re.compile(r"</?\w+>")


def path_of(language: str) -> Path:
    """The catalogue of a language."""
    return WEB / "translations" / language / "LC_MESSAGES" / "messages.po"


def extracted() -> Catalog:
    """Every message of the code."""
    catalogue = Catalog()
    found = extract_from_dir(WEB, METHODS, OPTIONS, keywords=KEYWORDS, comment_tags=())
    for _, _, message, _, context in found:
        catalogue.add(message, context=context)
    return catalogue


def read(language: str) -> Catalog:
    """The catalogue as it stands."""
    with path_of(language).open("rb") as file:
        return read_po(file, locale=language)


def key_of(message: Message) -> tuple[str | None, str]:
    """What tells messages apart."""
    return message.context, message.id[0] if isinstance(message.id, tuple | list) else message.id


def texts_of(message: Message) -> list[str]:
    """The translations: one, or one a plural form."""
    return list(message.string) if isinstance(message.string, tuple | list) else [message.string or ""]


def complaints(language: str, code: Catalog) -> list[str]:
    """What is wrong with one catalogue."""
    catalogue = read(language)
    wanted, held = {key_of(m) for m in code if m.id}, {key_of(m): m for m in catalogue if m.id}
    told = [f"{language}: not in the catalogue: {key[1]!r}" for key in sorted(wanted - set(held), key=str)]
    told += [f"{language}: no longer in the code: {key[1]!r}" for key in sorted(set(held) - wanted, key=str)]
    if f'"Plural-Forms: {PLURALS[language]}\\n"' not in path_of(language).read_text():
        told.append(f"{language}: the plural rule must be {PLURALS[language]}")
    for key, message in held.items():
        texts = texts_of(message)
        if message.fuzzy:
            told.append(f"{language}: fuzzy: {key[1]!r}")
        if not all(texts):
            told.append(f"{language}: empty: {key[1]!r}")
        for text in filter(None, texts):
            told += _differences(language, key[1], message, text)
    return told


def _differences(language: str, name: str, message: Message, text: str) -> list[str]:
    """A translation must have the slots and tags of one of the message's own forms."""
    forms = message.id if isinstance(message.id, tuple | list) else (message.id,)
    if all(sorted(SLOT.findall(f)) != sorted(SLOT.findall(text)) for f in forms):
        return [f"{language}: other slots than the message: {name!r}"]
    if all(sorted(TAG.findall(f)) != sorted(TAG.findall(text)) for f in forms):
        return [f"{language}: other markup than the message: {name!r}"]
    return []


def write(language: str, code: Catalog) -> None:
    """Take up new messages and drop old ones; nothing translated is lost."""
    path = path_of(language)
    held = {key_of(m): m for m in read(language)} if path.exists() else {}
    catalogue = Catalog(locale=language, project="merata", fuzzy=False)
    catalogue.mime_headers = [("Plural-Forms", PLURALS[language])]
    for message in sorted(code, key=lambda m: (str(key_of(m)[1]), str(m.context))):
        if not message.id:
            continue
        kept = held.get(key_of(message))
        string = kept.string if kept is not None else None
        if not string and language == SOURCE:
            string = message.id
        catalogue.add(message.id, string or (("",) if isinstance(message.id, tuple) else ""), context=message.context)
    body = BytesIO()
    write_po(body, catalogue, omit_header=True, width=120)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(header(language) + body.getvalue().decode())


def header(language: str) -> str:
    """Written by hand: Babel knows no plural rule for Indonesian and would write two forms."""
    return (
        f'msgid ""\nmsgstr ""\n"Project-Id-Version: merata\\n"\n"Language: {language}\\n"\n"MIME-Version: 1.0\\n"\n'
        '"Content-Type: text/plain; charset=utf-8\\n"\n"Content-Transfer-Encoding: 8bit\\n"\n'
        f'"Plural-Forms: {PLURALS[language]}\\n"\n\n'
    )


def compile_all() -> None:
    """Write the .mo files, as the build does."""
    for language in LANGUAGES:
        with path_of(language).with_suffix(".mo").open("wb") as file:
            write_mo(file, read(language))


def main(arguments: list[str]) -> int:
    """Check, or write and compile."""
    code = extracted()
    if "--write" in arguments:
        for language in LANGUAGES:
            write(language, code)
        compile_all()
    told = [line for language in LANGUAGES for line in complaints(language, code)]
    for line in told:
        print(line)
    print(f"catalogues: {len(list(code)) - 1} messages, {len(told)} complaint(s)")
    return 1 if told else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
