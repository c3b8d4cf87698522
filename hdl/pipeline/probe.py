"""The probe: which instruction is in which stage, what keeps it there, and what is counted."""

from amaranth.lib import data, enum, wiring
from amaranth.lib.wiring import Out

from hdl.events import Event
from hdl.memory.port import ID_BITS
from hdl.mmu.probe import MmuProbeSignature

__all__ = ["EVENTS", "STAGES", "ProbeSignature", "Stall", "StageSignature"]

#: The stages, from the fetch to the retirement.
STAGES = ("fetch", "align", "decode", "execute", "trap")
#: A bit for each event, which is high in a cycle in which it happens; see `hdl.pipeline.events`.
EVENTS = data.StructLayout({event.name.lower(): 1 for event in sorted(Event)})


class Stall(enum.Enum, shape=3):  # type: ignore[call-arg]
    """Why an instruction does not leave its stage at the end of the cycle."""

    #: It leaves.
    NONE = 0
    #: The next stage is occupied, or will not take it yet: a CSR write before it has to settle.
    NEXT = 1
    #: Its second half has not been fetched.
    FETCH = 2
    #: An operand is not known yet.
    OPERAND = 3
    #: The multiplier or divider works.
    UNIT = 4
    #: Its address is being translated, or its A or D bit written.
    TRANSLATION = 5
    #: Memory has not accepted its request, or not responded to it.
    MEMORY = 6
    #: It is a wfi that waits for an interrupt.
    INTERRUPT = 7


class StageSignature(wiring.Signature):
    """What is in a stage in this cycle, as seen from the stage."""

    def __init__(self) -> None:
        super().__init__(
            {
                #: Something is in it; qualifies the others.
                "valid": Out(1),
                #: Identifier of the instruction, as `retire.id`. In the fetch stage that of the
                #: first instruction of a word that is to be executed; its bits above those of the
                #: halfword's index (1:0) are the word's number.
                "id": Out(ID_BITS),
                #: Its virtual address.
                "pc": Out(64),
                #: What keeps it in the stage, or NONE: it leaves at the end of the cycle.
                "stall": Out(Stall),
                #: It is dropped at the end of the cycle, stalled or not, and makes no record of the
                #: retire port: a redirect came, or it is to be fetched again or was interrupted.
                "squash": Out(1),
            }
        )


class ProbeSignature(wiring.Signature):
    """All stages, the MMU, and the events of the cycle.

    Derived from what is there anyway: unconnected, it costs nothing.
    """

    def __init__(self) -> None:
        stages = {stage: Out(StageSignature()) for stage in STAGES}
        super().__init__({**stages, "mmu": Out(MmuProbeSignature()), "events": Out(EVENTS)})
