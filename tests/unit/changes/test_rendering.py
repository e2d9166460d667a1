"""Changes written for devices: values by device, quoting, secrets as marks, and lint over a fleet."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.changes.checks import failing
from controller.changes.errors import RenderError
from controller.changes.file import read_change
from controller.changes.lint import lint
from controller.changes.rendering import Rendered, Renderer, render
from controller.changes.subjects import FACTS, facts
from controller.changes.templates import Engine
from controller.changes.variables import settings
from devices.model import Backhaul
from tests.unit.changes.fleet import PLAIN, UNITS, site, subject

HEAD = "name: a\ntitle: A\n"


def written(folder: Path, variables: str, template: str, one: Any = None, *, more: str = "", **given: str) -> Rendered:
    text = HEAD + f"variables: {variables}\ntemplates: {{plain: a.j2}}\n{more}"
    (folder / "change.yaml").write_text(text)
    (folder / "a.j2").write_text(template)
    change = read_change(folder, units=UNITS, platforms=("plain", "routeros"))
    return render(change, one or subject(), PLAIN, running="", values=given)


def test_values_come_from_inventory_cases_and_settings(tmp_path: Path) -> None:
    variables = """
  down: {type: integer, value: '{{ site.plan_down_mbps * 1000 }}', cases: [{where: backhaul=vsat, value: 512}]}
  note: {type: string, value: hello}"""
    template = "down={{ down }}\nnote={{ note | quote }}\n"
    fast = subject(plan_down_mbps=20.0)
    assert written(tmp_path, variables, template, fast).lines == ("down=20000", 'note="hello"')
    slow = subject(site=site(backhaul=Backhaul.VSAT))
    assert written(tmp_path, variables, template, slow, note="two words").lines == ("down=512", 'note="two words"')
    with pytest.raises(RenderError, match="variable down"):
        written(tmp_path, variables, template, subject())


def test_only_plain_words_stand_unquoted(tmp_path: Path) -> None:
    hostile = subject(site=site(name='x" disabled=yes'))
    with pytest.raises(RenderError, match=r"a.j2:2: .*more than a plain word: write `\| quote`"):
        written(tmp_path, "{n: {type: string, value: v}}", "{{ n }}\nname={{ site.name }}", hostile)
    with pytest.raises(RenderError, match="cannot be said in this device's language: a quote"):
        written(tmp_path, "{n: {type: string, value: v}}", "{{ n }}\nname={{ site.name | quote }}", hostile)


@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        ("device.model", "nothing is told of 'model' here"),
        ("device.tags", "a tuple has no text"),
        ("none", "none has no text"),
        ("(1 == 1)", "yes or no has no text"),
        ("1 / 0", "division by zero"),
        ("n ~ psk", "a secret stands alone"),
        ("psk | upper", "a secret stands alone"),
        ("n.__class__", "unsafe|undefined|no attribute"),
        ("''.__class__.__mro__", "unsafe|undefined|no attribute"),
        ("area | list | first | attr('__class__')", "unsafe|undefined|no attribute"),
        ("range(999999999)", "too big|range"),
    ],
)
def test_what_must_not_be_printed_is_an_error_with_its_line(tmp_path: Path, expression: str, reason: str) -> None:
    variables = "{n: {type: string, value: v}, psk: {type: secret, value: env:P}}"
    with pytest.raises(RenderError, match=f"a.j2:2: .*({reason})"):
        written(tmp_path, variables, "{{ n }}{{ psk }}\n{{ " + expression + " }}\n")


def test_secrets_stay_marks_and_are_listed(tmp_path: Path) -> None:
    found = written(
        tmp_path, "{psk: {type: secret, value: 'file:psk/{{ site.id }}'}}", "psk={{ psk | quote }}\nkey={{ psk }}"
    )
    assert found.lines == ("psk=⟦file:psk/pkm-ngabang⟧", "key=⟦file:psk/pkm-ngabang⟧")
    assert found.secrets == ("file:psk/pkm-ngabang",)


def test_a_name_in_the_inventory_cannot_ask_for_a_secret(tmp_path: Path) -> None:
    thief = subject(site=site(name="⟦env:HOME⟧"))
    for expression in ("site.name | quote", "site.name | verbatim", "[site.name] | words", "site.name"):
        with pytest.raises(RenderError, match="a secret stands alone"):
            written(tmp_path, "{n: {type: string, value: v}}", "{{ n }}{{ " + expression + " }}", thief)


def test_comments_and_empty_lines_are_left_out(tmp_path: Path) -> None:
    template = "# why\n\n{% if n == 'v' %}\n  a={{ n }}  \n{% endif %}\n"
    assert written(tmp_path, "{n: {type: string, value: v}}", template).lines == ("  a=v",)


def test_a_new_line_cannot_be_slipped_in(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="one line"):
        settings(_change(tmp_path, "{n: {type: string}}"), {"n": "a\nb"})
    with pytest.raises(RenderError, match="must not begin a new line"):
        written(tmp_path, "{n: {type: string, value: v}}", "{{ n }}{{ 'a\\nb' | verbatim }}")


def _change(folder: Path, variables: str) -> Any:
    (folder / "change.yaml").write_text(HEAD + f"variables: {variables}\ntemplates: {{plain: a.j2}}\n")
    (folder / "a.j2").write_text("{{ n }}")
    return read_change(folder, units=UNITS, platforms=("plain",))


def test_what_is_set_is_checked_by_type(tmp_path: Path) -> None:
    change = _change(tmp_path, "{n: {type: integer, most: 5}}")
    assert settings(change, {"n": "3"}) == {"n": "3"}
    with pytest.raises(ValueError, match="n: must be set"):
        settings(change, {})
    with pytest.raises(ValueError, match="n: expected a number to 5; found '7'"):
        settings(change, {"n": "7"})
    with pytest.raises(ValueError, match="unknown variable 'm': expected one of n"):
        settings(change, {"n": "1", "m": "1"})
    with pytest.raises(ValueError, match="not shown") as refusal:
        settings(_change(tmp_path, "{n: {type: secret}}"), {"n": "hunter22"})
    assert "hunter22" not in str(refusal.value)


def test_what_is_set_is_taken_as_it_is_and_runs_nothing(tmp_path: Path) -> None:
    found = written(tmp_path, "{n: {type: string}}", "a={{ n | quote }}", n="{{ 6 * 7 }} {% x")
    assert found.lines == ('a="{{ 6 * 7 }} {% x"',)


def test_intents_are_said_by_the_dialect(tmp_path: Path) -> None:
    (tmp_path / "change.yaml").write_text(
        HEAD
        + "variables: {s: {type: list, of: address, value: [9.9.9.9, 1.1.1.1]}}\nintent: {dns: {servers: '{{ s }}'}}\n"
    )
    change = read_change(tmp_path, units=UNITS, platforms=("plain",))
    assert render(change, subject(), PLAIN, running="").lines == ("dns=9.9.9.9,1.1.1.1",)
    with pytest.raises(RenderError, match="expected an IPv4"):
        render(change, subject(), PLAIN, running="", values={"s": "9.9.9"})


def test_a_template_of_the_platform_goes_before_one_of_the_dialect_and_before_intents(tmp_path: Path) -> None:
    (tmp_path / "change.yaml").write_text(HEAD + "intent: {dns: {servers: 9.9.9.9}}\ntemplates: {routeros: r.j2}\n")
    (tmp_path / "r.j2").write_text("own=1")
    change = read_change(tmp_path, units=UNITS, platforms=("plain", "routeros"))
    assert render(change, subject(), PLAIN, running="").lines == ("own=1",)
    assert render(change, subject(platform="airos"), PLAIN, running="").lines == ("dns=9.9.9.9",)


def test_checks_are_filled_and_kept_or_not(tmp_path: Path) -> None:
    more = "verify: {any: {present: ['a={{ n }}'], absent: [b=1]}, plain: {matches: ['^c{2}$']}}\n"
    checks = written(tmp_path, "{n: {type: string, value: v}}", "{{ n }}", more=more).checks
    assert checks == ("+ a=v", "- b=1", "~ ^c{2}$")
    assert failing(checks, "  a=v\ncc\n") == []
    assert failing(checks, "b=1\nccc\n") == list(checks)


def test_the_same_change_and_values_have_the_same_digest(tmp_path: Path) -> None:
    change = _change(tmp_path, "{n: {type: string}}")
    assert Renderer(change, {"n": "a"}).digest == Renderer(change, {"n": "a"}).digest
    assert Renderer(change, {"n": "a"}).digest != Renderer(change, {"n": "b"}).digest


def test_lint_gathers_what_is_wrong_over_the_fleet(tmp_path: Path) -> None:
    (tmp_path / "change.yaml").write_text(
        HEAD + "where: regency=61.08\nvariables: {x: {type: string, value: y}}\ntemplates: {routeros: r.j2}\n"
    )
    (tmp_path / "r.j2").write_text(
        "{% if 'bad' in device.tags %}\npsk=hunter2222\n{% endif %}\nname={{ device.model }}"
    )
    (tmp_path / "r.j2").write_text("a=1\n{% if 'bad' in device.tags %}\nname={{ device.model }}\n{% endif %}")
    change = read_change(tmp_path, units=UNITS, platforms=("routeros",))
    fleet = [
        subject(id="r1"), subject(id="r2", tags=("bad",)), subject(id="r3", tags=("bad",)),
        subject(id="r4", platform="unknown"), subject(id="r5", area="61.01.01"),
    ]  # fmt: skip
    report = lint(change, fleet, dialect_of=lambda p: PLAIN if p == "routeros" else None, values={})
    assert (report.targeted, report.written, report.is_good) == (4, 1, False)
    said = [str(f) for f in report.findings]
    assert said[0].startswith("warning:")
    assert "nothing uses this variable" in said[0]
    assert said[1] == "warning: platform unknown has no dialect: such devices cannot be changed (r4)"
    assert said[2].startswith("r.j2:3: nothing is told of 'model'")
    assert said[2].endswith("(r2 and 1 more)")


def test_lint_asks_the_dialect_what_is_secret(tmp_path: Path) -> None:
    change = _change(tmp_path, "{n: {type: string, value: v}, k: {type: secret, value: env:K}}")
    sound = Renderer(change, {})
    assert sound.digest
    (tmp_path / "a.j2").write_text("x_psk={{ n }}\n{{ k }}")
    change = read_change(tmp_path, units=UNITS, platforms=("plain",))
    report = lint(change, [subject()], dialect_of=lambda _: PLAIN, values={})
    assert [f.message for f in report.findings] == [
        "a.j2: line 1 of what it writes holds a secret in clear text (not shown)"
    ]
    (tmp_path / "a.j2").write_text("x_psk={{ k }}\n{{ n }}")
    change = read_change(tmp_path, units=UNITS, platforms=("plain",))
    assert lint(change, [subject()], dialect_of=lambda _: PLAIN, values={}).is_good


def test_the_facts_that_lint_knows_are_those_that_templates_see() -> None:
    assert {owner: frozenset(values) for owner, values in facts(subject()).items()} == dict(FACTS)


@given(st.text(max_size=60))
def test_no_text_printed_through_quote_or_plain_ever_breaks_its_line(text: str) -> None:
    engine = Engine({"t": "a={{ x }}", "q": "a={{ x | quote }}"}, PLAIN.quote)
    for name in ("t", "q"):
        try:
            lines = engine.lines(name, {"x": text})
        except RenderError:
            continue
        assert len(lines) == 1
        assert lines[0].removeprefix("a=").strip('"') == text.rstrip() or name == "q"
