"""An import is noticed from folders alone."""

from __future__ import annotations

import shutil
from pathlib import Path

from merata import imported
from merata.settings import StatePaths


def test_each_import_and_each_withdrawal_changes_the_mark(tmp_path: Path) -> None:
    paths = StatePaths(root=tmp_path)
    seen = [imported.mark(paths)]
    assert seen == [()]
    for version in ("0001", "0002"):
        (paths.geo / "population" / version).mkdir(parents=True)
        seen.append(imported.mark(paths))
    (paths.geo / ".part-x").mkdir()
    assert imported.mark(paths) == seen[-1]
    shutil.rmtree(paths.geo / "population" / "0002")
    assert imported.mark(paths) == seen[1]
    (paths.geo / "population" / "0002").mkdir()
    assert imported.mark(paths) not in seen[:2]
    assert len(set(seen)) == 3
