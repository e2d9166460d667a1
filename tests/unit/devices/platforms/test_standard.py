from __future__ import annotations

import pytest

from devices.platforms import if_mib, standard
from devices.platforms.platform import SYS_UP_TIME, Interfaces
from devices.platforms.sources import Answers
from devices.transport.snmp.api import Oid, Value

STORAGE = "1.3.6.1.2.1.25.2.3.1."
SENSOR = "1.3.6.1.2.1.99.1.1.1."
RAM, DISK = Oid("1.3.6.1.2.1.25.2.1.2"), Oid("1.3.6.1.2.1.25.2.1.4")


def test_the_host_is_up_at_least_as_long_as_its_agent() -> None:
    answers = Answers(values={standard.HR_UPTIME: 100_00, SYS_UP_TIME: 50_00, standard.ENGINE_TIME: 99_999})
    assert standard.UPTIME.read(answers) == 100


def test_the_engine_time_counts_once_the_ticks_have_wrapped() -> None:
    answers = Answers(values={SYS_UP_TIME: 17, standard.ENGINE_TIME: 42_949_700})
    assert standard.UPTIME.read(answers) == 42_949_700


def test_uptime_is_not_told_by_a_device_without_a_clock() -> None:
    assert standard.UPTIME.read(Answers()) is None


def test_buffers_and_cache_are_free_memory() -> None:
    ucd = "1.3.6.1.4.1.2021.4."
    answers = Answers(values={ucd + "5.0": 1000, ucd + "6.0": 100, ucd + "14.0": 50, ucd + "15.0": 450})
    assert standard.UCD_MEMORY.read(answers) == pytest.approx(0.4)


def test_memory_that_does_not_add_up_falls_back_to_what_is_free() -> None:
    ucd = "1.3.6.1.4.1.2021.4."
    answers = Answers(values={ucd + "5.0": 1000, ucd + "6.0": 300, ucd + "15.0": 900})
    assert standard.UCD_MEMORY.read(answers) == pytest.approx(0.7)


def storage(**rows: tuple[Value, bytes, int, int]) -> Answers:
    made = Answers()
    for leaf, place in (("2", 0), ("3", 1), ("5", 2), ("6", 3)):
        made.tables[STORAGE + leaf] = {key: row[place] for key, row in rows.items()}
    return made


def test_ram_is_found_among_disks_and_asked_again_by_its_row() -> None:
    answers = storage(
        r1=(DISK, b"memory card", 100, 99), r2=(RAM, b"Swap", 10, 9), r3=(RAM, b"Physical memory", 1000, 250)
    )
    assert standard.HR_MEMORY.read(answers) == 0.25
    assert standard.HR_MEMORY.rows(answers)[STORAGE + "6"] == ("r3",)


def test_storage_without_ram_tells_nothing() -> None:
    assert standard.HR_MEMORY.read(storage(r1=(DISK, b"/", 100, 50))) is None


def test_the_fullest_writable_disk_tells_and_read_only_ones_do_not() -> None:
    answers = storage(
        r1=(RAM, b"Physical memory", 1000, 990), r2=(DISK, b"/rom", 100, 100), r3=(DISK, b"/overlay", 100, 40),
        r4=(DISK, b"/", 200, 190), r5=(DISK, b"/empty", 0, 0), r6=(DISK, b"/srv", 1000, 100),
        r7=(DISK, b"/run/lock", 5, 5), r8=(DISK, b"/roman", 100, 10),
    )  # fmt: skip
    assert standard.HR_DISK.read(answers) == 0.95
    assert standard.HR_DISK.rows(answers)[STORAGE + "6"] == ("r4", "r3")


def test_a_disk_is_told_again_from_the_rows_that_are_asked_again_beside_the_memory() -> None:
    answers = storage(r1=(RAM, b"Physical memory", 1000, 990), r2=(DISK, b"/rom", 100, 100), r3=(DISK, b"/", 100, 40))
    again = Answers()
    for source in (standard.HR_DISK, standard.HR_MEMORY):
        for column, rows in source.rows(answers).items():
            known = dict(again.table(column))
            again.tables[column] = known | {row: answers.table(column)[row] for row in rows}
    assert (standard.HR_DISK.read(again), standard.HR_MEMORY.read(again)) == (0.4, 0.99)


def test_without_a_storage_table_the_disks_of_snmpd_conf_tell() -> None:
    assert standard.HR_DISK.read(storage(r1=(RAM, b"RAM", 10, 1))) is None
    ucd = "1.3.6.1.4.1.2021.9.1."
    answers = Answers(tables={ucd + "2": {"1": b"/", "2": b"/rom"}, ucd + "9": {"1": 62, "2": 100}})
    assert standard.UCD_DISK.read(answers) == 0.62
    assert standard.UCD_DISK.rows(answers) == {ucd + "9": ("1",)}


def test_sensors_are_scaled_and_only_degrees_that_work_are_taken() -> None:
    answers = Answers()
    rows: dict[str, tuple[int, int, int, int, int]] = {
        "1": (8, 9, 0, 41, 1),  # 41 C
        "2": (8, 9, 1, 385, 1),  # 38.5 C
        "3": (8, 8, 0, 52_000, 1),  # milli: 52 C
        "4": (8, 9, 0, 30, 2),  # unavailable
        "5": (10, 9, 0, 4000, 1),  # a fan
    }
    for leaf, place in (("1", 0), ("2", 1), ("3", 2), ("4", 3), ("5", 4)):
        answers.tables[SENSOR + leaf] = {key: row[place] for key, row in rows.items()}
    assert standard.ENTITY_SENSORS.read(answers) == pytest.approx((41, 38.5, 52))
    assert standard.ENTITY_SENSORS.rows(answers)[SENSOR + "4"] == ("1", "2", "3")


def test_the_serial_of_a_module_is_not_preferred_to_that_of_the_chassis() -> None:
    entity = "1.3.6.1.2.1.47.1.1.1.1."
    answers = Answers(tables={entity + "5": {"1": 9, "2": 3}, entity + "11": {"1": b"MODULE", "2": b"CHASSIS"}})
    assert standard.SERIAL[0].read(answers) == "CHASSIS"


def ports(**columns: dict[str, Value]) -> Answers:
    return Answers(tables={getattr(if_mib, name): rows for name, rows in columns.items()})


def test_ports_of_one_name_get_their_index() -> None:
    answers = ports(NAME={"1": b"eth", "2": b"eth", "3": b"lo"}, OPER={"1": 1, "2": 1, "3": 1})
    assert [i.if_name for i in if_mib.interfaces_of(answers, Interfaces())] == ["eth#1", "eth#2", "lo"]


def test_a_row_without_name_and_type_is_no_interface() -> None:
    answers = ports(NAME={"1": b"wan"}, TYPE={"1": 6, "2": 0}, OPER={"1": 1, "2": 1})
    assert [i.if_index for i in if_mib.interfaces_of(answers, Interfaces())] == [1]


def test_the_counter_of_each_port_has_its_own_width() -> None:
    answers = ports(
        NAME={"1": b"fast", "2": b"slow"}, OPER={"1": 1, "2": 1}, IN_64={"1": 2**40}, OUT_64={"1": 1},
        IN_32={"1": 5, "2": 6}, OUT_32={"1": 7, "2": 8},
    )  # fmt: skip
    fast, slow = if_mib.interfaces_of(answers, Interfaces())
    assert (fast.in_octets, fast.counter_bits) == (2**40, 64)
    assert (slow.in_octets, slow.counter_bits) == (6, 32)


def test_the_uplink_is_declared_or_known_or_the_busiest_port() -> None:
    answers = ports(
        NAME={"1": b"lo", "2": b"eth0", "3": b"eth1"}, TYPE={"1": 24, "2": 6, "3": 6},
        OPER={"1": 1, "2": 1, "3": 1}, IN_64={"1": 9999, "2": 5, "3": 50}, OUT_64={"1": 9999, "2": 5, "3": 50},
    )  # fmt: skip
    interfaces = if_mib.interfaces_of(answers, Interfaces())
    assert if_mib.uplink(interfaces, wanted=None, quirks=Interfaces()) == "eth1"
    assert if_mib.uplink(interfaces, wanted=None, quirks=Interfaces(uplink=("wan", "eth0"))) == "eth0"
    assert if_mib.uplink(interfaces, wanted="lo", quirks=Interfaces(uplink=("eth0",))) == "lo"
    assert if_mib.uplink(interfaces, wanted="gone", quirks=Interfaces()) is None
    assert if_mib.uplink((), wanted=None, quirks=Interfaces()) is None
