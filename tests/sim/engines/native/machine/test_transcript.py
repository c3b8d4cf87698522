"""What transcript.cpp writes of records that are made by hand is what Python writes of them."""

import ctypes
import errno
import os
import random
from pathlib import Path

from sim.engines.native.machine.structs import MachineStruct
from sim.engines.native.machine.transcript import Transcripts
from sim.engines.transcripts import Form, commit_line, header, rvfi_line
from tests.sim.engines.native.machine.handmade import library, u64
from tests.sim.engines.records import any_record, record

SEED = 1
FIELDS = tuple(record())
#: Words of the state before a record.
BEFORE = 3
_Record = ctypes.CFUNCTYPE(None, ctypes.c_void_p)


class Writer:
    """A machine without a hart, which hands over the records that it is given."""

    def __init__(self):
        self.state = (u64 * (BEFORE + len(FIELDS)))()
        self.machine = MachineStruct()
        self.machine.state = ctypes.addressof(self.state)
        self.machine.retire_at = BEFORE
        self.transcripts = Transcripts(library(traced=True), self.machine, FIELDS)

    def write(self, cycle, fields):
        self.state[BEFORE:] = [fields[name] for name in FIELDS]
        self.machine.cycle = cycle
        _Record(self.machine.record)(ctypes.addressof(self.machine))


def test_both_write_the_same_of_any_record(tmp_path):
    rng = random.Random(SEED)
    writer = Writer()
    records = [(rng.getrandbits(64), any_record(rng)) for _ in range(3_000)]
    for form in Form:
        writer.transcripts.start(form, tmp_path / form.value, 3)
    for each in records:
        writer.write(*each)

    assert writer.transcripts.stop() == []
    commits = "".join(commit_line(fields, 3) for _, fields in records)
    rvfi = header(Form.RVFI) + "".join(rvfi_line(*each) for each in records)
    assert len(commits) > 1 << 16
    assert (tmp_path / "commits").read_text() == commits
    assert (tmp_path / "rvfi").read_text() == rvfi


def test_every_digit_of_every_length(tmp_path):
    writer = Writer()
    values = [digit << 4 * place for place in range(16) for digit in range(16)]
    writer.transcripts.start(Form.RVFI, tmp_path / "x", 0)
    for value in values:
        writer.write(value, record(pc_rdata=value))

    assert writer.transcripts.stop() == []
    expected = "".join(rvfi_line(value, record(pc_rdata=value)) for value in values)
    assert (tmp_path / "x").read_text() == header(Form.RVFI) + expected


def test_after_the_end_nobody_is_called(tmp_path):
    writer = Writer()
    assert not writer.machine.record
    writer.transcripts.start(Form.COMMITS, tmp_path / "x", 0)
    assert writer.machine.record
    writer.transcripts.stop()
    assert not writer.machine.record


def test_what_was_written_since_can_be_taken_back(tmp_path):
    writer = Writer()
    path, other = tmp_path / "x", tmp_path / "other"
    line = commit_line(record())
    writer.transcripts.start(Form.COMMITS, path, 0)
    writer.write(1, record())
    saved = writer.transcripts.save()
    writer.write(2, record(rd_addr=1))
    writer.transcripts.start(Form.RVFI, other, 0)
    writer.write(3, record())

    writer.transcripts.load(saved)
    writer.write(2, record())
    assert writer.transcripts.stop() == []
    assert path.read_text() == 2 * line
    assert len(other.read_text().splitlines()) == 2  # it had begun since

    # Ended, it goes on as well.
    writer.transcripts.load(saved)
    writer.write(4, record(insn=1))
    writer.transcripts.stop()
    assert path.read_text() == line + commit_line(record(insn=1))


def test_nothing_is_taken_back_from_a_pipe(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    reader = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    writer = Writer()
    writer.transcripts.start(Form.COMMITS, tmp_path / "pipe", 0)
    saved = writer.transcripts.save()
    writer.write(1, record())
    writer.transcripts.load(saved)
    writer.write(1, record())

    assert writer.transcripts.stop() == []
    assert os.read(reader, 4096).decode() == 2 * commit_line(record())
    os.close(reader)


def test_a_file_that_is_full_is_told_of_at_the_end():
    writer = Writer()
    writer.transcripts.start(Form.COMMITS, Path("/dev/full"), 0)
    for cycle in range(2_000):
        writer.write(cycle, record())

    ((form, failure),) = writer.transcripts.stop()
    assert form is Form.COMMITS
    assert (failure.errno, failure.filename) == (errno.ENOSPC, "/dev/full")
