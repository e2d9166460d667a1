"""What `uci` does to a configuration is foretold: the model against the stand-in, over generated commands."""

from __future__ import annotations

import contextlib
import io
import shlex
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from devices.configuring.uci import DIALECT
from devices.configuring.uci_model import parse
from devices.model import Device, DeviceId, Role, SiteId, Target
from tests.lab import uci_standin

DEVICE = Device(
    id=DeviceId("a"), site=SiteId("s"), name="a", role=Role.AP, target=Target(domain="d", host="192.0.2.1")
)  # fmt: skip
FILES = {
    "wireless": "\nconfig wifi-device 'radio0'\n\toption channel '36'\n\nconfig wifi-iface\n\toption ssid 'Lama'\n"
    "\tlist maclist 'a'\n\tlist maclist 'b'\n\nconfig wifi-iface 'tamu'\n\toption ssid 'it'\\''s'\n",
    "system": "\nconfig system\n\toption hostname 'ap'\n",
}
NAMES = st.sampled_from(["radio0", "tamu", "baru", "@wifi-iface[0]", "@wifi-iface[-1]", "@wifi-iface[2]", "@system[0]"])
OPTIONS = st.sampled_from(["ssid", "channel", "maclist", "key"])
VALUES = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=0, max_size=8)
PACKAGES = st.sampled_from(["wireless", "system"])


def line(verb: str, path: str, value: str | None) -> str:
    told = path if value is None else f"{path}={value}"
    return f"uci {verb} {shlex.quote(told)}"


LINES = st.one_of(
    st.builds(lambda p, s, o, v: line("set", f"{p}.{s}.{o}", v), PACKAGES, NAMES, OPTIONS, VALUES),
    st.builds(lambda p, s: line("set", f"{p}.{s}", "wifi-iface"), PACKAGES, st.sampled_from(["baru", "tamu", "lain"])),
    st.builds(lambda p, s, o, v: line("add_list", f"{p}.{s}.{o}", v), PACKAGES, NAMES, OPTIONS, VALUES.filter(bool)),
    st.builds(lambda p, s, o, v: line("del_list", f"{p}.{s}.{o}", v), PACKAGES, NAMES, OPTIONS, st.sampled_from("abc")),
    st.builds(lambda p, s, o: line("delete", f"{p}.{s}.{o}", None), PACKAGES, NAMES, OPTIONS),
    st.builds(lambda p, s: line("delete", f"{p}.{s}", None), PACKAGES, NAMES),
    st.builds(lambda p: f"uci add {p} wifi-iface", PACKAGES),
    st.builds(lambda p, s, v: line("rename", f"{p}.{s}", v), PACKAGES, NAMES, st.sampled_from(["nama1", "nama2"])),
    st.builds(lambda p, s, o: line("rename", f"{p}.{s}.{o}", "nama3"), PACKAGES, NAMES, OPTIONS),
    st.builds(lambda p: f"uci commit {p}", PACKAGES),
    st.just("uci commit"),
)


def standin(folder: Path, *arguments: str) -> tuple[str, int]:
    """The program's answer, run in this process."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
        code = uci_standin.main(["-c", str(folder / "config"), "-P", str(folder / "staged"), *arguments])
    return out.getvalue(), code


@settings(max_examples=100, deadline=None)
@given(st.lists(LINES, max_size=8))
def test_what_is_foretold_is_what_uci_then_exports(lines: list[str]) -> None:
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        (folder / "config").mkdir()
        for name, text in FILES.items():
            (folder / "config" / name).write_text(text)
        running = DIALECT.normalise(standin(folder, "export")[0])
        codes = [standin(folder, *shlex.split(told)[1:])[1] for told in lines]
        foretold = DIALECT.after(running, lines)
        if any(codes):
            assert foretold is None  # the device would refuse one: nothing is promised
            return
        after = DIALECT.normalise(standin(folder, "export")[0])
        assert foretold == after
        assert [i for i in DIALECT.missing(after, lines) if not is_decided_again(lines, i)] == []


def is_decided_again(lines: list[str], index: int) -> bool:
    """A later line about a section that moved or was renamed may mean another one now: nothing is asked of these."""
    return any(
        word in told for told in lines[index + 1 :] for word in ("rename", "delete", "uci add ", "del_list", "set")
    )


@given(st.dictionaries(st.sampled_from(["ssid", "key", "x"]), VALUES.filter(bool), min_size=1))
def test_what_is_written_reads_back_the_same(options: dict[str, str]) -> None:
    text = "package a\n\nconfig b 'c'\n" + "".join(f"\toption {k} {shlex.quote(v)}\n" for k, v in options.items())
    assert parse(parse(text).text()) == parse(text)
    assert DIALECT.normalise(DIALECT.normalise(text)) == DIALECT.normalise(text)


@given(VALUES.filter(lambda v: len(v) > 2))
def test_a_quoted_value_is_one_word_of_the_shell(value: str) -> None:
    assert shlex.split(f"uci set a.b.c={DIALECT.quote(value)}") == ["uci", "set", f"a.b.c={value}"]


@given(VALUES.filter(lambda v: len(v) > 3 and v not in "option config wireless wifi-iface ***"))
def test_no_form_of_a_passphrase_gets_past_the_mask(value: str) -> None:
    quoted = DIALECT.quote(value)
    for text in (
        f"package wireless\n\nconfig wifi-iface 'a'\n\toption ssid 'Umum'\n\toption key {quoted}\n",
        f"uci set wireless.@wifi-iface[0].key={quoted}",
        f"printf '%s\\n' {quoted} {quoted} | passwd root",
        f"printf '%s:%s\\n' teknisi {quoted} | chpasswd",
    ):
        masked = DIALECT.mask(text)
        assert quoted not in masked
        assert masked.count("\n") == text.count("\n")


def test_lines_that_a_shell_would_expand_are_not_foretold() -> None:
    running = DIALECT.normalise("package a\n\nconfig b 'c'\n")
    for told in ("uci set a.c.d=$(date)", "uci set a.c.d=x; reboot", 'uci set a.c.d="$HOME"', "uci set a.cfg012345.d=x",
                 "uci set a.c.d=x > /tmp/y", "sed -i s/a/b/ /etc/config/a", "echo x | passwd root"):  # fmt: skip
        assert DIALECT.after(running, [told]) is None, told


def test_lines_on_the_way_to_the_device_are_known() -> None:
    running = DIALECT.normalise("package wireless\n\nconfig wifi-iface 'a'\n\toption mode 'ap'\n")
    lines = [
        "uci set network.lan.ipaddr='10.0.0.1'",
        "uci set network.wan.dns='10.0.0.1'",
        "uci set wireless.a.ssid='x'",
        "uci set firewall.@rule[0].target='DROP'",
        "uci commit network",
        "/etc/init.d/network restart",
        "printf '%s\\n' 'x' > /etc/banner",
        "printf '%s\\n' 'x' >> /etc/dropbear/authorized_keys",
        "uci set dropbear.@dropbear[0].Port='2222'",
    ]
    assert DIALECT.management(running, lines, DEVICE) == [0, 3, 5, 7, 8]
    station = running.replace("'ap'", "'sta'")
    assert 2 in DIALECT.management(station, lines, DEVICE)
