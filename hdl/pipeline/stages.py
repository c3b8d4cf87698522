"""What the pipeline stages hand on to each other.

The stages are fetch, align, decode, execute and trap, in modules of these names. Each keeps what it
works on in a register of its own.
"""

from amaranth.lib import wiring
from amaranth.lib.wiring import Out

from hdl.arch import PA_BITS
from hdl.memory.port import ID_BITS
from hdl.mmu.vocabulary import Fault
from hdl.units.decoder import Control, System, Unit

__all__ = ["Decoded", "Executed", "Forward", "copy"]


def copy(target, source):
    """Assignments of every member of `source` to `target`; both have one signature."""
    return [
        to.eq(from_)
        for (_, _, to), (_, _, from_) in zip(
            target.signature.flatten(target), source.signature.flatten(source), strict=True
        )
    ]


class Forward(wiring.Signature):
    """What a stage will write to a register, for younger instructions that read it."""

    def __init__(self):
        super().__init__(
            {
                #: Register that will be written; 0 for none.
                "rd": Out(5),
                #: `data` is known in this cycle; until then readers wait.
                "known": Out(1),
                "data": Out(64),
            }
        )


class Decoded(wiring.Signature):
    """An instruction with its operands, on its way into the execute stage."""

    def __init__(self):
        super().__init__(
            {
                "pc": Out(64),
                #: As fetched; a compressed instruction in bits 15:0.
                "insn": Out(32),
                "compressed": Out(1),
                "control": Out(Control()),
                "rs1_data": Out(64),
                "rs2_data": Out(64),
                #: See `hdl.pipeline.align.Fetched`.
                "fault": Out(Fault),
                "update": Out(1),
                "fault_va": Out(64),
                "predicted": Out(1),
                "target": Out(64),
                "refetch": Out(1),
                "id": Out(ID_BITS),
            }
        )


class Executed(wiring.Signature):
    """An instruction on its way into the trap stage, with every exception it has collected."""

    def __init__(self):
        super().__init__(
            {
                "pc": Out(64),
                #: Virtual address of the instruction that follows it in program order.
                "next_pc": Out(64),
                "insn": Out(32),
                "unit": Out(Unit),
                "system": Out(System),
                "funct3": Out(3),
                "rs1": Out(5),
                "rs2": Out(5),
                "rd": Out(5),
                "rs1_data": Out(64),
                "rs2_data": Out(64),
                #: What it writes to `rd`, unless that comes from memory or a CSR.
                "result": Out(64),
                #: Its data access was put to the bus, which owes a response.
                "requested": Out(1),
                #: Virtual and physical address of its data access.
                "va": Out(64),
                "pa": Out(PA_BITS),
                #: Collected on the way; see `hdl.priv.exception.Collected`. With `fetch_update` or
                #: `data_update` an A or D bit has to be written before it can be tried again.
                "interrupt": Out(1),
                "interrupt_cause": Out(4),
                "fetch_fault": Out(Fault),
                "fetch_update": Out(1),
                "fetch_va": Out(64),
                "illegal": Out(1),
                "misaligned": Out(1),
                "data_fault": Out(Fault),
                "data_update": Out(1),
                "id": Out(ID_BITS),
            }
        )
