import pytest

from hdl.arch import PAGE_SIZE, PTE_SIZE, Pte, make_pte, pte_to_pa
from kernel_model.facts.costs import IDEAL
from kernel_model.facts.memlayout import MAXVA, TRAMPOLINE, TRAPFRAME
from kernel_model.mm.pagetable import count_tables
from kernel_model.mm.peek import flag_letters, mapped, peek, vmprint
from kernel_model.mm.regions import Owner, Regions
from kernel_model.mm.space import AddressSpace
from kernel_model.mm.vm import uvmcreate, walk
from sim.platform.ram import Ram
from tests.kernel_model.mapping import ANONYMOUS, PRIVATE, READ, SHARED, WRITE, mmap, open_file
from tests.kernel_model.support import R, X, elf_file, make_hart, segment
from tests.kernel_model.tables import MIB2, map_superpage

GIB = 1 << 30


@pytest.fixture
def hart():
    return make_hart(costs=IDEAL)


def lines(hart):
    return list(vmprint(hart.kernel.memory, hart.proc.pagetable))


class TestMapped:
    def test_tells_what_is_mapped_below_an_address(self, hart):
        size = hart.proc.sz
        memory, root = hart.kernel.memory, hart.proc.pagetable
        found = list(mapped(memory, root, size))

        assert [va for va, _, _ in found] == [*range(0, size, PAGE_SIZE)]
        assert {span for _, _, span in found} == {PAGE_SIZE}
        assert [pte for _, pte, _ in found] == [
            memory.read_u64(walk(hart.kernel, root, va)) for va, _, _ in found
        ]
        assert list(mapped(memory, root, PAGE_SIZE)) == found[:1]
        assert list(mapped(memory, root, 0)) == []

    def test_a_superpage_is_one(self):
        hart = make_hart(size=8 << 20)
        run = map_superpage(hart.kernel, hart.proc.pagetable, MIB2)
        *_, (va, pte, span) = mapped(hart.kernel.memory, hart.proc.pagetable, GIB)
        assert (va, pte_to_pa(pte), span) == (MIB2, run, MIB2)

    def test_beyond_the_first_gigabyte_too(self, hart):
        hart.sbrk(GIB)
        hart.sbrk(GIB)
        hart.store(GIB + 0x5000, 1)
        assert GIB + 0x5000 in [
            va for va, _, _ in mapped(hart.kernel.memory, hart.proc.pagetable, hart.proc.sz)
        ]

    def test_costs_nothing(self, hart):
        before = list(hart.kernel.meter.counts)
        list(mapped(hart.kernel.memory, hart.proc.pagetable, hart.proc.sz))
        assert list(hart.kernel.meter.counts) == before


NOWHERE = make_pte(0x1000, Pte.V)


class TestWhereNoMemoryIs:
    """A page table that is not as the kernel has left it can be looked at all the same."""

    @pytest.fixture(autouse=True)
    def broken(self, hart):
        hart.kernel.memory.write_u64(hart.proc.pagetable + 8, NOWHERE)

    def test_what_is_mapped_elsewhere_is_told(self, hart):
        memory, root = hart.kernel.memory, hart.proc.pagetable
        assert [*mapped(memory, root, 2 * GIB)] == [*mapped(memory, root, GIB)] != []

    def test_the_entry_is_printed_and_nothing_below_it(self, hart):
        assert [line for line in lines(hart) if f"{NOWHERE:#018x}" in line] == [
            " ..0x0000000040000000: pte 0x0000000000000401 pa 0x0000000000001000 -------V"
        ]

    def test_nothing_is_read_behind_it(self, hart):
        memory = hart.kernel.memory
        ram = Ram(memory.base, memory.size)
        ram.write(memory.base, memory.read(memory.base, memory.size))
        assert peek(ram, hart.proc.space, GIB, 8) is None

    def test_it_is_no_page_table_that_counts(self, hart):
        count = count_tables(hart.kernel, hart.proc.pagetable)
        hart.kernel.memory.write_u64(hart.proc.pagetable + 8, 0)
        assert count == 1 + count_tables(hart.kernel, hart.proc.pagetable)


class TestVmprint:
    def test_prints_every_valid_entry_under_its_table(self, hart):
        root = hart.proc.pagetable
        memory = hart.kernel.memory
        first, *entries = lines(hart)

        assert first == f"page table 0x{root:016x}"
        pte = memory.read_u64(root)
        pa = pte_to_pa(pte)
        assert entries[0] == f" ..0x{0:016x}: pte 0x{pte:016x} pa 0x{pa:016x} -------V"
        pte = memory.read_u64(pa)
        assert (
            entries[1] == f" .. ..0x{0:016x}: pte 0x{pte:016x} pa 0x{pte_to_pa(pte):016x} -------V"
        )
        assert entries[2].startswith(f" .. .. ..0x{0:016x}: pte ")

    def test_tells_flags_as_letters(self, hart):
        leaf = {entry for entry in lines(hart) if entry.startswith(" .. .. ..")}
        assert any(entry.endswith(" DA-UX-RV") for entry in leaf)
        assert flag_letters(0xFF) == "DAGUXWRV"
        assert flag_letters(0x51) == "-A-U---V"

    def test_tells_the_address_of_every_leaf(self, hart):
        hart.sbrk(GIB)
        hart.sbrk(GIB)
        for va in (hart.heap, GIB + 0x5000):
            hart.store(va, 1)

        leaves = [int(line[9:27], 16) for line in lines(hart) if line.startswith(" .. .. ..0x")]
        pages = range(0, hart.heap + PAGE_SIZE, PAGE_SIZE)
        assert leaves == [*pages, GIB + 0x5000, TRAPFRAME, TRAMPOLINE]

    def test_an_entry_without_rights_at_the_lowest_level_is_no_table(self, hart):
        entry = walk(hart.kernel, hart.proc.pagetable, 0)
        hart.kernel.memory.write_u64(entry, make_pte(0x1234_5000, Pte.V))
        assert any("pa 0x0000000012345000" in line for line in lines(hart))

    @pytest.mark.parametrize("right", [Pte.R, Pte.W, Pte.X])
    def test_a_superpage_is_no_table(self, hart, right):
        root = hart.proc.pagetable
        hart.kernel.memory.write_u64(root + 9 * PTE_SIZE, make_pte(9 * GIB, Pte.V | right))
        assert f" ..0x{9 * GIB:016x}" in "\n".join(lines(hart))


class TestPeek:
    def peek(self, hart, va, n):
        return peek(hart.kernel.memory, hart.proc.space, va, n)

    def test_reads_over_pages(self, hart):
        hart.sbrk(2 * PAGE_SIZE)
        edge = hart.heap + PAGE_SIZE
        hart.put(edge, b"cd")  # the frames are not side by side
        hart.put(edge - 2, b"ab")
        assert self.peek(hart, edge - 4, 8) == b"\0\0abcd\0\0"
        assert self.peek(hart, edge - 1, 1) == b"b"

    def test_reads_what_can_only_be_read_and_run(self, hart):
        assert self.peek(hart, 0, 4) == b"\x13\0\0\0"

    def test_reads_far_up(self, hart):
        hart.sbrk(GIB)
        hart.sbrk(GIB)
        va = hart.put(GIB + (7 << 21), b"far")
        assert self.peek(hart, va, 3) == b"far"

    def test_reads_from_a_superpage(self):
        hart = make_hart(size=8 << 20)
        hart.promise(2 * MIB2)
        run = map_superpage(hart.kernel, hart.proc.pagetable, MIB2)
        hart.kernel.memory.write(run + 0x5FFE, b"over")
        assert self.peek(hart, MIB2 + 0x5FFE, 4) == b"over"

    def test_reads_behind_the_size_in_its_page(self, hart):
        hart.sbrk(10)
        hart.put(hart.heap, b"x")
        assert self.peek(hart, hart.heap + 10, 1) == b"\0"

    def test_reads_what_was_left_out_below_a_program(self):
        hart = make_hart(elf_file(segment(4 * PAGE_SIZE, b"text", R | X), entry=4 * PAGE_SIZE))
        assert self.peek(hart, PAGE_SIZE, 8) == bytes(8)

    @pytest.mark.parametrize(
        "flags, found",
        [(Pte.R | Pte.U, bytes(8)), (Pte.V | Pte.X | Pte.U, None), (Pte.V | Pte.R, None)],
    )
    def test_an_entry_is_a_page_if_valid_and_the_users_if_it_says_so(self, hart, flags, found):
        hart.sbrk(PAGE_SIZE)
        hart.store(hart.heap, 1)
        entry = walk(hart.kernel, hart.proc.pagetable, hart.heap)
        hart.kernel.memory.write_u64(entry, make_pte(pte_to_pa(hart.pte(hart.heap)), flags))
        assert self.peek(hart, hart.heap, 8) == found

    def test_finds_zeros_where_nothing_was_touched_and_leaves_it_so(self, hart):
        hart.sbrk(GIB)
        used, cycles = hart.kernel.kmem.used, hart.kernel.cycles
        assert self.peek(hart, hart.heap + GIB // 2, 10) == bytes(10)
        assert (hart.kernel.kmem.used, hart.kernel.cycles) == (used, cycles)

    def test_an_untouched_page_is_read_if_its_owner_may_read_it(self, hart):
        regions = Regions().grown(PAGE_SIZE, int(Pte.X), Owner.SEGMENT)
        regions = regions.grown(2 * PAGE_SIZE, int(Pte.R), Owner.STACK)
        space = AddressSpace(uvmcreate(hart.kernel), 2 * PAGE_SIZE, regions)
        for va, found in ((0, None), (PAGE_SIZE, bytes(8))):
            assert peek(hart.kernel.memory, space, va, 8) == found

    def test_refuses_what_no_address_space_has_whatever_its_table_holds(self, hart):
        leaf = make_pte(0x8000_0000, Pte.V | Pte.R | Pte.U)
        hart.kernel.memory.write_u64(hart.proc.pagetable + PTE_SIZE * (MAXVA // GIB), leaf)
        assert self.peek(hart, MAXVA, 8) is None

    def test_refuses_what_the_process_may_not_read(self, hart):
        guard = hart.heap - 2 * PAGE_SIZE
        ends = (TRAPFRAME, MAXVA - 4, MAXVA, 2 * MAXVA, -8 % 2**64)
        for va in (guard, hart.heap, hart.heap - 4, *ends):
            assert self.peek(hart, va, 8) is None


class TestAreas:
    """What was never touched is what the file has, or those who share the area."""

    @pytest.fixture
    def hart(self):
        hart = make_hart(files=lambda: {"file": b"content" * 700})
        hart.sbrk(PAGE_SIZE)
        return hart

    def test_pages_of_a_file(self, hart):
        area = mmap(hart, 2 * PAGE_SIZE, READ, PRIVATE, open_file(hart, "file"))
        kernel, space = hart.kernel, hart.proc.space
        assert peek(kernel.memory, space, area + 7, 4, kernel.backings) == b"cont"
        assert peek(kernel.memory, space, area + 4898, 4, kernel.backings) == b"nt\0\0"
        assert not hart.pte(area)

    def test_pages_that_somebody_else_has_touched(self, hart):
        area = mmap(hart, PAGE_SIZE, READ | WRITE, SHARED | ANONYMOUS)
        assert hart.call("fork") == 3
        hart.store(area, 7)
        kernel, child = hart.kernel, hart.kernel.procs[2]
        assert peek(kernel.memory, child.space, area, 2, kernel.backings) == b"\7\0"
