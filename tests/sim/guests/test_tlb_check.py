"""An entry of a TLB that a missing fence has left there is found, on either way."""

from types import SimpleNamespace

import pytest

from hdl.arch import PAGE_BITS, PAGE_SIZE, Priv, Pte, pte_to_pa
from hdl.mmu.tlb import TlbEntry
from kernel_model.facts.doorbell import Register
from kernel_model.facts.panic import PANIC_STATUS, KernelPanic
from kernel_model.kernel import Kernel
from kernel_model.mm.pagetable import walk
from sim.config import RunConfig
from sim.guests.tlb_check import TlbCheck
from sim.host.programs import assemble_trampoline, build_program
from sim.machine import Machine
from sim.session import KernelSession
from tests.kernel_model.support import Console, make_hart

_FENCE, _NOP = (word.to_bytes(4, "little") for word in (0x12000073, 0x13))
HEAP = 5 * PAGE_SIZE


class Hart:
    """A hart in Python whose process has touched a page, and TLBs in which anything may be."""

    def __init__(self):
        self.hart = make_hart()
        self.hart.sbrk(2 * PAGE_SIZE)
        self.hart.store(HEAP, 7)
        self.kernel = self.hart.kernel
        self.values = {"itlb.valid": 0, "dtlb.valid": 0, "priv": Priv.S}
        engine = SimpleNamespace(inspectable=(), inspect=lambda names: self.values)
        self.machine = SimpleNamespace(engine=engine)
        self.check = TlbCheck(self.kernel, self.machine)
        self.use(self.kernel.satp)

    def use(self, satp):
        self.values["satp"] = satp

    def hold(self, va, pte, level=0):
        """Let entry 2 of the data TLB be `pte` for `va`."""
        flags = {name.lower(): bool(pte & Pte[name]) for name in "DAGUXWR"}
        page = {"ppn": pte_to_pa(pte) >> PAGE_BITS, "level": level, "flags": flags}
        entry = TlbEntry.const({"vpn": va >> PAGE_BITS, "asid": 0, "page": page})
        self.values |= {"dtlb.valid": 0b100, "dtlb.2": entry.as_bits()}

    def enter_user_mode(self):
        self.use(self.kernel.doorbell.read(Register.SATP))
        self.values["priv"] = Priv.U
        self.check.look(self.machine)

    def complaint(self):
        with pytest.raises(KernelPanic) as raised:
            self.check()
        return str(raised.value)


@pytest.fixture
def hart():
    return Hart()


def test_an_entry_may_be_as_the_page_table_in_use_has_it(hart):
    satp = hart.kernel.doorbell.read(Register.SATP)
    hart.hold(HEAP, hart.hart.pte(HEAP))
    hart.use(satp)
    hart.check()


def test_an_entry_of_the_process_is_stale_in_the_kernel(hart):
    pte = hart.hart.pte(HEAP)
    hart.hold(HEAP, pte)
    assert hart.complaint() == (
        f"check: the kernel, the dtlb has {pte:#x} for 0x5000 when the kernel is entered, "
        "where the page table has 0x0: no sfence.vma"
    )


@pytest.mark.parametrize("change", [Pte.W, Pte.R, 1 << 10], ids=["W", "R", "frame"])
def test_an_entry_that_has_changed_is_stale_in_user_mode(hart, change):
    hart.check()
    pte = hart.hart.pte(HEAP)
    hart.hold(HEAP, pte ^ change)
    hart.enter_user_mode()
    words = f"check: pid 2 (prog), the dtlb has {pte ^ change:#x} for 0x5000 in user mode, "
    assert hart.complaint().startswith(words)


def test_an_entry_of_another_size_is_stale(hart):
    hart.check()
    hart.hold(0, hart.hart.pte(0), level=1)
    hart.enter_user_mode()
    assert "the dtlb has" in hart.complaint()


@pytest.mark.parametrize("held, stale", [(Pte.A, False), (Pte.A | Pte.D, True)])
def test_a_hart_may_have_set_more_of_a_and_d_than_it_holds(hart, held, stale):
    hart.check()
    address = walk(hart.kernel, hart.kernel.first.pagetable, HEAP)
    pte = hart.kernel.memory.read_u64(address) & ~(Pte.A | Pte.D)
    hart.kernel.memory.write_u64(address, pte | (Pte.A if stale else Pte.A | Pte.D))
    hart.hold(HEAP, pte | held)
    hart.enter_user_mode()
    if stale:
        assert "in user mode" in hart.complaint()
    else:
        hart.use(hart.kernel.satp)
        hart.values["dtlb.valid"] = 0
        hart.check()


def test_it_looks_once_a_return_and_not_before_the_answer(hart):
    assert hart.check.next_stop(100) is None
    hart.check()
    hart.kernel.answered_at = 1000
    assert hart.check.next_stop(100) > 1000
    assert hart.check.next_stop(2000) > 2000
    hart.enter_user_mode()
    assert hart.check.next_stop(2000) is None


def test_without_translation_nothing_is_compared(hart):
    hart.use(0)
    hart.hold(HEAP, hart.hart.pte(HEAP))
    hart.check()


@pytest.mark.parametrize("removed", [None, 1], ids=["whole", "no fence on the way in"])
def test_a_trampoline_without_its_fences_is_found_on_the_hart(removed):
    config = RunConfig(memory_mib=4, check=True)
    first, *others = assemble_trampoline().split(_FENCE)
    fences = [_NOP if number == removed else _FENCE for number in range(len(others))]
    code = first + b"".join(map(bytes.__add__, fences, others))
    kernel = Kernel(Machine.make_ram(config), code, Console())
    kernel.exec(build_program("hello").read_bytes(), ["hello"])
    session = KernelSession(config, kernel)
    session.check()

    session.run(100_000)

    found = removed is not None
    assert (kernel.exit_status == PANIC_STATUS) == found
    assert (b"panic: check: the kernel, the itlb has" in kernel.console.printed) == found
