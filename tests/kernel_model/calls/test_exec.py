from struct import unpack

import pytest

from hdl.arch import PAGE_SIZE, Pte
from kernel_model.calls.exec import ExecError, kexec
from kernel_model.facts.costs import ZERO, Step
from kernel_model.facts.doorbell import Reason, Register
from kernel_model.facts.memlayout import TRAMPOLINE, TRAPFRAME
from kernel_model.facts.param import MAXARG
from kernel_model.mm.pagetable import leaves
from kernel_model.mm.usercopy import copyin, copyinstr
from tests.kernel_model.support import (
    DATA,
    TEXT,
    R,
    W,
    X,
    elf_file,
    failing_kalloc,
    make_hart,
    make_kernel,
    segment,
)

RWX = Pte.R | Pte.W | Pte.X | Pte.U
FLAGS = (R, Pte.R), (W, Pte.W), (X, Pte.X)


def rights(hart):
    """The user's rights on each mapped page."""
    return {
        va: pte & RWX
        for va, _, pte in leaves(hart.kernel, hart.kernel.proc.pagetable, 0, TRAPFRAME)
    }


def runs(exec):
    """Whether `exec()` succeeds; the only other way to end is that no frame is left."""
    try:
        exec()
    except ExecError as error:
        return not str(error).startswith("no frame left")
    return True


def test_address_space():
    hart = make_hart()

    rw = Pte.R | Pte.W
    assert rights(hart) == {
        0x0000: Pte.R | Pte.X | Pte.U,
        0x1000: rw | Pte.U,
        0x2000: rw | Pte.U,
        0x3000: rw,  # guard
        0x4000: rw | Pte.U,  # stack
    }
    assert hart.kernel.proc.sz == hart.heap == 0x5000
    assert hart.pte(TRAMPOLINE) & RWX == Pte.R | Pte.X
    assert hart.pte(TRAPFRAME) & RWX == rw


def test_contents():
    hart = make_hart()
    kernel, proc = hart.kernel, hart.kernel.proc
    assert copyin(kernel, proc, 0, PAGE_SIZE) == TEXT[1].ljust(PAGE_SIZE, b"\0")
    assert copyin(kernel, proc, 0x1000, 0x2000) == b"data".ljust(0x2000, b"\0")


def test_a_segment_of_several_pages():
    data = bytes(range(256)) * 40
    hart = make_hart(elf_file(segment(0x20_0000 - PAGE_SIZE, data)))
    assert copyin(hart.kernel, hart.kernel.proc, 0x20_0000 - PAGE_SIZE, len(data)) == data


def test_shared_page_has_both_contents_and_rights():
    hart = make_hart(elf_file(segment(0, b"a" * 0x1800, R | W | X), segment(0x1000, b"bb", R | W)))
    page = copyin(hart.kernel, hart.kernel.proc, 0x1000, 0x1000)
    assert page == (b"bb" + b"a" * 0x7FE).ljust(0x1000, b"\0")
    assert rights(hart)[0x1000] == RWX


@pytest.mark.parametrize("first, second", [(R | X, R | W), (R | W, R | X), (R, R | W | X)])
@pytest.mark.parametrize("order", [1, -1])
def test_a_page_of_two_segments_has_the_lower_ones_rights(first, second, order):
    parts = segment(0, b"a" * 0x1800, first), segment(0x1000, b"b" * 0x1800, second)
    hart = make_hart(elf_file(*parts[::order]))
    flags = [Pte.U | sum(bit for flag, bit in FLAGS if part & flag) for part in (first, second)]
    assert [rights(hart)[va] for va in (0, 0x1000, 0x2000)] == [flags[0], flags[0], flags[1]]


def test_pages_below_and_between_segments_wait_with_the_rights_of_the_next_one():
    hart = make_hart(elf_file(segment(0x10000, b"t", R | X), segment(0x40000, b"d", R | W)))
    assert set(rights(hart)) == {0x10000, 0x40000, 0x41000, 0x42000}
    parts = hart.proc.space.regions.parts
    assert [(part.start, part.end, part.rights, part.owner.value) for part in parts] == [
        (0, 0x11000, Pte.R | Pte.X, "segment"),
        (0x11000, 0x41000, Pte.R | Pte.W, "segment"),
        (0x41000, 0x42000, 0, "guard"),
        (0x42000, 0x43000, Pte.R | Pte.W, "stack"),
    ]


def test_registers_at_the_start():
    hart = make_hart(elf_file(entry=0x24), argv=["/bin/prog", "x"])
    frame = hart.frame
    assert frame.sepc == 0x24
    assert frame.a0 == 2
    assert frame.a1 == frame.sp
    assert frame.sp % 16 == 0
    assert (frame.ra, frame.t6, frame.s11) == (0, 0, 0)
    assert frame.kernel_satp == hart.kernel.satp
    assert hart.kernel.proc.name == "prog"


@pytest.mark.parametrize("argv", [[], ["a"], ["prog", "", "x y", "é"], ["n"] * (MAXARG - 1)])
def test_arguments(argv):
    hart = make_hart(argv=argv)
    kernel, proc, frame = hart.kernel, hart.kernel.proc, hart.frame
    assert frame.a0 == len(argv)

    *pointers, end = unpack(
        f"<{len(argv) + 1}Q", copyin(kernel, proc, frame.a1, 8 * (len(argv) + 1))
    )

    assert end == 0
    assert [copyinstr(kernel, proc, va, 128).decode() for va in pointers] == argv
    assert all(va % 16 == 0 for va in pointers)


def test_arguments_may_fill_the_stack_but_no_more():
    fits = PAGE_SIZE - 16 - 1  # the pointer and its end, the NUL
    make_hart(argv=["a" * fits])
    with pytest.raises(ExecError, match="more than the stack's 4096 bytes"):
        make_hart(argv=["a" * (fits + 1)])


def test_too_many_arguments():
    with pytest.raises(ExecError, match="32 arguments, more than 31"):
        make_hart(argv=["a"] * MAXARG)


def test_code_was_written():
    kernel = make_kernel()
    kernel.exec(elf_file(), [])

    kernel.ring(Reason.BOOT)
    first = kernel.doorbell.read(Register.FENCE_I)
    kernel.ring(Reason.BOOT)

    assert (first, kernel.doorbell.read(Register.FENCE_I)) == (1, 0)


def test_every_failing_kalloc_of_the_first_exec():
    kernel = make_kernel()
    used = kernel.kmem.used
    elf = elf_file(TEXT, segment(0x20_0000, b"far", R | W))
    for nth in range(1, 100):
        with failing_kalloc(kernel, nth) as calls:
            if runs(lambda: kernel.exec(elf, ["prog"])):
                break
        assert len(calls) == nth
        assert kernel.kmem.used == used
        assert kernel.first is None
    # Trap frame; page tables of three pages, twice, since a process starts without a program; a
    # page of text and two page tables; a page of data and one; guard and stack.
    assert nth - 1 == 1 + 2 * 3 + 3 + 2 + 2


def test_more_pages_than_ram_has_are_refused_before_any_is_loaded():
    hart = make_hart()
    taken = hart.kernel.kmem.used
    hart.kernel.kmem.kalloc = lambda: pytest.fail("a frame was taken")
    parts = [segment(0, flags=R | W, memsz=0x10_0000 // 2), segment(0, flags=R | W, memsz=1 << 19)]

    with pytest.raises(ExecError, match="no frame left: the segments have 257 pages"):
        kexec(hart.kernel, hart.proc, elf_file(*parts, segment(0, b"x", R)), [b"x"], b"x")

    assert hart.kernel.kmem.used == taken


def test_a_stack_that_reaches_too_high_costs_no_frame():
    hart = make_hart(stack_pages=8)
    used = hart.kernel.kmem.used
    elf = elf_file(TEXT, segment(TRAPFRAME - 4 * PAGE_SIZE, b"x", R | W))
    with pytest.raises(ExecError, match="a stack of 8 pages reaches past"):
        kexec(hart.kernel, hart.proc, elf, [b"x"], b"x")
    assert hart.kernel.kmem.used == used


def test_as_many_pages_as_ram_has_are_tried():
    hart = make_hart()
    elf = elf_file(segment(0, flags=R | W, memsz=0x10_0000))

    with pytest.raises(ExecError, match="no frame left for the segment at 0x0"):
        kexec(hart.kernel, hart.proc, elf, [b"x"], b"x")


@pytest.mark.parametrize("size, parts", [(8, 1), (9, 2), (16, 2), (17, 3), (4097, 513)])
def test_contents_are_copied_eight_bytes_at_a_time(size, parts):
    hart = make_hart(costs={**ZERO, Step.COPY: 1})
    kernel = hart.kernel
    before = kernel.cycles

    kexec(kernel, hart.proc, elf_file(segment(0, b"x" * size)), [], b"x")

    # Besides, the array of the arguments: one address, 0.
    assert kernel.cycles - before == parts + 1


def test_exec_that_fails_half_way_leaves_the_old_image_intact():
    hart = make_hart()
    kernel, proc = hart.kernel, hart.kernel.proc
    hart.sbrk(PAGE_SIZE)
    hart.store(hart.heap, 7)
    used, before, sepc = kernel.kmem.used, rights(hart), hart.frame.sepc

    for nth in range(1, 100):
        with failing_kalloc(kernel, nth) as calls:
            if runs(lambda: kexec(kernel, proc, elf_file(DATA), [b"new"], b"new")):
                break
        assert len(calls) == nth
        assert (kernel.kmem.used, rights(hart), hart.frame.sepc) == (used, before, sepc)
        assert (proc.name, hart.load(hart.heap)) == ("prog", 7)
    assert nth > 5


def test_exec_replaces_the_old_image():
    hart = make_hart()
    kernel, proc = hart.kernel, hart.kernel.proc
    hart.sbrk(5 * PAGE_SIZE)
    hart.store(hart.heap + PAGE_SIZE, 7)

    assert kexec(kernel, proc, elf_file(segment(0, b"new")), [b"argv0", b"x"], b"dir/new") == 2

    assert (proc.name, proc.sz, proc.space.regions.heap) == ("new", 0x3000, 0x3000)
    hart.ring(Reason.BOOT)
    assert set(rights(hart)) == {0, 0x1000, 0x2000}
    hart.exit()
    assert kernel.panicked is None


@pytest.mark.parametrize(
    "elf",
    [b"", elf_file(segment(1, b"x")), elf_file(segment(0, b"x", memsz=1 << 30))],
    ids=["no ELF", "unaligned", "larger than RAM"],
)
def test_a_bad_program_costs_no_frame(elf):
    kernel = make_kernel()
    used = kernel.kmem.used
    with pytest.raises(ExecError):
        kernel.exec(elf, ["prog"])
    assert kernel.kmem.used == used
    kernel.exec(elf_file(), ["prog"])
    assert kernel.first.name == "prog"
