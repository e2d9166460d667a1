from __future__ import annotations

import re
from pathlib import Path

import pytest

from devices.platforms.platform import Platform
from devices.platforms.recognise import platforms

DOCS = Path(__file__).parents[4] / "docs"


@pytest.mark.parametrize("name", sorted(platforms()))
def test_every_platform_has_a_row_in_the_reference(name: str) -> None:
    assert f"| `{name}` |" in (DOCS / "reference" / "platforms.md").read_text()


def test_every_caution_is_in_the_reference() -> None:
    reference = (DOCS / "reference" / "platforms.md").read_text()
    assert [p.name for p in platforms().values() if p.caution and p.caution not in reference] == []


@pytest.mark.parametrize("name", ["ping", "health", "interfaces", "radio", "service"])
def test_every_question_of_a_poll_is_documented_with_an_example(name: str) -> None:
    text = (DOCS / "reference" / "collectors" / f"{name}.md").read_text()
    assert re.search(r"^[a-z_]+,device=\S+ \S+ \d+$", text, re.M)


def test_the_example_of_the_guide_is_a_platform() -> None:
    guide = (DOCS / "how-to" / "add-a-platform.md").read_text()
    found = re.search(r"```python\n(.*?)```", guide, re.S)
    assert found is not None
    code = "\n".join(line.removeprefix("   ") for line in found.group(1).splitlines())
    space: dict[str, object] = {}
    exec(compile(code, "add-a-platform.md", "exec"), space)
    assert isinstance(space["PLATFORM"], Platform)
