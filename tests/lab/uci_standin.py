"""A stand-in for OpenWrt's `uci`, which no Debian package holds: written from OpenWrt's documentation, for tests only.

Commands: get, set, add, add_list, del_list, delete, rename, reorder, commit, revert, changes, export, show. Options:
-q, -c FOLDER (instead of /etc/config), -P FOLDER (instead of /tmp/.uci). Staged changes are kept as the commands that
made them and carried out again at each reading. It shares no code with the program; nothing may depend on its quirks.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import sys


class Refused(Exception):
    """What `uci` prints behind `uci: `."""


class Package:
    """One file: sections as [type, name or None, {option: str or list}]."""

    def __init__(self, text):
        self.sections = []
        for line in logical_lines(text):
            words = shlex.split(line, comments=True)
            if not words or words[0] == "package":
                continue
            if words[0] == "config":
                self.sections.append([words[1], words[2] if len(words) > 2 else None, {}])
            elif words[0] == "option":
                self.sections[-1][2][words[1]] = words[2]
            elif words[0] == "list":
                self.sections[-1][2].setdefault(words[1], []).append(words[2])
            else:
                raise Refused("Parse error")

    def find(self, reference):
        if match := re.fullmatch(r"@([\w-]+)\[(-?\d+)\]", reference):
            same = [s for s in self.sections if s[0] == match[1]]
            try:
                return same[int(match[2])]
            except IndexError:
                return None
        return next((s for s in self.sections if s[1] == reference), None)

    def text(self):
        out = []
        for kind, name, options in self.sections:
            out.append(f"\nconfig {kind}" + (f" {quote(name)}" if name else ""))
            for option, value in options.items():
                if isinstance(value, str):
                    out.append(f"\toption {option} {quote(value)}")
                else:
                    out += [f"\tlist {option} {quote(v)}" for v in value]
        return "".join(f"{line}\n" for line in out)


def logical_lines(text):
    held = ""
    for line in text.splitlines():
        held = f"{held}\n{line}" if held else line
        try:
            shlex.split(held, comments=True)
        except ValueError:
            continue
        yield held
        held = ""
    if held:
        raise Refused("Parse error")


def quote(value):
    return "'" + value.replace("'", "'\\''") + "'"


class Uci:
    def __init__(self, folder, staged):
        self.folder, self.staged = folder, staged

    def read(self, name):
        path = os.path.join(self.folder, name)
        if not re.fullmatch(r"[\w-]+", name) or not os.path.isfile(path):
            raise Refused("Entry not found")
        with open(path) as file:
            package = Package(file.read())
        for command in self.deltas(name):
            change(package, *command)
        return package

    def names(self):
        return sorted(n for n in os.listdir(self.folder) if re.fullmatch(r"[\w-]+", n))

    def deltas(self, name):
        path = os.path.join(self.staged, name)
        if not os.path.exists(path):
            return []
        with open(path) as file:
            return [json.loads(line) for line in file]

    def stage(self, name, *command):
        change(self.read(name), *command)
        os.makedirs(self.staged, exist_ok=True)
        with open(os.path.join(self.staged, name), "a") as file:
            file.write(json.dumps(command) + "\n")

    def commit(self, name):
        if not self.deltas(name):
            return
        text = self.read(name).text()
        path = os.path.join(self.folder, name)
        try:
            with open(path + ".uci-new", "w") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            os.rename(path + ".uci-new", path)
        except OSError as error:
            if os.path.exists(path + ".uci-new"):
                os.unlink(path + ".uci-new")
            raise Refused("I/O error") from error
        self.revert(name)

    def revert(self, name):
        path = os.path.join(self.staged, name)
        if os.path.exists(path):
            os.unlink(path)


def change(package, verb, reference, option, value):
    """Carry one command out on a package; `reference` names the section."""
    if verb == "add":
        package.sections.append([value, None, {}])
        return
    section = package.find(reference)
    if section is None:
        if verb == "set" and not option and value and re.fullmatch(r"[\w-]+", reference):
            package.sections.append([value, reference, {}])
            return
        raise Refused("Entry not found" if verb != "set" else "Invalid argument")
    options = section[2]
    if not option:
        if verb == "set":
            section[0] = value
        elif verb == "delete":
            package.sections.remove(section)
        elif verb == "rename":
            section[1] = value
        elif verb == "reorder":
            package.sections.remove(section)
            package.sections.insert(int(value), section)
        else:
            raise Refused("Invalid argument")
        return
    if verb == "set":
        if value == "":
            options.pop(option, None)
        else:
            options[option] = value
    elif verb == "add_list":
        old = options.get(option, [])
        options[option] = [*([old] if isinstance(old, str) else old), value]
    elif verb == "del_list":
        old = options.get(option)
        if isinstance(old, list):
            options[option] = [v for v in old if v != value]
            if not options[option]:
                del options[option]
    elif verb == "delete":
        if option not in options:
            raise Refused("Entry not found")
        del options[option]
    elif verb == "rename":
        if option not in options:
            raise Refused("Entry not found")
        options[value] = options.pop(option)


def place(text):
    match = re.fullmatch(r"([\w-]+)(?:\.([\w-]+|@[\w-]+\[-?\d+\])(?:\.([\w-]+))?)?", text)
    if match is None:
        raise Refused("Parse error")
    return match[1], match[2], match[3]


def run(uci, verb, arguments):
    if verb in ("export", "show"):
        for name in arguments or uci.names():
            package = uci.read(name)
            print(f"package {name}\n{package.text()}" if verb == "export" else shown(name, package))
    elif verb == "get":
        name, reference, option = place(arguments[0])
        section = uci.read(name).find(reference or "")
        if section is None or (option and option not in section[2]):
            raise Refused("Entry not found")
        value = section[2][option] if option else section[0]
        print(value if isinstance(value, str) else " ".join(value))
    elif verb == "changes":
        for name in arguments or uci.names():
            for what, reference, option, value in uci.deltas(name):
                path = ".".join(p for p in (name, reference, option) if p)
                print(f"-{path}" if what == "delete" else f"{path}={quote(value or '')}")
    elif verb in ("commit", "revert"):
        for name in arguments or uci.names():
            if arguments:
                uci.read(name)
            getattr(uci, verb)(name)
    elif verb == "add":
        uci.stage(arguments[0], "add", None, None, arguments[1])
        print(f"cfg{len(uci.read(arguments[0]).sections):02x}{abs(hash(arguments[1])) % 65536:04x}")
    elif verb in ("set", "add_list", "del_list", "rename", "reorder"):
        path, equals, value = arguments[0].partition("=")
        if not equals:
            raise Refused("Parse error")
        name, reference, option = place(path)
        uci.stage(name, verb, reference, option, value)
    elif verb in ("delete", "del"):
        name, reference, option = place(arguments[0])
        uci.stage(name, "delete", reference, option, None)
    else:
        raise Refused("unknown command")


def shown(name, package):
    lines, counts = [], {}
    for kind, own, options in package.sections:
        at = f"{name}.{own or f'@{kind}[{counts.get(kind, 0)}]'}"
        counts[kind] = counts.get(kind, 0) + 1
        lines.append(f"{at}={kind}")
        for option, value in options.items():
            lines.append(f"{at}.{option}=" + (quote(value) if isinstance(value, str) else " ".join(map(quote, value))))
    return "\n".join(lines)


def main(argv):
    quiet, folder, staged = False, "/etc/config", "/tmp/.uci"
    while argv and argv[0].startswith("-"):
        flag = argv.pop(0)
        if flag == "-q":
            quiet = True
        elif flag == "-c":
            folder = argv.pop(0)
        elif flag == "-P":
            staged = argv.pop(0)
    try:
        run(Uci(folder, staged), argv[0], argv[1:])
    except (Refused, IndexError) as error:
        if not quiet:
            print(f"uci: {error or 'Invalid argument'}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
