"""The lines of both traces, with a process whose calls a test makes by hand."""

import pytest

from hdl.arch import PAGE_SIZE
from sim.insight.traces import FaultTrace, SyscallTrace
from tests.kernel_model.support import Killed, make_hart, switch_to

CREATE = 0x201


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
    return Traced(lambda traced: SyscallTrace(traced.hart.kernel, traced.raised,
                                              traced.lines.append), **options)  # fmt: skip


@pytest.fixture
def traced():
    return calls()


def test_a_line_has_cycle_pid_arguments_and_result(traced):
    traced.hart.time = 81234
    traced.hart.call("getpid")
    assert traced.lines == ["     81234   2  getpid() = 2"]


def test_strings_and_flags_are_spelled_out(traced):
    path = traced.put(b"notes\0")
    assert traced.call("open", path, CREATE) == 'open("notes", O_WRONLY|O_CREATE) = 3'
    assert traced.call("open", path, 0x402) == 'open("notes", O_RDWR|O_TRUNC) = 4'
    assert traced.call("open", path, 0x1000) == 'open("notes", O_RDONLY|0x1000) = 5'
    assert traced.call("mkdir", traced.put(b'a "b"\\\n\t\x01\xff\0')) == (
        r'mkdir("a \"b\"\\\n\t\x01\xff") = 0'
    )
    assert traced.call("unlink", traced.put(b"x" * 33 + b"\0")) == f'unlink("{"x" * 32}"...) = -1'
    assert traced.call("chdir", traced.put(b"y" * 32 + b"\0")) == f'chdir("{"y" * 32}") = -1'
    assert traced.call("mknod", path, 1, -1) == f'mknod("{"y" * 32}", 1, -1) = 0'
    other = traced.put(b"other\0", 100)
    assert traced.call("link", traced.put(b"notes\0"), other) == 'link("notes", "other") = 0'


def test_buffers_show_what_was_moved(traced):
    pair, data = traced.page + 0x100, traced.put(b"hi\n")
    assert traced.call("pipe", pair) == "pipe([3, 4]) = 0"
    assert traced.call("write", 4, data, 3) == r'write(4, "hi\n", 3) = 3'
    assert traced.call("read", 3, traced.page + 0x200, 512) == r'read(3, "hi\n", 512) = 3'
    traced.put(b"z" * 40)
    assert traced.call("write", 4, data, 40) == f'write(4, "{"z" * 32}"..., 40) = 40'


def test_results_behind_pointers_are_shown(traced):
    path, stat = traced.put(b"/\0"), traced.page + 0x100
    traced.hart.call("open", path, 0)
    line = traced.call("fstat", 3, stat)
    assert line == "fstat(3, {ino=1, type=T_DIR, nlink=1, size=48}) = 0"
    traced.hart.call("fork")
    switch_to(traced.hart, 3)
    traced.hart.call("exit", 7)
    assert traced.call("wait", stat) == "wait([7]) = 3"


def test_bad_pointers_are_hexadecimal_and_touch_nothing(traced):
    bad = traced.hart.proc.sz + PAGE_SIZE
    used = traced.hart.kernel.kmem.used
    assert traced.call("open", bad, 0) == f"open({bad:#x}, O_RDONLY) = -1"
    assert traced.call("write", 1, bad, 5) == f"write(1, {bad:#x}, 5) = -1"
    assert traced.call("exec", -8, bad) == f"exec(0xfffffffffffffff8, {bad:#x}) = -1"
    assert traced.call("wait", 0) == "wait(NULL) = -1"
    assert traced.call("pipe", bad) == f"pipe({bad:#x}) = -1"
    assert traced.call("fstat", 9, bad) == f"fstat(9, {bad:#x}) = -1"
    assert traced.call("write", 1, traced.page, -3) == f"write(1, {traced.page:#x}, -3) = 0"
    assert traced.hart.kernel.kmem.used == used


def test_exec_shows_its_arguments_even_when_it_fails(traced):
    first, second = traced.put(b"sh\0"), traced.put(b"-c\0", 16)
    array = traced.put(b"".join(p.to_bytes(8, "little") for p in (first, second, 0)), 64)
    assert traced.call("exec", first, array) == 'exec("sh", ["sh", "-c"]) = -1'


def test_an_array_of_arguments_without_an_end_is_shown_as_far_as_it_counts(traced):
    string = traced.put(b"x\0")
    array = traced.put(string.to_bytes(8, "little") * 40, 64)
    expected = ", ".join(['"x"'] * 32)
    assert traced.call("exec", string, array) == f'exec("x", [{expected}]) = -1'


def test_sbrk_is_that_of_the_personality(traced):
    size = traced.hart.proc.sz
    assert traced.call("sbrk", 4096, 1) == f"sbrk(4096) = {size:#x}"
    assert traced.call("sbrk", -(1 << 30)) == "sbrk(-1073741824) = -1"
    newer = calls(abi="2025")
    size = newer.hart.proc.sz
    assert newer.call("sbrk", 4096, 1) == f"sbrk(4096, SBRK_EAGER) = {size:#x}"
    assert newer.call("sbrk", 0, 2) == f"sbrk(0, SBRK_LAZY) = {size + 4096:#x}"
    assert newer.call("sbrk", 0, 9) == f"sbrk(0, 9) = {size + 4096:#x}"


def test_an_unknown_call_has_its_number(traced):
    traced.hart.syscall(99, 1)
    assert traced.texts() == ["syscall_99() = -1"]


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
    assert traced.lines[-1].endswith("  3  +++ exited with -1 +++")


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
