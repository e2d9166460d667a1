"""Area tables as lines: `area_1h` and `area_1d`, tags `area` (Kemendagri code) and `question`."""

from __future__ import annotations

from measurements.influx.lines import point_line
from measurements.sqlite.reader import SqliteReader

# Hours and days that a late reading changed are made again locally; the last ones are sent again with the new ones.
AGAIN_S = {"1h": 24 * 3600, "1d": 3 * 86_400}
_SECONDS = ("subject_s", "up_s", "degraded_s", "down_s", "maintenance_s")


def lines_since(local: SqliteReader, tier: str, mark: int | None) -> tuple[list[str], int]:
    """Lines of the buckets that were made since `mark` (None: all), and the new mark.

    Args:
        local: where the tables are.
        tier: `1h` or `1d`.
        mark: what this gave the last time.
    """
    name = f"area_{tier}"
    with local._history() as db:
        query = "SELECT done FROM watermark WHERE tier = ?"
        found = None if db is None else db.execute(query, (name if tier == "1h" else tier,)).fetchone()
    done = 0 if found is None else int(found[0])
    if mark is not None and done <= mark:
        return [], mark
    return lines_between(local, tier, 0 if mark is None else mark - AGAIN_S[tier], done)


def lines_between(local: SqliteReader, tier: str, start: int, end: int) -> tuple[list[str], int]:
    """Lines of the buckets in [start, end), and `end`."""
    name = f"area_{tier}"
    columns = f"{', '.join(_SECONDS)}, in_octets, out_octets, clients_n, clients_sum, clients_max"
    query = f"SELECT w.text, t.question, t.bucket, {columns} FROM {name} t JOIN word w ON w.id = t.area"  # noqa: S608
    with local._history() as db:
        if db is None:
            return [], end
        rows = db.execute(f"{query} WHERE t.bucket >= ? AND t.bucket < ?", (start, end)).fetchall()
    lines = [
        point_line(
            name, {"area": row[0], "question": row[1]}, slot=row[2],
            integers={"in_octets": row[8], "out_octets": row[9], "clients_max": row[12]},
            floats={**dict(zip(_SECONDS, row[3:8], strict=True)), "clients": row[11] / row[10] if row[10] else None},
        )
        for row in rows
    ]  # fmt: skip
    return lines, end
