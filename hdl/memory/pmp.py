"""Physical memory protection: which entry an access matches, and whether that lets it happen.

Privileged specification, "Physical Memory Protection". Its entries are in `hdl.priv.pmp`.
"""

from amaranth.hdl import Module, Mux, Signal, Value
from amaranth.lib import data, enum, wiring
from amaranth.lib.wiring import In, Out

from hdl.arch import PA_BITS

__all__ = ["GRAIN_BITS", "PmpChecker", "PmpEntry", "PmpMatch", "pmp_layout"]

#: Bits of the offset inside the smallest region, of 4 bytes: what `pmpaddr` leaves out.
GRAIN_BITS = 2


class PmpMatch(enum.Enum, shape=2):  # type: ignore[call-arg]
    """Which addresses an entry matches: its field A."""

    #: None.
    OFF = 0
    #: Those from the address of the entry before it, or 0, up to its own, which it leaves out.
    TOR = 1
    #: Four bytes.
    NA4 = 2
    #: A power of two, at least 8 bytes: as many as the ones at the end of its address say.
    NAPOT = 3


class PmpEntry(data.Struct):
    """An entry: the fields of its `pmpcfg` byte, and its `pmpaddr`."""

    r: 1
    w: 1
    x: 1
    match: PmpMatch
    locked: 1
    #: Bits 55:2 of an address.
    address: PA_BITS - GRAIN_BITS


def pmp_layout(entries: int) -> data.ArrayLayout:
    """So many entries, the lowest-numbered first."""
    return data.ArrayLayout(PmpEntry, entries)


class PmpChecker(wiring.Component):
    """Decides on one access, of 1, 2, 4 or 8 bytes and naturally aligned; combinational.

    "The lowest-numbered PMP entry that matches any byte of an access determines whether that access
    succeeds or fails. The matching PMP entry must match all bytes of an access, or the access
    fails, irrespective of the L, R, W, and X bits." An aligned access lies in 8 aligned bytes, so
    it has at most two grains to match: the *near* one, in which its address is, and the *far* one,
    which is the other of these 8 bytes and belongs to accesses of 8 bytes only.

    Parameters
    ----------
    entries : int
        How many there are, at least 1.

    Raises
    ------
    ValueError
        If there are none: then nothing is protected, and nothing is to be checked.

    Members
    -------
    entries : In(pmp_layout(entries))
        Live.
    address, size
        Physical address in bytes, and log2 of the bytes.
    reads, writes, executes
        What the access does; an atomic reads and writes.
    machine
        It is one of M-mode; of data accesses by the effective privilege.
    permitted
        The access may happen.
    far_permitted
        So may one of 4 bytes or fewer in the far grain.
    """

    def __init__(self, *, entries: int) -> None:
        if entries < 1:
            raise ValueError(f"entries must be at least 1, not {entries!r}")
        super().__init__(
            {
                "entries": In(pmp_layout(entries)),
                "address": In(PA_BITS),
                "size": In(2),
                "reads": In(1),
                "writes": In(1),
                "executes": In(1),
                "machine": In(1),
                "permitted": Out(1),
                "far_permitted": Out(1),
            }
        )
        self._count = entries

    def elaborate(self, platform: object) -> Module:
        m = Module()
        near, far, granted = (Signal(self._count, name=n) for n in ("near", "far", "granted"))
        grain = self.address[GRAIN_BITS:]
        both = self.size == 3
        for i in range(self._count):
            m.d.comb += granted[i].eq(self._grants(i))
            self._match(m, i, grain, near[i])
            self._match(m, i, grain ^ 1, far[i])
        m.d.comb += [
            self.permitted.eq(
                self._judge(near | Mux(both, far, 0), granted & near & Mux(both, far, near))
            ),
            self.far_permitted.eq(self._judge(far, granted & far)),
        ]
        return m

    def _match(self, m: Module, number: int, grain: Value, matches: Value) -> None:
        """Drives `matches`: whether the entry of this number does match `grain`."""
        address = self.entries[number].address
        with m.Switch(self.entries[number].match):
            with m.Case(PmpMatch.TOR):
                # "If PMP entry i's A field is set to TOR, the entry matches any address y such that
                # pmpaddr[i-1] <= y < pmpaddr[i] (irrespective of the value of pmpcfg[i-1]). If PMP
                # entry 0's A field is set to TOR, zero is used for the lower bound."
                low = self.entries[number - 1].address if number else 0
                m.d.comb += matches.eq((grain >= low) & (grain < address))
            with m.Case(PmpMatch.NA4):
                m.d.comb += matches.eq(grain == address)
            with m.Case(PmpMatch.NAPOT):
                # The ones at the end of the address and the 0 before them do not count.
                ignored = address ^ (address + 1)
                m.d.comb += matches.eq(((grain ^ address) & ~ignored) == 0)

    def _grants(self, number: int) -> Value:
        """Whether the entry of this number, if it decides, lets the access happen."""
        entry = self.entries[number]
        # "When the L bit is clear, any M-mode access matching the PMP entry will succeed; the R/W/X
        # permissions apply only to S and U modes."
        allowed = (~self.reads | entry.r) & (~self.writes | entry.w) & (~self.executes | entry.x)
        return allowed | (self.machine & ~entry.locked)

    def _judge(self, hits: Value, granted: Value) -> Value:
        """What the lowest of the entries `hits` decides; `granted` are those that say yes."""
        # "If no PMP entry matches an M-mode access, the access succeeds. If no PMP entry matches an
        # S-mode or U-mode access, but at least one PMP entry is implemented, the access fails."
        first = hits & (~hits + 1)
        return Mux(hits.any(), (first & granted).any(), self.machine)
