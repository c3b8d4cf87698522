"""What may be looked at of a hart that stands still, by name; for debuggers.

It is the one place that knows where in a hart its state is. Names are those of the field, with the
part in front: `trap.pc` is the program counter of what is in the trap stage, `menvcfg.STCE` a field
of a CSR that is held by fields, `dtlb.3` an entry, as `hdl.mmu.tlb.TlbEntry` lays out its bits;
`pmp` are all entries of memory protection, of a hart that has any.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from sim.engines.hart import HartPorts

__all__ = ["RETIRED", "VALID", "Observer", "Rules", "inspected", "is_wanted"]

#: Takes a cycle, and the fields of the record of the retire port in it.
Observer = Callable[[int, Mapping[str, int]], None]
#: Which records are wanted: those of which any field lies in its range, as (name, low, high).
Rules = Sequence[tuple[str, int, int]]

#: What of the retire port is inspected.
RETIRED = (
    *("valid", "id", "trap", "insn", "mode", "intr", "intr_cause", "pc_rdata", "pc_wdata", "cause"),
    *("tval", "mem_addr", "mem_rmask", "mem_wmask"),
)
#: What tells which entries of the TLBs and of the walk cache are valid.
VALID = ("itlb.valid", "dtlb.valid", "walk_cache.valid")


def inspected(hart: HartPorts) -> dict[str, Any]:
    """The signals of `hart`, by name; of one that is no `hdl.hart.Hart` its retire port only."""
    # Not at the top: with a hart of one's own, the real one need not be there to be imported.
    from hdl.hart import Hart

    found = {f"retire.{name}": getattr(hart.retire, name) for name in RETIRED}
    if isinstance(hart, Hart):
        for part in (_stages(hart), _csrs(hart), _tables(hart)):
            found |= dict(part)
    return found


def is_wanted(fields: Mapping[str, int], rules: Rules) -> bool:
    """Whether a record is one that `rules` want."""
    return any(low <= fields[name] <= high for name, low, high in rules)


def _stages(hart: Any) -> Iterator[tuple[str, Any]]:
    from hdl.pipeline.probe import STAGES, StageSignature

    for stage in STAGES:
        shown = getattr(hart.probe, stage)
        for name in StageSignature().members:
            yield f"{stage}.{name}", getattr(shown, name)
    yield "align.insn", hart.align.fetched.raw


def _csrs(hart: Any) -> Iterator[tuple[str, Any]]:
    """Registers that are one signal, fields of those that are not, and what interrupts need."""
    from amaranth.hdl import Signal, Value

    csrs = hart.trap.csrs
    yield "priv", csrs.environment.priv
    yield "mideleg", csrs.environment.mideleg
    for name in ("mstatus", "mie", "mip"):
        yield name, getattr(csrs.wholes, name)
    if "pmp" in csrs.signature.members:
        yield "pmp", csrs.pmp
    for csr, signal in csrs.registers.items():
        yield csr.name.lower(), signal
    for csr, fields in csrs.fields.items():
        for name, signal in fields.items():
            if isinstance(Value.cast(signal), Signal):  # and no constant
                yield f"{csr.name.lower()}.{name}", signal


def _tables(hart: Any) -> Iterator[tuple[str, Any]]:
    """Entries of the TLBs and of the walk cache; bit N of `valid` is of entry N."""
    mmu = hart.mmu
    tables = {"itlb": mmu.fetch_side.tlb, "dtlb": mmu.data_side.tlb, "walk_cache": mmu.walk_cache}
    for name, table in tables.items():
        yield f"{name}.valid", table.valid
        for number, entry in enumerate(table.entries):
            yield f"{name}.{number}", entry
