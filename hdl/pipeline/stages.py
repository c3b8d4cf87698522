"""What the pipeline stages hand on to each other.

The stages are fetch, align, decode, execute and trap, in modules of these names. Each keeps what it
works on in a register of its own.
"""

from amaranth.hdl import Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import Out

from hdl.arch import PA_BITS
from hdl.memory.port import ID_BITS
from hdl.mmu.ports import AddressInterface, AddressSignature
from hdl.mmu.vocabulary import Access, Fault
from hdl.units.btb import SLOT_BITS, TARGET_BITS
from hdl.units.decoder import Control, System, Unit

__all__ = [
    "ACCESSES",
    "Decoded",
    "Executed",
    "FetchOutcome",
    "Fetched",
    "FetchedWord",
    "Forward",
    "Redirect",
    "copy",
    "payload",
]

#: How the memory instructions access memory.
ACCESSES = {
    Unit.LOAD: Access.LOAD,
    Unit.STORE: Access.STORE,
    Unit.LR: Access.LR,
    Unit.SC: Access.SC,
    Unit.AMO: Access.AMO,
}


def copy(target: wiring.PureInterface, source: wiring.PureInterface) -> list[object]:
    """Assignments of every member of `source` to `target`; both have one signature."""
    return [
        to.eq(from_)
        for (_, _, to), (_, _, from_) in zip(
            target.signature.flatten(target), source.signature.flatten(source), strict=True
        )
    ]


def payload(signature: wiring.Signature, *path: str) -> wiring.PureInterface:
    """What a stage holds: registers for all of `signature`, their names beginning with `path`.

    A reset leaves them alone, which spares logic: another register tells whether they count. A
    member `valid` does so itself, and is reset.
    """
    registers = signature.create(path=path)
    for name, member in signature.members.items():
        place = (*path, name)
        if member.is_signature:
            setattr(registers, name, payload(member.signature, *place))
        elif name != "valid":
            signal = Signal(
                member.shape, init=member.init, name="__".join(place), reset_less=True, src_loc_at=1
            )
            setattr(registers, name, signal)
    return registers


class Redirect(wiring.Signature):
    """Execution goes on at `target`, not where it was predicted; all that is younger is dropped."""

    def __init__(self) -> None:
        super().__init__({"valid": Out(1), "target": Out(64)})


class FetchedWord(wiring.Signature):
    """An aligned 64-bit word of instructions, or the fault that its fetch met.

    With `protected` physical memory protection may have kept half of it back.
    """

    def __init__(self, *, protected: bool = False) -> None:
        super().__init__(
            {
                "valid": Out(1),
                "data": Out(64),
                #: Of its first halfword that is to be executed. With a fault or `update` there is
                #: no data.
                "fetch": Out(AddressSignature()),
                #: The upper half is kept back, and an access fault for what reaches into it.
                **({"cut": Out(1)} if protected else {}),
                #: A branch is known whose last halfword is `slot`; if it is predicted to jump, then
                #: to `target`, where the next word comes from. Upper bits are those of the word.
                "known": Out(1),
                "predicted": Out(1),
                "strong": Out(1),
                "slot": Out(SLOT_BITS),
                "target": Out(TARGET_BITS),
                #: Number of the word; a halfword's identifier is this and its index.
                "number": Out(ID_BITS - SLOT_BITS),
            }
        )


class FetchOutcome(wiring.Signature):
    """What became of the fetch of an instruction; `is_refused` tells whether it failed."""

    def __init__(self) -> None:
        super().__init__(
            {
                #: As in `AddressSignature`, of the portion that failed, if one did.
                "fault": Out(Fault),
                "update": Out(1),
                #: That is not where the instruction begins, but two bytes behind.
                "second": Out(1),
            }
        )

    def create(
        self, *, path: tuple[str, ...] | None = None, src_loc_at: int = 0
    ) -> AddressInterface:
        """An interface with `is_refused`."""
        return AddressInterface(self, path=path, src_loc_at=1 + src_loc_at)


class Forward(wiring.Signature):
    """What a stage will write to a register, for younger instructions that read it.

    With `sums` an address that builds on it need not wait for the sum, if it is one. With `splits`
    it may be one that nothing can be added to in this cycle.
    """

    def __init__(self, *, sums: bool = False, splits: bool = False) -> None:
        super().__init__(
            {
                #: Register that will be written; 0 for none.
                "rd": Out(5),
                #: `data` is known in this cycle; until then readers wait.
                "known": Out(1),
                "data": Out(64),
                #: It is known, and the sum of these two.
                **({"is_sum": Out(1), "a": Out(64), "b": Out(64)} if sums else {}),
                #: It is what a CSR held, which is late; else it is this, known earlier.
                **({"late": Out(1), "early": Out(64)} if splits else {}),
            }
        )


class Fetched(wiring.Signature):
    """An instruction as it enters the decode stage."""

    def __init__(self) -> None:
        super().__init__(
            {
                "pc": Out(64),
                #: In 32 bits, compressed ones expanded; as fetched; and which it was.
                "insn": Out(32),
                "raw": Out(32),
                "compressed": Out(1),
                #: A reserved compressed encoding.
                "illegal": Out(1),
                "fetch": Out(FetchOutcome()),
                #: It is known as a branch; it was predicted to jump, to `target`, whose upper bits
                #: are those of the word that it ends in; the lower bit of its counter.
                "known": Out(1),
                "predicted": Out(1),
                "strong": Out(1),
                "target": Out(TARGET_BITS),
                #: It was cut in two by a prediction that belongs to other code: fetch it again.
                "refetch": Out(1),
                "id": Out(ID_BITS),
            }
        )


class Decoded(wiring.Signature):
    """An instruction with its operands, on its way into the execute stage."""

    def __init__(self) -> None:
        super().__init__(
            {
                "pc": Out(64),
                #: As fetched; a compressed instruction in bits 15:0.
                "insn": Out(32),
                "compressed": Out(1),
                "control": Out(Control()),
                "rs1_data": Out(64),
                "rs2_data": Out(64),
                #: The address of its data access, or where it jumps: the immediate and rs1, or pc.
                "address": Out(64),
                #: As in `Fetched`.
                "fetch": Out(FetchOutcome()),
                "known": Out(1),
                "predicted": Out(1),
                "strong": Out(1),
                "target": Out(TARGET_BITS),
                "refetch": Out(1),
                #: What follows it is fetched already; see `hdl.pipeline.leap`.
                "leapt": Out(1),
                "id": Out(ID_BITS),
            }
        )


class Executed(wiring.Signature):
    """An instruction on its way into the trap stage, with every exception that it has met."""

    def __init__(self) -> None:
        super().__init__(
            {
                "pc": Out(64),
                #: Virtual address of the instruction that follows it in program order; where the
                #: fetch of a second portion failed, that of this portion.
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
                #: What it writes to `rd`, unless it is of memory, a CSR, or `MulDiv`.
                "result": Out(64),
                #: Its data access was requested, and the response is still to come.
                "requested": Out(1),
                #: Of its data access, and the physical address.
                "data": Out(AddressSignature()),
                "pa": Out(PA_BITS),
                #: Exceptions; see `hdl.priv.exception.Collected`.
                "interrupt": Out(1),
                "interrupt_cause": Out(4),
                "fetch": Out(FetchOutcome()),
                "illegal": Out(1),
                "misaligned": Out(1),
                #: As in `Decoded`.
                "leapt": Out(1),
                "id": Out(ID_BITS),
            }
        )
