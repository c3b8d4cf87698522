"""The real hart as one that makes the accesses of an exercise, by the program `accesses.S`."""

from pathlib import Path
from typing import NamedTuple

from hdl.arch import MENVCFG_ADUE, Cause, Mstatus, Priv, make_satp
from hdl.pipeline.probe import Stall
from sim.config import MachineConfig
from sim.exercises.mmu import Access, Fence, Put
from sim.host.programs import build_bare
from sim.session import BareSession

__all__ = ["OPERAND", "Done", "Hart"]

#: What stores put into memory.
OPERAND = 0x5A5A_5A5A
PATIENCE = 600
#: Doublewords of the block `told`.
GO, SATP, MENVCFG, VA, ASID, ENTRY, MSTATUS, MRET, DONE, CAUSE, TVAL, EPC, A0 = range(0, 104, 8)
#: Where an instruction waits for the translation of its address, and of its data.
CODE, DATA = ("fetch", "trap"), ("execute", "trap")


class Done(NamedTuple):
    """How an access ended: the exception, or None, with its pc; and how long its translation was.

    `value` is what it has loaded, if it has.
    """

    cause: int | None
    stval: int
    epc: int
    value: int
    cycles: int


class Hart:
    """A hart with empty TLBs, to be used with `with`; `ram` is its memory, zeros at first."""

    def __init__(self, latency: int = 1):
        elf = build_bare(Path(__file__).with_name("accesses.S")).read_bytes()
        self._session = BareSession(MachineConfig(latency=latency, traced=True), elf)
        self.ram = self._session.machine.ram
        self._symbols = self._session.image.symbols
        self._wait(0)

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self._session.close()

    def put(self, memory):
        """Writes doublewords by their physical addresses."""
        for address, value in memory.items():
            self.ram.write_u64(address, value)

    def do(self, step):
        """Does a step of an exercise; of an access returns `Done`."""
        match step:
            case Put(address, value):
                self.ram.write_u64(address, value)
            case Fence(va, asid):
                names = {(0, 0): "fence", (1, 0): "fence_va", (0, 1): "fence_asid"}
                name = names.get((va is not None, asid is not None), "fence_both")
                self._tell(name, {VA: va or 0, ASID: asid or 0})
                assert self._wait(0).cause is None
            case Access():
                return self._access(step)
        return None

    def _access(self, step):
        c = step.context
        mstatus = c.sum_ << Mstatus.SUM | c.mxr << Mstatus.MXR | c.priv << Mstatus.MPP
        state = {SATP: make_satp(c.root, c.asid), MENVCFG: c.adue << MENVCFG_ADUE, VA: step.va}
        if step.kind == "fetch":
            self._tell(step.va, state | {MSTATUS: mstatus, MRET: 1})
            return self._wait(step.va, CODE)
        name = step.insn.split()[0].split(".")[0]
        self._tell(name, state | {MSTATUS: mstatus | 1 << Mstatus.MPRV})
        return self._wait(self._symbols[name])

    def _tell(self, entry, state):
        entry = self._symbols[entry] if isinstance(entry, str) else entry
        told = {SATP: 0, MENVCFG: 0, MRET: 0, MSTATUS: Priv.M << Mstatus.MPP, A0: OPERAND}
        for offset, value in (told | state | {ENTRY: entry, DONE: 0, GO: 1}).items():
            self.ram.write_u64(self._symbols["told"] + offset, value)

    def _wait(self, pc, stages=DATA):
        """Until it is done; counts the cycles that what is at `pc` waits for its translation."""
        told, engine, cycles = self._symbols["told"], self._session.machine.engine, 0
        names = [f"{stage}.{what}" for stage in stages for what in ("valid", "pc", "stall")]
        for _ in range(PATIENCE):
            if self.ram.read_u64(told + DONE):
                break
            values = engine.inspect(names)
            cycles += any(
                values[f"{stage}.valid"]
                and values[f"{stage}.pc"] == pc
                and values[f"{stage}.stall"] == Stall.TRANSLATION.value
                for stage in stages
            )
            self._session.step()
        else:
            raise AssertionError(f"not done after {PATIENCE} cycles")
        cause, *others = (self.ram.read_u64(told + at) for at in (CAUSE, TVAL, EPC, A0))
        return Done(None if cause == Cause.BREAKPOINT else cause, *others, cycles)
