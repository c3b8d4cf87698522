"""A run from a snapshot is the one that was never interrupted."""

import json
import time
import zipfile
from types import SimpleNamespace

import pytest

from sim import End, start_boot
from sim.boot import snapshot
from sim.boot.session import BootSession
from sim.boot.snapshot import SnapshotError, load_snapshot, save_snapshot
from sim.config import BootConfig
from sim.guests.boot_image import read_boot
from sim.platform.devices.captured import Captured
from sim.platform.devices.journal import Entry, Replay
from tests.sim.kernels import DISK, kernel

#: What is typed; the waits between are long enough for what is asked.
TYPED = [
    Entry(1_000, b"hello\nlazy\n"),
    Entry(12_000, b"disk\n"),
    Entry(25_000, b"tick\ntock\n"),
    Entry(2_100_000, b"lazy\nexit 3\n"),
]


class Typed(Replay):
    """A console at which somebody types, and whose output is kept."""

    def __init__(self, entries):
        super().__init__(entries)
        self.printed = bytearray()

    def write(self, data):
        self.printed += data


@pytest.fixture(scope="module")
def disk(tmp_path_factory):
    path = tmp_path_factory.mktemp("disk") / "disk"
    path.write_bytes(DISK)
    return path


def session_of(disk, console):
    booted = read_boot(BootConfig(disk=disk), kernel().read_bytes())
    return BootSession(booted, console)


def outcome(session, printed):
    """All that can be seen of a run that has ended."""
    return (
        session.end,
        session.exit_code,
        session.cycle,
        session.machine.engine.skipped,
        session.machine.engine.log,
        session.machine.ram.snapshot(),
        list(session.disk.changes()),
        bytes(printed),
    )


@pytest.fixture(scope="module")
def whole(disk):
    """The run that is not interrupted."""
    console = Typed(TYPED)
    with session_of(disk, console) as session:
        session.run()
    assert session.exit_code == 3
    return outcome(session, console.printed)


@pytest.mark.parametrize("cycle", [0, 1, 411, 1_010, 12_100, 25_003, 500_000, 1_500_000, 2_100_020])
def test_a_run_goes_on_as_if_it_had_never_stopped(disk, whole, tmp_path, cycle):
    before = Typed(TYPED)
    with session_of(disk, before) as session:
        session.run(cycle)
        save_snapshot(session, path := tmp_path / "snapshot")

    after = Typed(before._entries)
    with load_snapshot(path, after) as session:
        assert session.cycle == cycle
        session.run()
    found = list(outcome(session, before.printed + after.printed))
    expected = list(whole)
    # Where it was stopped, cycles were computed that could have been passed over.
    assert abs(found.pop(3) - expected.pop(3)) < 100
    assert found == expected


@pytest.fixture
def saved(tmp_path, disk):
    """A snapshot at the prompt."""
    with start_boot(kernel(), disk=disk, until="> ") as session:
        session.run()
        save_snapshot(session, path := tmp_path / "snapshot")
    return path


def test_it_has_all_that_was_configured_and_the_kernel(saved, disk):
    session = load_snapshot(saved, Captured())
    assert session.config == BootConfig(disk=disk, engine="native")
    assert session.elf == kernel().read_bytes()
    assert session.image.entry == 0x8000_0000


def test_the_disk_need_not_be_there_any_more(tmp_path):
    disk = tmp_path / "disk"
    disk.write_bytes(DISK)
    with start_boot(kernel(), disk=disk, until="> ") as session:
        session.run()
        save_snapshot(session, path := tmp_path / "snapshot")
    disk.unlink()
    with load_snapshot(path, Captured(b"disk\nexit 0\n")) as session:
        session.run()
    assert b"sector one\n" in session.output


def test_another_text_may_be_waited_for(saved):
    with load_snapshot(saved, Captured(b"hello\n"), until=b"hello\nh") as session:
        assert session.run() is End.FINISHED
    assert session.output == b"hello\nh"


def test_memory_that_is_full_of_the_same_takes_little_room_and_time(tmp_path):
    """As that of a kernel that fills what is free."""
    with start_boot(kernel(), until="> ") as session:
        session.run()
        ram = session.machine.ram
        ram.write(0x8010_0000, b"\x05" * (100 << 20))
        save_snapshot(session, path := tmp_path / "snapshot")
    assert path.stat().st_size < 1 << 20
    start = time.monotonic()
    other = load_snapshot(path, Captured())
    assert time.monotonic() - start < 20
    assert other.machine.ram.snapshot() == ram.snapshot()


def test_another_design_refuses_it(saved, monkeypatch):
    monkeypatch.setattr(snapshot, "design", lambda: "b" * 64)
    with pytest.raises(SnapshotError) as caught:
        load_snapshot(saved, Captured())
    said = str(caught.value)
    assert said.startswith(f"{saved}: a snapshot of another design, ")
    assert "and this is bbbbbbbbbbbb: the hart, the engine or a device has changed" in said


def test_a_design_is_its_sources(tmp_path, monkeypatch):
    digests = set()
    for name, text in (("a.py", "1"), ("a.py", "2"), ("b.cpp", "2"), ("c.txt", "no source")):
        (tmp_path / name).write_text(text)
        monkeypatch.setattr(snapshot, "_SOURCES", (tmp_path,))
        snapshot.design.cache_clear()
        digests.add(snapshot.design())
    snapshot.design.cache_clear()
    assert len(digests) == 3


def rewritten(path, change):
    """The snapshot with members that `change`, a function, has changed."""
    with zipfile.ZipFile(path) as file:
        members = {name: file.read(name) for name in file.namelist()}
    facts = json.loads(members["snapshot.json"])
    change(members, facts)
    with zipfile.ZipFile(path, "w") as file:
        for name, content in members.items():
            file.writestr(name, json.dumps(facts) if name == "snapshot.json" else content)


DAMAGES = {
    "no state": lambda members, facts: members.pop("state"),
    "a short state": lambda members, facts: members.update(state=members["state"][:-8]),
    "a long bus": lambda members, facts: members.update(machine=members["machine"] + b"x"),
    "half a place": lambda members, facts: members.update(places=members["places"][:-3]),
    "half a page": lambda members, facts: members.update(pages=members["pages"][:-9]),
    "no log": lambda members, facts: facts.pop("log"),
    "a wrong log": lambda members, facts: facts.update(log=["bytes", "?"]),
    "another device": lambda members, facts: facts["parts"].update(mouse=["dict"]),
    "other memory": lambda members, facts: facts["config"].update(memory_mib=0),
    "a list": lambda members, facts: facts.update(parts=[]),
}


@pytest.mark.parametrize("name", DAMAGES)
def test_a_damaged_snapshot_is_refused(saved, name):
    rewritten(saved, DAMAGES[name])
    with pytest.raises(SnapshotError, match="^.*: a damaged snapshot$"):
        load_snapshot(saved, Captured())


def test_another_form_is_refused(saved):
    rewritten(saved, lambda members, facts: facts.update(format="trapline snapshot 9"))
    with pytest.raises(SnapshotError, match="no snapshot of this form, 'trapline snapshot 1'"):
        load_snapshot(saved, Captured())


@pytest.mark.parametrize("content", [b"", b"text", b"PK\x03\x04", DISK])
def test_what_is_no_snapshot_is_refused(tmp_path, content):
    path = tmp_path / "file"
    path.write_bytes(content)
    with pytest.raises(SnapshotError, match="^.*: no snapshot, or not the whole of one$"):
        load_snapshot(path, Captured())


def test_pysim_keeps_none(tmp_path):
    pysim = SimpleNamespace(machine=SimpleNamespace(engine=SimpleNamespace(name="pysim")))
    with pytest.raises(SnapshotError, match="a snapshot needs the engine native, not pysim"):
        save_snapshot(pysim, tmp_path / "snapshot")
