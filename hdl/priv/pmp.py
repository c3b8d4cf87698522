"""The registers of physical memory protection: `pmpcfg0`, `pmpcfg2` and `pmpaddr0` to `pmpaddr15`.

Privileged specification, "Physical Memory Protection CSRs". What the entries mean for an access is
for `hdl.memory.pmp` to say.
"""

from amaranth.hdl import Cat, Const, Module, Value
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from hdl.arch import PMPADDRS, PMPCFGS
from hdl.memory.pmp import PmpMatch, pmp_layout

__all__ = ["PmpRegisters"]

#: Entries whose configuration is in one register, a byte each.
_BYTES = 8


class PmpRegisters(wiring.Component):
    """The entries, and the CSRs that show them. After reset all are off and unlocked.

    There are always the registers of 16 entries. Those of entries that are not there read 0 and
    ignore writes: "PMP CSR fields are WARL and may be read-only zero."

    Parameters
    ----------
    entries : int
        How many there are, 1 to 16.

    Raises
    ------
    ValueError
        For any other number.

    Members
    -------
    number, value
        The low 5 bits of a register's address, and what it holds; combinational.
    write, written
        Write it at the end of the cycle. What is locked stays as it is.
    entries
        Live.
    """

    def __init__(self, *, entries: int) -> None:
        if entries not in range(1, len(PMPADDRS) + 1):
            raise ValueError(f"pmp_entries must be 0 to {len(PMPADDRS)}, not {entries!r}")
        super().__init__(
            {
                "number": In(5),
                "value": Out(64),
                "write": In(1),
                "written": In(64),
                "entries": Out(pmp_layout(entries)),
            }
        )
        self._count = entries

    def elaborate(self, platform: object) -> Module:
        m = Module()
        with m.Switch(self.number):
            for place, csr in enumerate(PMPCFGS):
                numbers = range(_BYTES * place, min(_BYTES * (place + 1), self._count))
                with m.Case(csr % 32):
                    m.d.comb += self.value.eq(Cat(_byte(self.entries[i]) for i in numbers))
                    with m.If(self.write):
                        for i in numbers:
                            self._configure(m, i, self.written.word_select(i % _BYTES, 8))
            for i in range(self._count):
                with m.Case(PMPADDRS[i] % 32):
                    m.d.comb += self.value.eq(self.entries[i].address)
                    with m.If(self.write & ~self._is_locked(i)):
                        m.d.sync += self.entries[i].address.eq(self.written)
        return m

    def _configure(self, m: Module, number: int, byte: Value) -> None:
        """Gives an entry the fields of `byte`, unless it is locked, until the next reset."""
        entry = self.entries[number]
        with m.If(~entry.locked):
            m.d.sync += [
                entry.r.eq(byte[0]),
                # "The R, W, and X fields form a collective WARL field for which the combinations
                # with R=0 and W=1 are reserved": these become R=0 and W=0.
                entry.w.eq(byte[1] & byte[0]),
                entry.x.eq(byte[2]),
                entry.match.eq(PmpMatch(byte[3:5])),
                entry.locked.eq(byte[7]),
            ]

    def _is_locked(self, number: int) -> Value:
        """Whether writes of an entry's address are ignored."""
        locked: Value = self.entries[number].locked
        if number + 1 < self._count:
            # "If PMP entry i is locked and pmpicfg.A is set to TOR, writes to pmpaddri-1 are
            # ignored": it is the lower bound.
            above = self.entries[number + 1]
            locked |= above.locked & (above.match == PmpMatch.TOR)
        return locked


def _byte(entry: data.View) -> Value:
    """The 8 bits of an entry in its `pmpcfg` register; bits 6:5 are reserved and 0."""
    return Cat(entry.r, entry.w, entry.x, entry.match, Const(0, 2), entry.locked)
