"""The options of `run` at work: the kernel, its disk, its console, and who watches it."""

import io
import sys
from types import SimpleNamespace

import pytest

from hdl.arch import PAGE_SIZE, Pte
from kernel_model.facts.abi import Abi
from kernel_model.facts.costs import TABLE, ZERO
from kernel_model.facts.doorbell import Register
from kernel_model.facts.memlayout import KERNBASE
from kernel_model.facts.param import BSIZE, MAXFILE, QUANTUM, TICK
from kernel_model.fs.names import FsError, namei
from kernel_model.kernel import Kernel
from sim.guests import kernel_setup
from sim.guests.host_files import HostFile, HostFileError
from sim.guests.kernel_setup import KernelOptions, make_kernel, open_console, watch
from sim.output.pages import PagePrint
from sim.platform.devices.journal import JournalError
from sim.platform.ram import Ram
from tests.kernel_model.support import Console, Killed, make_hart
from tests.sim.user import TRAMPOLINE

JOURNAL = """\
{"echo": true, "interrupts": true}
{"cycle": 100, "input": "echo hi\\n"}
{"cycle": 300, "input": "\\u0004"}
"""


@pytest.fixture
def asked(monkeypatch):
    """Bundled programs that need no compiler; how often the kernel has asked for them."""
    calls = []

    def bundled_files():
        calls.append("bundled")
        return {"cat": b"bundled cat", "sh": b"bundled sh"}

    monkeypatch.setattr(kernel_setup, "bundled_files", bundled_files)
    monkeypatch.setattr(kernel_setup, "assemble_trampoline", lambda: TRAMPOLINE)
    return calls


def kernel_of(**options):
    options = KernelOptions(**options)
    return make_kernel(options, Ram(KERNBASE, 1 << 20), Console())


def content(kernel, path):
    """What is in the file at the absolute `path`; None if there is none."""
    ip = namei(kernel, None, path)
    return None if ip is None else bytes(ip.data)


@pytest.mark.usefixtures("asked")
class TestKernel:
    def test_without_options_it_is_as_it_is_by_itself(self):
        kernel, alone = kernel_of(), Kernel(Ram(KERNBASE, 1 << 20), TRAMPOLINE, Console())
        assert (kernel.cpu, kernel.clock) == (alone.cpu, alone.clock)
        assert kernel.meter.costs == alone.meter.costs
        for name in ("abi", "leaf_flags", "own_frames", "satp"):
            assert getattr(kernel, name) == getattr(alone, name), name
        assert (kernel.cpu.quantum, kernel.clock.tick, kernel.abi) == (QUANTUM, TICK, None)

    def test_the_trampoline_is_where_the_hart_starts(self):
        assert kernel_of().memory.read(KERNBASE, len(TRAMPOLINE)) == TRAMPOLINE

    def test_turns_and_ticks_are_as_long_as_the_options_say(self):
        kernel = kernel_of(quantum=2345, tick=678)
        assert (kernel.cpu.quantum, kernel.clock.tick) == (2345, 678)

    @pytest.mark.parametrize("abi", Abi)
    def test_its_sbrk_is_that_of_the_option(self, abi):
        assert kernel_of(abi=abi.value).abi is abi

    @pytest.mark.parametrize("name, costs", [("table", TABLE), ("zero", ZERO)])
    def test_its_work_costs_what_the_option_says(self, name, costs):
        assert kernel_of(kernel_cost=name).meter.costs == costs

    @pytest.mark.parametrize("svadu, flags", [(False, Pte.A | Pte.D), (True, 0)])
    def test_whoever_does_not_set_a_and_d_bits_is_told_to_leave_them(self, svadu, flags):
        kernel = kernel_of(svadu=svadu)
        assert kernel.leaf_flags == flags
        assert kernel.doorbell.read(Register.ADUE) == svadu


class TestDisk:
    def test_the_bundled_programs_are_there_once_a_path_is_looked_up(self, asked):
        kernel = kernel_of()
        assert asked == []
        assert content(kernel, b"/cat") == b"bundled cat"
        assert content(kernel, b"/sh") == b"bundled sh"
        assert asked == ["bundled"]

    def test_they_can_be_left_out(self, asked, tmp_path):
        (tmp_path / "notes").write_bytes(b"from the host")
        kernel = kernel_of(programs=False, files=(HostFile(tmp_path / "notes", "notes"),))
        assert content(kernel, b"/cat") is None
        assert content(kernel, b"/notes") == b"from the host"
        assert asked == []

    def test_files_of_the_host_are_beside_them(self, asked, tmp_path):
        (tmp_path / "notes").write_bytes(b"from the host")
        kernel = kernel_of(files=(HostFile(tmp_path / "notes", "deep/down"),))
        assert content(kernel, b"/deep/down") == b"from the host"
        assert content(kernel, b"/cat") == b"bundled cat"
        assert content(kernel, b"/notes") is None

    def test_a_file_of_the_host_stands_in_for_a_program_of_its_name(self, asked, tmp_path):
        (tmp_path / "mine").write_bytes(b"my cat")
        kernel = kernel_of(files=(HostFile(tmp_path / "mine", "cat"),))
        assert content(kernel, b"/cat") == b"my cat"
        assert content(kernel, b"/sh") == b"bundled sh"

    def test_a_file_that_is_too_long_is_refused_before_the_run(self, asked, tmp_path):
        (tmp_path / "long").write_bytes(bytes(MAXFILE * BSIZE + 1))
        with pytest.raises(HostFileError, match="long: more than"):
            kernel_of(files=(HostFile(tmp_path / "long", "long"),))

    def test_so_are_more_than_the_disk_holds(self, asked, tmp_path):
        (tmp_path / "long").write_bytes(bytes(MAXFILE * BSIZE))
        with pytest.raises(FsError):
            kernel_of(files=tuple(HostFile(tmp_path / "long", f"{n}") for n in range(8)))

    def test_so_is_one_that_is_not_there(self, asked, tmp_path):
        with pytest.raises(FileNotFoundError):
            kernel_of(files=(HostFile(tmp_path / "none", "none"),))


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

    def open(self, **options):
        return open_console(KernelOptions(**options), lambda: None)

    def test_input_is_standard_input(self):
        with self.open() as console:
            assert console.poll(0, 100) == b"typed\n"
            assert (console.echo, console.interrupts) == (False, False)

    def test_before_it_prints_others_make_room(self, capfdbinary):
        order = []
        with open_console(KernelOptions(), lambda: order.append("room")) as console:
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
        pages = watch(KernelOptions(**options), hart.kernel, faults, lines.append)
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
        assert lines == ["9@exit: the process has not exited"]
