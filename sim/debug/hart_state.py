"""What the hart holds where it stands still: pc, registers, CSRs by field, stages, TLBs.

The pc is that of the oldest instruction in the pipeline: all before it have retired, and nothing
else has happened.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from hdl.arch import PAGE_BITS, PAGE_SIZE, Csr, Priv, SatpMode
from hdl.mmu.tlb import TlbEntry
from hdl.mmu.walk_cache import Pointer
from hdl.pipeline.probe import STAGES, Stall
from hdl.priv.table import REGISTERS, Field, Register, State
from sim.debug.protection import ProtectionCsr, protection_csrs
from sim.output.translation import Walk, walk
from sim.session import KernelSession

__all__ = ["TABLES", "CsrValue", "Entry", "HartState", "Stage"]

#: The tables of the MMU that can be looked into.
TABLES = ("itlb", "dtlb", "walk_cache")


@dataclass(frozen=True)
class Stage:
    """What is in a stage: an instruction, why it stays there, and whether it will be dropped."""

    name: str
    valid: bool
    pc: int
    stall: Stall
    squash: bool


class CsrValue(NamedTuple):
    """A CSR, and its fields: of each the name, "" if it is the whole, and the value."""

    register: Register
    value: int
    fields: tuple[tuple[Field, int], ...]

    @property
    def name(self) -> str:
        """As the specification writes it."""
        return self.register.csr.name.lower()


class Entry(NamedTuple):
    """An entry of a TLB, a page; or of the walk cache, what a table of level 0 maps.

    `va` and `pa` are where the page, or what is mapped, and the table begin, `size` in bytes.
    `flags` are those of `hdl.arch.Pte` but V, as letters; of a pointer only G is known.
    """

    number: int
    va: int
    size: int
    pa: int
    asid: int
    flags: str


class HartState:
    """The hart of a run that was made `traced`, as it is now; not to be kept."""

    def __init__(self, session: KernelSession):
        self._session = session
        self._cycle = session.cycle
        engine = session.machine.engine
        self._values = engine.inspect(engine.inspectable)

    @property
    def priv(self) -> Priv:
        """The privilege of the instruction at `pc`."""
        return Priv(self._values["priv"])

    @property
    def stages(self) -> tuple[Stage, ...]:
        """All stages, from the fetch to the retirement."""
        values = self._values
        return tuple(
            Stage(
                name,
                bool(values[f"{name}.valid"]),
                values[f"{name}.pc"],
                Stall(values[f"{name}.stall"]),
                bool(values[f"{name}.squash"]),
            )
            for name in STAGES
        )

    @property
    def pc(self) -> int:
        """Virtual address of the instruction that is to retire, or to trap, next."""
        return next((stage.pc for stage in reversed(self.stages) if stage.valid), 0)

    @property
    def registers(self) -> tuple[int, ...]:
        """x0 to x31."""
        engine = self._session.machine.engine
        return tuple(engine.read_register(number) for number in range(32))

    def csr(self, csr: Csr) -> CsrValue:
        """The value of a CSR that is in `hdl.priv.table`; KeyError for another one."""
        register = _REGISTERS[csr]
        value = self._value(register)
        fields = ((field, value >> field.low & (1 << field.width) - 1) for field in register.fields)
        return CsrValue(register, value, tuple(fields))

    @property
    def protection(self) -> tuple[ProtectionCsr, ...]:
        """The CSRs of physical memory protection, as far as there are entries."""
        count = self._session.config.pmp_entries
        return protection_csrs(self._values["pmp"], count) if count else ()

    def table(self, name: str) -> tuple[Entry, ...]:
        """The valid entries of one of TABLES."""
        return tuple(self._entries(name))

    @property
    def root(self) -> int | None:
        """Physical address of the page table in use; None if addresses are not translated."""
        satp = dict((field.name, value) for field, value in self.csr(Csr.SATP).fields)
        translates = satp["MODE"] == SatpMode.SV39 and self.priv is not Priv.M
        return satp["PPN"] << PAGE_BITS if translates else None

    def walk(self, va: int, root: int | None = None) -> Walk | None:
        """What the walker would read for `va` now; None if addresses are not translated.

        With the `root` of another page table, if that were in use.
        """
        ram = self._session.machine.ram
        root = self.root if root is None else root
        if root is None:
            return None
        return walk(lambda pa: ram.read_u64(pa) if pa in ram else None, root, va)

    def read(self, va: int, count: int) -> bytes:
        """The bytes from `va` on, as far as they are there: of RAM, and mapped for anybody.

        A page that waits for its frame is not there yet.
        """
        parts = []
        while count > 0:
            chunk = min(count, PAGE_SIZE - va % PAGE_SIZE)
            pa = self._physical(va)
            if pa is None:
                break
            parts.append(self._session.machine.ram.read(pa, chunk))
            va, count = va + chunk & (1 << 64) - 1, count - chunk
        return b"".join(parts)

    def _physical(self, va: int) -> int | None:
        found, ram = self.walk(va), self._session.machine.ram
        if found is not None and (found.leaf is None or found.failure):
            return None
        pa = va if found is None else found.pa
        return pa if pa in ram else None

    def _value(self, register: Register) -> int:
        values, csr = self._values, register.csr
        elsewhere = {
            Csr.CYCLE: "mcycle",
            Csr.INSTRET: "minstret",
            Csr.MSTATUS: "mstatus",
            Csr.SSTATUS: "mstatus",
            Csr.MIDELEG: "mideleg",
        }
        interrupts = {Csr.MIE: "mie", Csr.MIP: "mip", Csr.SIE: "mie", Csr.SIP: "mip"}
        if csr in interrupts:
            delegated = values["mideleg"] if csr in (Csr.SIE, Csr.SIP) else -1
            return values[interrupts[csr]] & delegated
        if csr is Csr.TIME:
            return self._cycle
        if csr is Csr.MHARTID:
            return self._session.config.hart_id
        if register.state is State.WHOLE:
            return values[csr.name.lower()]
        if csr in elsewhere:
            return values[elsewhere[csr]] & _mask(register)
        return sum(
            values.get(f"{csr.name.lower()}.{field.name}", field.value) << field.low
            for field in register.fields
        )

    def _entries(self, name: str) -> Iterator[Entry]:
        values = self._values
        valid = values[f"{name}.valid"]
        for number in range(valid.bit_length()):
            if not valid >> number & 1:
                continue
            bits = values[f"{name}.{number}"]
            if name == "walk_cache":
                pointer = Pointer.from_bits(bits)
                g = "G" if pointer.g else "-"
                va, pa = _canonical(pointer.vpn << PAGE_BITS + 9), pointer.ppn << PAGE_BITS
                yield Entry(number, va, PAGE_SIZE << 9, pa, pointer.asid, g)
                continue
            entry = TlbEntry.from_bits(bits)
            page, size = entry.page, PAGE_SIZE << 9 * entry.page.level
            va = _canonical(entry.vpn << PAGE_BITS) // size * size
            flags = "".join(
                letter.upper() if getattr(page.flags, letter) else "-" for letter in "daguxwr"
            )
            yield Entry(number, va, size, page.ppn << PAGE_BITS, entry.asid, flags)


_REGISTERS = {register.csr: register for register in REGISTERS}


def _mask(register: Register) -> int:
    return sum(((1 << field.width) - 1) << field.low for field in register.fields)


def _canonical(va: int) -> int:
    """A virtual address of 39 bits as one of 64."""
    return va | -(va >> 38 & 1) << 39 & (1 << 64) - 1
