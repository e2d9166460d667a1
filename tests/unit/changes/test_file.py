"""Change files: what is read, and every complaint with its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from controller.changes.errors import ChangeError
from controller.changes.file import read_change
from controller.changes.model import Change
from tests.unit.changes.fleet import UNITS

PLATFORMS = ("routeros", "ios", "openwrt", "plain")
HEAD = "name: a\ntitle: A\n"
DNS = HEAD + "intent:\n  dns:\n    servers: 9.9.9.9\n"


def read(folder: Path, text: str, **templates: str) -> Change:
    (folder / "change.yaml").write_text(text)
    for name, body in templates.items():
        (folder / f"{name}.j2").write_text(body)
    return read_change(folder, units=UNITS, platforms=PLATFORMS)


def complaints(folder: Path, text: str, **templates: str) -> list[str]:
    with pytest.raises(ChangeError) as refusal:
        read(folder, text, **templates)
    return [str(one).replace(f"{folder}/", "") for one in refusal.value.complaints]


def test_a_whole_change_is_read(tmp_path: Path) -> None:
    change = read(
        tmp_path,
        """
name: notes
title: Notes
reason: >
  Two lines
  become one.
where: regency=61.08 and
  not tag=lab
variables:
  text: {type: string, value: hello, cases: [{where: tag=x, value: other}]}
  limit: {type: integer, least: 1, most: 9, value: 3}
  names: {type: list, of: address, value: [9.9.9.9]}
  psk: {type: secret, value: env:PSK}
templates: {routeros: a.j2, plain: b.j2}
verify: {any: {present: [x]}, plain: {matches: ["^a{2,3}$"]}}
options: {waves: [5%, 0.5, 1], window: mon-fri 22:00-24:00, tolerance: {clients: 50%}}
""",
        a="{% include 'b.j2' %}\nnote={{ text | quote }} {{ limit }}",
        b="{% for n in names %}\nserver={{ n }}\n{% endfor %}\npsk={{ psk }}\n",
    )
    assert change.reason == "Two lines become one."
    assert str(change.where) == "regency=61.08 and not tag=lab"
    assert change.options.waves == (0.05, 0.5, 1.0)
    assert change.options.window == "mon-fri 22:00-24:00"
    assert change.options.tolerance.clients == 0.5
    assert set(change.texts) == {"a.j2", "b.j2"}
    assert not change.warnings


def test_a_file_by_itself_is_read_too(tmp_path: Path) -> None:
    (tmp_path / "dns.yaml").write_text(DNS)
    assert read_change(tmp_path / "dns.yaml", units=UNITS, platforms=PLATFORMS).intents[0].kind == "dns"


def test_every_mistake_is_said_at_once(tmp_path: Path) -> None:
    found = complaints(
        tmp_path,
        """titel: x
where: regncy=61.08
variables:
  device: {type: string}
  limit: {type: integer, value: many}
  kind: {type: choice}
  psk: {type: secret, value: hunter22}
intent:
  dns: {servers: dns.example}
  ntpp: {servers: x}
options: {waves: [1, 0.5], settle: 5}
""",
    )
    assert [one for one in found if "nothing uses" not in one] == [
        "change.yaml:1: name: a change needs `name`",
        "change.yaml:1: titel: unknown key 'titel': did you mean 'title'?",
        "change.yaml:1: title: a change needs `title`",
        "change.yaml:2: where: unknown field 'regncy': did you mean 'regency'? (at column 1 of 'regncy=61.08')",
        "change.yaml:4: variables.device: expected a name of a-z, 0-9 and _, at most 40, beginning with a letter, "
        "not one that templates have already",
        "change.yaml:5: variables.limit.value: expected a number like 20 or 1.5, without a unit; found the text 'many'",
        "change.yaml:6: variables.kind.choices: a choice needs `choices`",
        "change.yaml:7: variables.psk.value: expected a reference, env:NAME or file:PATH; "
        "a secret itself must not stand in this file; found something else (not shown)",
        "change.yaml:9: intent.dns.servers: expected an IPv4 or IPv6 address, found 'dns.example'",
        "change.yaml:10: intent.ntpp: unknown intent 'ntpp': did you mean 'ntp'?",
        "change.yaml:11: options.settle: unknown key 'settle': did you mean 'settle_s'?",
        "change.yaml:11: options.waves: expected shares that grow, the last one 1 (all that remain)",
    ]


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("a {{ b }}", "a.j2:1: b: unknown name 'b'"),
        ("a\n{{ device.nmae }}", "a.j2:2: device: unknown device fact 'nmae': did you mean 'name'?"),
        ("a\n{{ site['x'] }}", "a.j2:2: site: unknown site fact 'x'"),
        ("a\n{% if %}", "a.j2:2: not a template"),
        ("a\n{{ text | qoute }}", "a.j2:2: not a template: No filter named 'qoute'."),
        ("{% include text %}", "the name of an included template must be written out"),
        ("{% include 'c.j2' %}", "a.j2:1: c.j2 cannot be read: No such file or directory"),
        ("key ⟦env:HOME⟧", "holds the brackets that mark secrets"),
        ("wpa2-pre-shared-key=hunter2222", "a.j2:1: looks like a secret in clear text (not shown)"),
        ("uci set wireless.w.key='x'\n snmp community 'public99'", "a.j2:2: looks like a secret"),
    ],
)
def test_a_faulty_template_is_said_with_its_line(tmp_path: Path, template: str, expected: str) -> None:
    text = HEAD + "variables: {text: {type: string, value: x}}\ntemplates: {plain: a.j2}\n"
    found = complaints(tmp_path, text, a=template)
    assert any(expected in one for one in found), found
    assert not any("hunter" in one or "public99" in one for one in found)


@pytest.mark.parametrize(
    "line", ["encryption psk2", "password {{ psk }}", "password encryption aes", "key='{{ psk }}'"]
)
def test_what_only_looks_like_a_secret_is_taken(tmp_path: Path, line: str) -> None:
    text = HEAD + "variables: {psk: {type: secret, value: env:P}}\ntemplates: {plain: a.j2}\n"
    assert read(tmp_path, text, a=line)


@pytest.mark.parametrize("name", ["../a.j2", "/etc/passwd", "x/../../a.j2", "..\\a.j2", ".", "link.j2"])
def test_no_template_is_read_from_elsewhere(tmp_path: Path, name: str) -> None:
    inner = tmp_path / "inner"
    inner.mkdir()
    (tmp_path / "a.j2").write_text("secret")
    (inner / "link.j2").symlink_to(tmp_path / "a.j2")
    found = complaints(inner, HEAD + f"templates: {{plain: '{name}'}}\n")
    assert len(found) == 1
    assert "templates" in found[0]


def test_a_secret_written_as_plain_text_is_refused_unseen(tmp_path: Path) -> None:
    text = HEAD + "variables: {wifi_psk: {type: string, value: hunter22}}\ntemplates: {plain: a.j2}\n"
    found = complaints(tmp_path, text, a="psk={{ wifi_psk }}")
    assert found == [
        "change.yaml:3: variables.wifi_psk: looks like a secret in clear text: give it `type: secret` and a reference"
    ]
    user = HEAD + "intent: {user: {name: petugas, password: hunter22}}\n"
    assert "expected a reference" in complaints(tmp_path, user)[0]
    assert "hunter" not in str(complaints(tmp_path, user))


def test_intents_and_their_fields_are_strict(tmp_path: Path) -> None:
    found = complaints(
        tmp_path,
        HEAD
        + "intent:\n  ssid: {sid: x}\n  bandwidth: {down_kbps: 1.5, up_kbps: 1}\n  user: [{name: 1st, ssh_key: k}]\n",
    )
    assert [one.partition(": ")[2] for one in found] == [
        "intent.ssid: ssid needs `ssid`",
        "intent.ssid.sid: unknown key 'sid': did you mean 'ssid'?",
        "intent.bandwidth.down_kbps: expected a whole number",
        "intent.user.name: expected at most 32 of a-z, 0-9, '.', '_', '-', beginning with a letter, found '1st'",
    ]


def test_an_unused_variable_is_worth_a_warning(tmp_path: Path) -> None:
    change = read(tmp_path, DNS + "variables: {x: {type: string, value: y}}\n")
    assert [w.message for w in change.warnings] == ["nothing uses this variable"]


def test_templates_are_for_platforms_that_exist(tmp_path: Path) -> None:
    found = complaints(tmp_path, HEAD + "templates: {routros: a.j2}\n", a="x")
    assert "unknown platform or dialect 'routros': did you mean 'routeros'?" in found[0]


@pytest.mark.parametrize("waves", ["[]", "[0.5]", "[0.5, 0.2, 1]", "[0, 1]"])
def test_waves_grow_to_the_whole(tmp_path: Path, waves: str) -> None:
    assert "expected shares that grow" in complaints(tmp_path, DNS + f"options: {{waves: {waves}}}\n")[0]


def test_values_do_not_hang_on_a_state_and_windows_are_times(tmp_path: Path) -> None:
    text = HEAD + "variables: {n: {type: string, value: x, cases: [{where: state=up, value: y}]}}\n"
    found = complaints(tmp_path, text + "options: {window: nights}\ntemplates: {plain: a.j2}\n", a="{{ n }}")
    assert "a state passes" in found[0]
    assert "options.window: expected times like `mon-fri 22:00-24:00" in found[1]


def test_a_change_needs_something_to_do(tmp_path: Path) -> None:
    assert "a change needs `intent` or `templates`" in complaints(tmp_path, HEAD)[0]
    assert complaints(tmp_path, "[1, 2]")
    assert complaints(tmp_path, "")
    assert "cannot be read" in complaints_of_missing(tmp_path)


def complaints_of_missing(folder: Path) -> str:
    with pytest.raises(ChangeError) as refusal:
        read_change(folder / "nowhere.yaml", units=UNITS, platforms=PLATFORMS)
    return str(refusal.value)
