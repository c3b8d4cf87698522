"""The options of `run` at work: its console, and who watches it."""

import io
import sys
from contextlib import contextmanager
from types import SimpleNamespace

import pytest

from hdl.arch import PAGE_SIZE
from sim.cli.options import RunOptions
from sim.cli.watching import keep_journal, open_console, watch
from sim.output.pages import PagePrint
from sim.platform.devices.journal import JournalError
from tests.kernel_model.support import Killed, make_hart

JOURNAL = """\
{"echo": true, "interrupts": true}
{"cycle": 100, "input": "echo hi\\n"}
{"cycle": 300, "input": "\\u0004"}
"""


class TestConsole:
    @pytest.fixture
    def replay(self, tmp_path):
        path = tmp_path / "replay"
        path.write_text(JOURNAL)
        return path

    @pytest.fixture(autouse=True)
    def typed(self, monkeypatch):
        """Standard input is a pipe."""
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"typed\n")))

    @contextmanager
    def open(self, **options):
        console = open_console(RunOptions(**options), lambda: None)
        with keep_journal(RunOptions(**options), console):
            yield console

    def test_input_is_standard_input(self):
        with self.open() as console:
            assert console.poll(0, 100) == b"typed\n"
            assert (console.echo, console.interrupts) == (False, False)

    def test_before_it_prints_others_make_room(self, capfdbinary):
        order = []
        console = open_console(RunOptions(), lambda: order.append("room"))
        console.write(b"hello\n")
        assert order == ["room"]
        assert capfdbinary.readouterr().out == b"hello\n"

    def test_a_journal_is_given_again_at_its_cycles(self, replay):
        with self.open(replay=replay) as console:
            assert (console.echo, console.interrupts) == (True, True)
            polls = [console.poll(now, 100) for now in (99, 100, 299, 300)]
        assert polls == [b"", b"echo hi\n", b"", b"\x04"]

    def test_what_comes_is_written_down_at_once(self, tmp_path):
        path = tmp_path / "journal"
        path.write_text("what an earlier run has left")
        with self.open(journal=path) as console:
            console.poll(70, 100)
            text = path.read_text()
        assert text == (
            '{"echo": false, "interrupts": false}\n{"cycle": 70, "input": "typed\\n"}\n'
        )
        assert path.read_text() == text

    def test_the_journal_of_a_replay_is_its_journal(self, replay, tmp_path):
        path = tmp_path / "journal"
        with self.open(replay=replay, journal=path) as console:
            for now in (100, 300):
                assert console.poll(now, 100)
        assert path.read_text() == JOURNAL

    def test_a_run_that_fails_keeps_its_journal(self, tmp_path):
        path = tmp_path / "journal"

        def run():
            with self.open(journal=path) as console:
                console.poll(70, 100)
                raise RuntimeError("the run")

        with pytest.raises(RuntimeError, match="the run"):
            run()
        assert '"typed' in path.read_text()

    def test_a_journal_that_cannot_be_read_leaves_the_other_alone(self, replay, tmp_path):
        path = tmp_path / "journal"
        path.write_text("what an earlier run has left")
        replay.write_text("nonsense\n")
        for wrong, error in ((replay, JournalError), (tmp_path / "none", OSError)):
            with pytest.raises(error), self.open(replay=wrong, journal=path):
                pass
        assert path.read_text() == "what an earlier run has left"

    def test_a_journal_that_cannot_be_written_is_an_error_of_the_system(self, tmp_path):
        with pytest.raises(IsADirectoryError), self.open(journal=tmp_path):
            pass


class TestWatchers:
    #: What is told of a call, of a fault, and of an exit, and the option that wants it.
    WANTED = {
        "trace_syscalls": ["        77   2  getpid() = 2", "        77   2  exit(3) = ?"],
        "trace_faults": ["        77   2  prog: store fault at pc 0x40"],
        "vmprint": ["2@exit: prog, size 0x6000"],
    }

    def lines_of(self, **options):
        """The lines that a process makes which calls, faults and exits."""
        hart, lines = make_hart(), []
        hart.sbrk(PAGE_SIZE)
        faults = SimpleNamespace(raised_at=lambda pid: 77)
        pages = watch(RunOptions(**options), hart.kernel, faults, lines.append)
        hart.call("getpid")
        hart.store(hart.heap, 1)
        with pytest.raises(Killed):
            hart.call("exit", 3)
        pages.finish()
        return lines

    def starts(self, lines):
        """Those of all wanted beginnings that `lines` have, in their order."""
        wanted = [start for starts in self.WANTED.values() for start in starts]
        return [start for line in lines for start in wanted if line.startswith(start)]

    def test_nothing_is_told_that_nobody_wants(self):
        assert self.lines_of() == []

    @pytest.mark.parametrize("option", WANTED)
    def test_each_option_tells_its_own(self, option):
        value = (PagePrint(2, None),) if option == "vmprint" else True
        assert self.starts(self.lines_of(**{option: value})) == self.WANTED[option]

    def test_all_of_them_tell_in_the_order_of_events(self):
        lines = self.lines_of(trace_syscalls=True, trace_faults=True, vmprint=(PagePrint(2, None),))
        call, exit = self.WANTED["trace_syscalls"]
        (fault,), (table,) = self.WANTED["trace_faults"], self.WANTED["vmprint"]
        assert self.starts(lines) == [call, fault, exit, table]

    def test_a_table_that_never_comes_is_told_of_by_the_one_that_is_returned(self):
        lines = self.lines_of(vmprint=(PagePrint(9, None),))
        assert lines == ["9@exit: there was no process 9"]
