import pytest

from hdl.arch import PAGE_SIZE, PTE_SIZE, Pte, make_pte, pte_to_pa
from kernel_model.facts.costs import TABLE
from kernel_model.facts.memlayout import MAXVA, TRAMPOLINE, TRAPFRAME
from kernel_model.mm.peek import peek, vmprint
from kernel_model.mm.vm import walk
from tests.kernel_model.support import make_hart

GIB = 1 << 30


@pytest.fixture
def hart():
    return make_hart(costs=TABLE)


def lines(hart):
    return list(vmprint(hart.kernel.memory, hart.proc.pagetable))


class TestVmprint:
    def test_prints_every_valid_entry_under_its_table(self, hart):
        root = hart.proc.pagetable
        memory = hart.kernel.memory
        first, *entries = lines(hart)

        assert first == f"page table 0x{root:016x}"
        pte = memory.read_u64(root)
        pa = pte_to_pa(pte)
        assert entries[0] == f" ..0x{0:016x}: pte 0x{pte:016x} pa 0x{pa:016x}"
        pte = memory.read_u64(pa)
        assert entries[1] == f" .. ..0x{0:016x}: pte 0x{pte:016x} pa 0x{pte_to_pa(pte):016x}"
        assert entries[2].startswith(f" .. .. ..0x{0:016x}: pte ")

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

    def test_a_superpage_is_no_table(self, hart):
        root = hart.proc.pagetable
        hart.kernel.memory.write_u64(root + 9 * PTE_SIZE, make_pte(9 * GIB, Pte.V | Pte.R))
        assert f" ..0x{9 * GIB:016x}" in "\n".join(lines(hart))


class TestPeek:
    def peek(self, hart, va, n):
        return peek(hart.kernel.memory, hart.proc.space, va, n)

    def test_reads_over_pages(self, hart):
        hart.sbrk(2 * PAGE_SIZE)
        edge = hart.heap + PAGE_SIZE
        hart.put(edge - 2, b"abcd")
        assert self.peek(hart, edge - 4, 8) == b"\0\0abcd\0\0"

    def test_finds_zeros_where_nothing_was_touched_and_leaves_it_so(self, hart):
        hart.sbrk(GIB)
        used, cycles = hart.kernel.kmem.used, hart.kernel.cycles
        assert self.peek(hart, hart.heap + GIB // 2, 10) == bytes(10)
        assert (hart.kernel.kmem.used, hart.kernel.cycles) == (used, cycles)

    def test_refuses_what_the_process_may_not_read(self, hart):
        guard = hart.heap - 2 * PAGE_SIZE
        for va in (guard, hart.heap, hart.heap - 4, TRAPFRAME, MAXVA - 4, MAXVA, -8 % 2**64):
            assert self.peek(hart, va, 8) is None
