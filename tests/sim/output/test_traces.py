"""The lines of both traces, with a process whose calls a test makes by hand."""

import pytest

from hdl.arch import PAGE_SIZE
from sim.output.traces import FaultTrace, SyscallTrace
from tests.kernel_model.support import Killed, make_hart, switch_to


class Traced:
    """A hart, the lines that its kernel's watcher prints, and a page to put arguments on."""

    def __init__(self, watch, **options):
        self.hart = make_hart(**options)
        self.hart.sbrk(8 * PAGE_SIZE)
        self.page = self.hart.heap
        self.hart.store(self.page, 0)
        self.lines = []
        self.hart.kernel.watchers.append(watch(self))

    def raised(self, pid):
        return self.hart.time

    def put(self, text, offset=0):
        return self.hart.put(self.page + offset, text)

    def texts(self):
        """The lines without cycle and pid."""
        return [line[16:] for line in self.lines]

    def call(self, name, *arguments):
        """The line of a call that ends."""
        self.lines.clear()
        self.hart.call(name, *arguments)
        (text,) = self.texts()
        return text


def calls(**options):
    return Traced(
        lambda traced: SyscallTrace(traced.hart.kernel, traced.raised, traced.lines.append),
        **options,
    )


@pytest.fixture
def traced():
    return calls()


def test_a_line_has_cycle_pid_arguments_and_result(traced):
    traced.hart.time = 81234
    traced.hart.call("getpid")
    assert traced.lines == ["     81234   2  getpid() = 2"]


def test_what_a_call_has_moved_and_found_is_in_its_line(traced):
    data, pair, stat = traced.put(b"/\0"), traced.page + 0x100, traced.page + 0x200
    assert traced.call("open", data, 0) == 'open("/", O_RDONLY) = 3'
    assert traced.call("fstat", 3, stat) == "fstat(3, {ino=1, type=T_DIR, nlink=1, size=1024}) = 0"
    assert traced.call("pipe", pair) == "pipe([4, 5]) = 0"
    assert traced.call("write", 5, data, 2) == r'write(5, "/\x00", 2) = 2'
    assert traced.call("read", 4, stat, 512) == r'read(4, "/\x00", 512) = 2'
    traced.hart.call("fork")
    switch_to(traced.hart, 3)
    traced.hart.call("exit", 7)
    assert traced.call("wait", stat) == "wait([7]) = 3"


def test_a_call_that_fails_shows_its_arguments_too(traced):
    path = traced.put(b"none\0")
    array = traced.put(path.to_bytes(8, "little") + bytes(8), 64)
    assert traced.call("exec", path, array) == 'exec("none", ["none"]) = -1'
    traced.hart.syscall(99, 1)
    assert traced.texts()[-1] == "syscall_99() = -1"


def test_an_address_is_hexadecimal_but_not_a_failure(traced):
    size = traced.hart.proc.sz
    assert traced.call("sbrk", 4096) == f"sbrk(4096) = {size:#x}"
    assert traced.call("sbrk", -(1 << 30)) == "sbrk(-1073741824) = -1"


def test_a_call_that_waits_has_two_lines(traced):
    pair = traced.page + 0x100
    traced.hart.call("pipe", pair)
    traced.hart.call("fork")
    traced.put(b"hi", 0x200)
    traced.lines.clear()
    traced.hart.time = 100
    traced.hart.call("read", 3, pair, 512)
    traced.hart.time = 200
    switch_to(traced.hart, 3)
    page = traced.page + 0x300
    traced.hart.put(page, b"hi")
    traced.hart.time = 300
    traced.hart.call("write", 4, page, 2)
    switch_to(traced.hart, 2)

    assert traced.lines == [
        "       100   2  read(3, <unfinished ...>",
        '       300   3  write(4, "hi", 2) = 2',
        '       300   2  <... read resumed> "hi", 512) = 2',
    ]


def test_a_call_that_waits_again_and_again_says_so_once(traced):
    traced.hart.call("sleep", 5)
    assert traced.texts() == ["sleep(5, <unfinished ...>", "<... sleep resumed> ) = 0"]


def test_an_exit_has_no_result(traced):
    traced.hart.exit(3)
    assert traced.texts() == ["exit(3) = ?", "+++ exited with 3 +++"]


def test_a_process_that_is_killed_while_it_waits_ends(traced):
    traced.hart.call("fork")
    switch_to(traced.hart, 3)
    traced.hart.call("sleep", 1000)
    switch_to(traced.hart, 2)
    traced.lines.clear()
    traced.hart.call("kill", 3)
    traced.hart.call("wait", 0)
    assert traced.texts() == [
        "kill(3) = 0",
        "wait(<unfinished ...>",
        "<... sleep resumed> ) = -1",
        "+++ exited with -1 +++",
        "<... wait resumed> NULL) = 3",
    ]


def test_what_still_waits_at_the_end_of_the_run_ends_with_it(traced):
    traced.hart.call("fork")
    switch_to(traced.hart, 3)
    traced.hart.call("sleep", 1000)
    switch_to(traced.hart, 2)
    traced.lines.clear()
    traced.hart.exit(0)
    (line,) = [line for line in traced.lines if line[10:14] == "   3"]
    assert line.endswith("  3  +++ exited with -1 +++")


class TestFaults:
    @pytest.fixture
    def traced(self):
        return Traced(lambda traced: FaultTrace(traced.raised, traced.lines.append))

    def test_a_fault_has_its_cause_pc_address_and_what_was_done(self, traced):
        va = traced.page + PAGE_SIZE + 8
        traced.hart.time = 5000
        traced.hart.store(va, 1)
        (line,) = traced.lines
        start = f"      5000   2  prog: store fault at pc 0x40, va {va:#x}: mapped frame 0x8000"
        assert line.startswith(start)

    def test_so_has_a_page_that_a_system_call_touches(self, traced):
        va = traced.page + PAGE_SIZE
        traced.hart.write(va, 3)
        (text,) = traced.texts()
        assert text.startswith(f"prog: load fault at copyin of a system call, va {va:#x}: mapped")

    def test_and_one_that_kills(self, traced):
        with pytest.raises(Killed):
            traced.hart.load(0x100_0000)
        (text,) = traced.texts()
        assert text.startswith("prog: load fault at pc 0x40, va 0x1000000: killed: address past")
