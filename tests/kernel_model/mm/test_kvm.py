import pytest

from hdl.arch import PAGE_SIZE, Pte, make_pte, pte_to_pa
from kernel_model.facts.memlayout import DOORBELL, KERNBASE, TRAMPOLINE
from kernel_model.facts.panic import KernelPanic
from kernel_model.mm import kvm, pagetable, vm
from tests.kernel_model.support import failing_kalloc, make_kernel

GIB = 1 << 30


@pytest.fixture
def kernel():
    return make_kernel()


@pytest.fixture
def root(kernel):
    return vm.uvmcreate(kernel)


class TestKvmmake:
    def entries(self, kernel, va):
        """The entries that a walk of the kernel's page table meets, from the root down."""
        table = (kernel.satp & (1 << 44) - 1) << 12
        path = []
        for level in (2, 1, 0):
            pte = kernel.memory.read_u64(table + 8 * ((va >> 12 + 9 * level) & 511))
            path.append(pte)
            if pte & (Pte.R | Pte.W | Pte.X) or not pte & Pte.V:
                return path
            table = pte_to_pa(pte)
        raise AssertionError("no leaf")

    def test_maps_ram_by_the_largest_pages(self):
        kernel = make_kernel(size=(4 << 20) + 2 * PAGE_SIZE)
        rw = Pte.V | Pte.R | Pte.W | Pte.A | Pte.D

        big = self.entries(kernel, KERNBASE + (3 << 20))
        small = self.entries(kernel, KERNBASE + (4 << 20) + PAGE_SIZE)
        none = self.entries(kernel, KERNBASE + (4 << 20) + 2 * PAGE_SIZE)

        assert (len(big), big[-1]) == (2, make_pte(KERNBASE + (2 << 20), rw))
        assert (len(small), small[-1]) == (3, make_pte(KERNBASE + (4 << 20) + PAGE_SIZE, rw))
        assert none[-1] == 0

    def test_maps_doorbell_and_trampoline(self):
        kernel = make_kernel()

        doorbell = self.entries(kernel, DOORBELL)[-1]
        trampoline = self.entries(kernel, TRAMPOLINE)[-1]

        flags = Pte.V | Pte.A | Pte.D
        assert doorbell == make_pte(DOORBELL, flags | Pte.R | Pte.W)
        assert trampoline == make_pte(KERNBASE, flags | Pte.R | Pte.X)

    def test_leaves_a_and_d_to_the_hart_under_svadu(self):
        kernel = make_kernel(svadu=True)
        assert self.entries(kernel, KERNBASE)[-1] & (Pte.A | Pte.D) == 0

    def test_uses_gigabyte_pages(self, kernel, root):
        kvm.kvmmap(kernel, root, 2 * GIB, 2 * GIB, GIB + (2 << 20), Pte.R)

        assert kernel.memory.read_u64(root + 8 * 2) & Pte.R
        assert not kernel.memory.read_u64(root + 8 * 3) & Pte.R
        assert kernel.memory.read_u64(pagetable.walk(kernel, root, 3 * GIB, level=1)) & Pte.R

    def test_uses_small_pages_where_only_one_address_is_aligned(self, kernel, root):
        large = 2 << 20
        kvm.kvmmap(kernel, root, large, KERNBASE + PAGE_SIZE, large, Pte.R)
        kvm.kvmmap(kernel, root, 5 * large + PAGE_SIZE, KERNBASE, large, Pte.R)

        for va, pa in ((large, KERNBASE + PAGE_SIZE), (5 * large + PAGE_SIZE, KERNBASE)):
            for offset in (0, large - PAGE_SIZE):
                pte = pagetable.getpte(kernel, root, va + offset)
                assert pte_to_pa(pte) == pa + offset

    @pytest.mark.parametrize("nth", [1, 2, 5])
    def test_panics_without_frames(self, kernel, nth):
        with failing_kalloc(kernel, nth), pytest.raises(KernelPanic, match="kvmma"):
            kvm.kvmmake(kernel, kernel.trampoline)
