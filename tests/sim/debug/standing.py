"""Runs that stand still, made of the values that an engine shows; what is not said is 0.

And debuggers of them, which go nowhere.
"""

from collections import defaultdict
from types import SimpleNamespace

from hdl.arch import PAGE_BITS, PTE_SIZE, Priv, Pte, make_pte, make_satp
from sim.debug.debugger import Stop
from sim.debug.hart_state import HartState
from sim.platform.ram import Ram

__all__ = ["Asked", "FRAME", "MAPPED", "RAM", "ROOT", "paged", "session_of", "standing"]

RAM = 0x8000_0000
#: Tables from the root on, and the frames behind them.
ROOT, MIDDLE, LOW, FRAME = (RAM + (number << PAGE_BITS) for number in range(4))
#: Virtual addresses of two pages that follow each other, and lie in RAM the other way round.
MAPPED = 0x5000


def session_of(values=(), *, cycle=0, registers=range(32), ram=None, proc=None, **config):
    """A run that stands; the engine shows `values` by its names, and `proc` runs, if any."""
    shown = defaultdict(int, values)
    engine = SimpleNamespace(
        inspectable=tuple(shown),
        inspect=lambda names: shown,
        read_register=lambda number: registers[number],
    )
    ram = ram or Ram(RAM, 16 << PAGE_BITS)
    procs = [] if proc is None else [proc]
    console = SimpleNamespace(printed=bytearray())
    return SimpleNamespace(
        cycle=cycle,
        machine=SimpleNamespace(engine=engine, ram=ram),
        config=SimpleNamespace(**{"hart_id": 0, "pmp_entries": 0} | config),
        kernel=SimpleNamespace(proc=proc, procs=procs, memory=ram, first=proc, console=console),
        guest=SimpleNamespace(faults=[]),
    )


def standing(values=(), **parameters):
    """The state of its hart."""
    return HartState(session_of(values, **parameters))


def paged(priv=Priv.U, proc=None, **values):
    """A run in front of a page table; its two pages hold 1s and 2s, and may be read."""
    ram = Ram(RAM, 16 << PAGE_BITS)
    ram.write_u64(ROOT, make_pte(MIDDLE, Pte.V))
    ram.write_u64(MIDDLE, make_pte(LOW, Pte.V))
    for number, frame in ((5, FRAME + 0x1000), (6, FRAME)):
        flags = Pte.V | Pte.R | Pte.U | Pte.A
        ram.write_u64(LOW + PTE_SIZE * number, make_pte(frame, flags))
    ram.write(FRAME + 0x1000, b"\1" * 0x1000)
    ram.write(FRAME, b"\2" * 0x1000)
    return session_of({"satp": make_satp(ROOT), "priv": priv, **values}, ram=ram, proc=proc)


class Asked:
    """A debugger of `session` that notes what it is asked for, and stops as it is told to.

    Members: `asked`, each call with its arguments; `were`, the breakpoints in the last of them.
    """

    def __init__(self, session):
        self.session = session
        self.breakpoints = {}
        self.stop = Stop(0, "")
        self.over = False
        self.asked = []

    @property
    def cycle(self):
        return self.session.cycle

    def __getattr__(self, name):
        def motion(*arguments, **options):
            self.asked.append((name, *arguments, *options.items()))
            self.were = dict(self.breakpoints)
            return self.stop

        return motion
