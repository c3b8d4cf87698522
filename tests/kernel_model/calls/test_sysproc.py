import pytest

from hdl.arch import PAGE_SIZE
from kernel_model.facts.doorbell import Register
from kernel_model.facts.memlayout import TRAPFRAME
from kernel_model.facts.param import MAXARG, MAXPATH
from tests.kernel_model.support import R, X, elf_file, make_hart, segment

GIB = 1 << 30
PROGRAM = elf_file(segment(0, b"\x13\0\0\0new", R | X), entry=4)
FILES = {
    "new": PROGRAM,
    "bin/new": PROGRAM,
    "text": b"echo hi",
    "empty": b"",
    "unaligned": elf_file(segment(1, b"x")),
    "memsz": elf_file(segment(0, b"xyz", memsz=2)),
}


def test_getpid():
    assert make_hart().syscall(11) == 2


@pytest.mark.parametrize("status", [0, 1, 255, 256, -1, -(1 << 31)])
def test_exit(status):
    hart = make_hart()
    hart.exit(status)
    assert hart.kernel.halted
    assert hart.kernel.exit_status == status
    assert hart.kernel.panicked is None
    assert hart.printed == ""


def test_uptime_counts_ticks_of_the_clock_in_the_trap_frame():
    hart = make_hart(tick=500)
    hart.time = 499
    assert hart.syscall(14) == 0
    hart.time = 500 * 7
    assert hart.syscall(14) == 7


class TestSbrk:
    @pytest.fixture
    def hart(self):
        return make_hart()

    def test_returns_the_old_size(self, hart):
        size = hart.heap
        assert [hart.sbrk(n) for n in (0, 100, -50, 0)] == [size, size, size + 100, size + 50]

    def test_takes_its_argument_as_an_int(self, hart):
        assert hart.sbrk(1 << 32 | 5) == hart.heap
        assert hart.sbrk(0) == hart.heap + 5

    def test_no_address_is_truncated(self, hart):
        sizes = [hart.sbrk(GIB) for _ in range(200)]
        assert sizes == [hart.heap + n * GIB for n in range(200)]

    def test_is_capped_at_the_trap_frame(self, hart):
        while hart.sbrk(GIB) != -1:
            pass
        size = hart.sbrk(0)
        assert TRAPFRAME - GIB < size < TRAPFRAME
        assert hart.sbrk(TRAPFRAME - size + 1) == -1
        assert hart.sbrk(TRAPFRAME - size) == size
        assert hart.sbrk(1) == -1
        hart.store(TRAPFRAME - 1, 7)
        hart.exit()
        assert hart.kernel.panicked is None

    def test_gives_back(self, hart):
        hart.sbrk(3 * PAGE_SIZE)
        hart.store(hart.heap + 2 * PAGE_SIZE, 1)
        used = hart.kernel.kmem.used
        assert hart.sbrk(-PAGE_SIZE) == hart.heap + 3 * PAGE_SIZE
        assert hart.kernel.kmem.used == used - 1
        assert hart.pte(hart.heap + 2 * PAGE_SIZE) == 0


class TestExec:
    @pytest.fixture
    def hart(self):
        hart = make_hart(files=lambda: FILES)
        hart.sbrk(8 * PAGE_SIZE)
        return hart

    def exec(self, hart, path, *argv, at=0):
        """exec(path, argv), with everything from `at` of the heap on."""
        strings = hart.heap + at + 8 * (len(argv) + 1)
        pointers = []
        for argument in argv:
            pointers.append(hart.put(strings, argument + b"\0"))
            strings += len(argument) + 1
        for index, pointer in enumerate([*pointers, 0]):
            hart.put(hart.heap + at + 8 * index, pointer.to_bytes(8, "little"))
        hart.put(strings, path + b"\0")
        return hart.call("exec", strings, hart.heap + at)

    def test_replaces_the_program(self, hart):
        pid = hart.proc.pid
        assert self.exec(hart, b"/new", b"argv0", b"one") == 2
        frame = hart.frame
        assert (hart.proc.pid, hart.proc.name, hart.proc.sz) == (pid, "new", 0x3000)
        assert (frame.sepc, frame.a1) == (4, frame.sp)
        pointers = [int.from_bytes(hart.get(frame.sp + 8 * n, 8), "little") for n in range(3)]
        assert hart.get(pointers[0], 6) == b"argv0\0"
        assert hart.get(pointers[1], 4) == b"one\0"
        assert pointers[2] == 0

    def test_is_named_by_the_last_part_of_the_path(self, hart):
        self.exec(hart, b"/bin/../bin/new", b"argv0")
        assert hart.proc.name == "new"

    def test_keeps_files_and_directory(self, hart):
        hart.call("chdir", hart.put(hart.heap + 4096, b"bin\0"))
        hart.call("pipe", hart.heap)
        self.exec(hart, b"new")
        assert [file is not None for file in hart.proc.ofile[:6]] == [True] * 5 + [False]
        assert hart.call("open", hart.put(hart.frame.sp - 64, b"new\0"), 0) == 5

    def test_is_fenced(self, hart):
        hart.timer()
        assert hart.kernel.doorbell.read(Register.FENCE_I) == 0
        self.exec(hart, b"new")
        assert hart.kernel.doorbell.read(Register.FENCE_I) == 1

    def test_arguments_over_untouched_and_touched_pages(self, hart):
        assert self.exec(hart, b"new", b"a" * 300, b"b" * 300, at=PAGE_SIZE - 200) == 2

    def test_as_many_arguments_as_there_may_be(self, hart):
        assert self.exec(hart, b"new", *[b"x"] * MAXARG) == -1
        assert self.exec(hart, b"new", *[b"x"] * (MAXARG - 1)) == MAXARG - 1

    def test_more_arguments_than_there_may_be_are_not_read(self, hart):
        path = hart.put(hart.heap, b"new\0")
        page = hart.heap + 2 * PAGE_SIZE
        argv = hart.put(page - 8 * MAXARG, path.to_bytes(8, "little") * MAXARG)
        assert hart.call("exec", path, argv) == -1
        assert hart.pte(page) == 0

    def test_an_argument_that_is_too_long_is_not_read_to_its_end(self, hart):
        path = hart.put(hart.heap, b"new\0")
        page = hart.heap + 2 * PAGE_SIZE
        long = hart.put(page - PAGE_SIZE, b"x" * PAGE_SIZE)
        argv = hart.put(hart.heap + 8, long.to_bytes(8, "little") + bytes(8))
        assert hart.call("exec", path, argv) == -1
        assert hart.pte(page) == 0

    def test_arguments_larger_than_the_stack(self, hart):
        assert self.exec(hart, b"new", b"x" * 2000, b"y" * 2200) == -1
        assert self.exec(hart, b"new", b"x" * 2000, b"y" * 1900) == 2

    @pytest.mark.parametrize(
        "path", [b"missing", b"bin", b"text", b"empty", b"unaligned", b"memsz", b"console", b""]
    )
    def test_what_is_no_program(self, hart, path):
        used, before = hart.kernel.kmem.used, hart.proc.sz
        self.exec(hart, b"missing")
        used = hart.kernel.kmem.used
        assert self.exec(hart, path, b"x") == -1
        assert (hart.kernel.kmem.used, hart.proc.sz, hart.proc.name) == (used, before, "prog")
        assert [ip.ref for ip in hart.kernel.fs.inodes if ip and ip.ref] == [1, 1]

    @pytest.mark.parametrize("bad", [1 << 38, (1 << 64) - 8, 0x3000, 1 << 40], ids=hex)
    def test_bad_pointers(self, hart, bad):
        path, argv = hart.put(hart.heap, b"new\0"), hart.heap + 64
        assert hart.call("exec", bad, argv) == -1
        assert hart.call("exec", path, bad) == -1
        hart.put(argv, bad.to_bytes(8, "little"))
        assert hart.call("exec", path, argv) == -1

    def test_a_path_that_is_too_long(self, hart):
        assert self.exec(hart, b"/" * (MAXPATH - 3) + b"new") == -1
        assert self.exec(hart, b"/" * (MAXPATH - 4) + b"new", at=2048) == 0

    def test_an_array_that_runs_out_of_memory(self, hart):
        path = hart.put(hart.heap, b"new\0")
        last = hart.proc.sz - 8
        hart.put(last, path.to_bytes(8, "little"))
        assert hart.call("exec", path, last) == -1

    def test_argv_may_be_empty(self, hart):
        path = hart.put(hart.heap, b"new\0")
        assert hart.call("exec", path, hart.heap + 8) == 0
