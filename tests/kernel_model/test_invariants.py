"""Each invariant of memory, broken by hand, is named with its process and its entry."""

import pytest

from hdl.arch import PAGE_SIZE, Pte, make_pte, pte_to_pa
from kernel_model.facts.memlayout import TRAMPOLINE, TRAPFRAME
from kernel_model.facts.panic import PANIC_STATUS, KernelPanic
from kernel_model.invariants import MemoryCheck
from kernel_model.mm.pagetable import leaf_tables, walk
from kernel_model.mm.policy import make_policy
from tests.kernel_model.mapping import ANONYMOUS, READ, SHARED, WRITE, mmap
from tests.kernel_model.support import Killed, make_hart, switch_to

_FLAGS = (1 << 10) - 1
TEXT, DATA, GUARD, STACK, HEAP = (number * PAGE_SIZE for number in (0, 1, 3, 4, 5))


class Broken:
    """A process and its child, and what somebody does to their entries."""

    def __init__(self, policy="lazy"):
        self.hart = make_hart(policy=make_policy(policy))
        self.kernel = self.hart.kernel
        self.check = MemoryCheck(self.kernel)
        self.hart.sbrk(4 * PAGE_SIZE)
        self.hart.store(HEAP, 7)
        assert self.hart.call("fork") == 3
        self.check()
        self.parent, self.child = self.kernel.procs[1:]

    def entry(self, va, proc=None):
        """The physical address of an entry, and what is there."""
        address = walk(self.kernel, (proc or self.parent).pagetable, va)
        return address, self.kernel.memory.read_u64(address)

    def write(self, va, *, on=0, off=0, pa=None, proc=None):
        address, pte = self.entry(va, proc)
        pa = pte_to_pa(pte) if pa is None else pa
        self.kernel.memory.write_u64(address, make_pte(pa, pte & _FLAGS & ~off | on))

    def frame(self, va, proc=None):
        return pte_to_pa(self.entry(va, proc)[1])

    def complaint(self):
        with pytest.raises(KernelPanic, match="^check: ") as raised:
            self.check()
        (line,) = str(raised.value).splitlines()
        return line


@pytest.fixture
def broken():
    return Broken()


@pytest.mark.parametrize(
    "va, change, words",
    [
        (TEXT, {"on": Pte.W}, "can be written and executed"),
        (HEAP, {"off": Pte.R}, "can be written and not read"),
        (HEAP, {"on": 1 << 60}, "has reserved bits"),
        (HEAP, {"on": Pte.G}, "is global, and the user's"),
        (HEAP, {"off": Pte.R | Pte.W}, "is a pointer at level 0"),
        (HEAP, {"off": Pte.W, "on": Pte.X}, "has rights that its region, heap, has not"),
        (GUARD, {"on": Pte.U}, "has rights that its region, guard, has not"),
        (STACK, {"off": Pte.U}, "is not the user's"),
        (TRAPFRAME, {"on": Pte.U}, "lets the user in"),
        (TRAMPOLINE, {"on": Pte.U}, "lets the user in"),
        (TRAPFRAME - PAGE_SIZE, {"on": Pte.V | Pte.R}, "is past the size"),
    ],
)
def test_an_entry_that_is_wrong_by_itself(broken, va, change, words):
    broken.write(va, **change)
    address, pte = broken.entry(va)
    expected = f"check: pid 2 (prog), entry {pte:#x} at {address:#x} for {va:#x} {words}"
    assert broken.complaint() == expected


def test_a_frame_that_is_free_and_mapped(broken):
    frame = broken.frame(HEAP)
    broken.kernel.kmem.kfree(frame)
    assert broken.complaint().endswith(f" for 0x5000 maps {frame:#x}, which is free")


def test_a_frame_outside_memory_is_never_in_use(broken):
    broken.write(HEAP, pa=1 << 40)
    assert "for 0x5000 maps 0x10000000000, which is free" in broken.complaint()


def test_a_frame_that_is_mapped_twice_and_not_counted(broken):
    kept = broken.frame(HEAP)
    broken.write(HEAP, pa=kept, proc=broken.child, off=Pte.W)
    broken.write(HEAP, off=Pte.W)
    assert f"maps {kept:#x}, which is mapped 2 times and counted 1 times" in broken.complaint()


def test_a_frame_that_is_counted_twice_and_mapped_once(broken):
    broken.kernel.kmem.share(broken.frame(DATA))
    broken.write(DATA, off=Pte.W)
    assert "for 0x1000 " in broken.complaint()
    assert broken.complaint().endswith("which is mapped 1 times and counted 2 times")


def test_a_frame_that_is_in_use_and_nobodys(broken):
    frame = broken.kernel.kmem.kalloc()
    assert broken.complaint() == f"check: frame {frame:#x}, nobody's, is counted 1 times"


def test_a_kernels_frame_that_a_process_can_reach(broken):
    broken.write(HEAP, pa=broken.child.pagetable)
    assert broken.complaint().endswith("maps the kernel's frame: a page table of pid 3 (prog)")


def test_a_pipes_frame_is_the_kernels(broken):
    assert broken.hart.call("pipe", HEAP) == 0
    broken.check()
    (pipe,) = {id(each.pipe): each.pipe for each in broken.kernel.ftable if each.pipe}.values()
    broken.write(HEAP, pa=pipe.frame)
    assert broken.complaint().endswith("maps the kernel's frame: a pipe")


def test_a_page_table_that_two_have(broken):
    table = next(leaf_tables(broken.kernel, broken.child.pagetable, 0, PAGE_SIZE)).table
    entry = walk(broken.kernel, broken.parent.pagetable, 0, level=1)
    broken.kernel.memory.write_u64(entry, make_pte(table, Pte.V))
    whose = "a page table of pid 2 (prog), and a page table of pid 3 (prog)"
    assert broken.complaint() == f"check: frame {table:#x} is {whose}"


def test_a_pointer_to_a_frame_that_is_free(broken):
    entry = walk(broken.kernel, broken.parent.pagetable, 0, level=1)
    broken.kernel.memory.write_u64(entry, make_pte(1 << 40, Pte.V))
    assert broken.complaint().endswith("points to a page table in a frame that is free")


def test_a_superpage_that_is_not_aligned(broken):
    entry = walk(broken.kernel, broken.parent.pagetable, 2 << 20, level=1)
    flags = Pte.V | Pte.U | Pte.R | Pte.W
    broken.kernel.memory.write_u64(entry, make_pte(broken.frame(HEAP), flags))
    assert broken.complaint().endswith("for 0x200000 is not aligned to 0x200000")


def test_the_kernels_own_page_table_lets_no_user_in(broken):
    memory, root = broken.kernel.memory, pte_to_pa(broken.kernel.satp << 10)
    address = walk(broken.kernel, root, memory.base)
    memory.write_u64(address, memory.read_u64(address) | Pte.U)
    assert broken.complaint().startswith("check: the kernel, entry ")


def test_a_process_without_its_trap_frame(broken):
    broken.write(TRAPFRAME, off=Pte.V)
    assert broken.complaint() == "check: pid 2 (prog) has nothing at 0x3fffffe000"


def test_a_shared_frame_that_may_be_written():
    broken = Broken("cow")
    broken.write(HEAP, on=Pte.W, proc=broken.child)
    assert "check: pid 3 (prog), entry" in broken.complaint()
    assert broken.complaint().endswith("lets a frame be written that is shared, by 2")


def test_the_page_of_zeros_may_not_be_written():
    broken = Broken("zero-page")
    assert broken.hart.load(HEAP + PAGE_SIZE) == 0
    broken.check()
    broken.write(HEAP + PAGE_SIZE, on=Pte.W)
    assert broken.complaint().endswith("lets a frame be written that is shared, by 2")


def test_the_kernel_panics_after_the_entry_that_has_broken_one(broken):
    broken.kernel.checks.append(broken.check)
    broken.hart.timer()
    assert broken.kernel.panicked is None
    broken.write(HEAP, pa=broken.frame(STACK))
    with pytest.raises(Killed):
        broken.hart.timer()
    assert broken.kernel.exit_status == PANIC_STATUS
    assert "panic: check: pid 2 (prog), entry" in broken.hart.printed


class TestAreas:
    @pytest.fixture
    def area(self, broken):
        """Of parent and child, and both have touched its first page."""
        va = mmap(broken.hart, 2 * PAGE_SIZE, READ | WRITE, SHARED | ANONYMOUS)
        broken.hart.store(va, 1)
        assert broken.hart.call("fork") == 4
        broken.child = broken.kernel.procs[-1]
        switch_to(broken.hart, 4)
        broken.hart.load(va)
        broken.check()
        return va

    def test_a_shared_area_may_be_written_by_all(self, broken, area):
        assert broken.frame(area) == broken.frame(area, broken.child)
        assert broken.kernel.kmem.references(broken.frame(area)) == 3

    def test_a_page_that_is_not_its_areas(self, broken, area):
        broken.write(area, pa=broken.frame(HEAP))
        assert broken.complaint().endswith(f"for {area:#x} is not the page of its area")

    def test_a_frame_of_an_area_that_is_mapped_elsewhere_to_be_written(self, broken, area):
        broken.write(HEAP, pa=broken.frame(area))
        assert "for 0x5000 lets a frame be written that is shared, by 3" in broken.complaint()

    def test_rights_that_an_area_has_not(self, broken, area):
        broken.write(area, on=Pte.X, off=Pte.W)
        assert "has rights that its region, mmap, has not" in broken.complaint()

    def test_a_page_beside_an_area(self, broken, area):
        broken.write(area - PAGE_SIZE, on=Pte.V | Pte.R)
        assert broken.complaint().endswith(f"for {area - PAGE_SIZE:#x} is past the size")

    def test_a_backing_that_knows_other_parts_than_there_are(self, broken, area):
        broken.kernel.backings[1].parts[1] = (PAGE_SIZE, 2 * PAGE_SIZE)
        assert broken.complaint() == (
            "check: backing 1 is shown at 0x0 to 0x2000, 0x0 to 0x2000, "
            "and knows of 0x0 to 0x2000, 0x1000 to 0x2000"
        )

    def test_a_backing_with_a_frame_that_nobody_can_touch(self, broken, area):
        broken.kernel.backings[1].frames[7 * PAGE_SIZE] = broken.frame(HEAP)
        assert broken.complaint() == "check: backing 1 keeps 0x7000, which no area shows"

    def test_a_frame_that_a_backing_has_lost(self, broken, area):
        frame = broken.kernel.backings[1].frames.pop(0)
        assert f"entry {broken.entry(area)[1]:#x}" in broken.complaint()
        broken.kernel.backings[1].frames[0] = frame
        broken.kernel.kmem.share(frame)
        assert broken.complaint().endswith("which is mapped 2 times and counted 4 times")
