"""A hart that stands still, made of the values that its engine shows; what is not said is 0."""

from collections import defaultdict
from types import SimpleNamespace

from hdl.arch import PAGE_BITS, PTE_SIZE, Priv, Pte, make_pte, make_satp
from sim.debug.hart_state import HartState
from sim.platform.ram import Ram

__all__ = ["FRAME", "MAPPED", "RAM", "ROOT", "paged", "standing"]

RAM = 0x8000_0000
#: Tables from the root on, and the frames behind them.
ROOT, MIDDLE, LOW, FRAME = (RAM + (number << PAGE_BITS) for number in range(4))
#: Virtual addresses of two pages that follow each other, and lie in RAM the other way round.
MAPPED = 0x5000


def standing(values=(), *, cycle=0, registers=range(32), ram=None, **config):
    """The state of a hart. `values` are by the names that an engine has for them."""
    shown = defaultdict(int, values)
    engine = SimpleNamespace(
        inspectable=tuple(shown),
        inspect=lambda names: shown,
        read_register=lambda number: registers[number],
    )
    machine = SimpleNamespace(engine=engine, ram=ram or Ram(RAM, 16 << PAGE_BITS))
    return HartState(
        SimpleNamespace(
            cycle=cycle, machine=machine, config=SimpleNamespace(**{"hart_id": 0} | config)
        )
    )


def paged(priv=Priv.U, **values):
    """One in front of a page table; its two pages hold 1s and 2s."""
    ram = Ram(RAM, 16 << PAGE_BITS)
    ram.write_u64(ROOT, make_pte(MIDDLE, Pte.V))
    ram.write_u64(MIDDLE, make_pte(LOW, Pte.V))
    for number, frame in ((5, FRAME + 0x1000), (6, FRAME)):
        ram.write_u64(LOW + PTE_SIZE * number, make_pte(frame, Pte.V | Pte.R | Pte.A))
    ram.write(FRAME + 0x1000, b"\1" * 0x1000)
    ram.write(FRAME, b"\2" * 0x1000)
    return standing({"satp": make_satp(ROOT), "priv": priv, **values}, ram=ram)
