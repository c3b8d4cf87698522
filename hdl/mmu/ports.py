"""Signatures of the MMU's ports, each described from the requester's side."""

from amaranth.hdl import Value
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from hdl.arch import ASID_BITS, PA_BITS, PPN_BITS, Priv
from hdl.memory.pmp import pmp_layout
from hdl.memory.port import ID_BITS
from hdl.mmu.vocabulary import Access, Fault, Side, WalkKey
from hdl.mmu.walk_cache import Origin

__all__ = [
    "AddressInterface",
    "AddressSignature",
    "ContextSignature",
    "SfenceSignature",
    "StartSignature",
    "TranslationSignature",
    "UpdateSignature",
]


class AddressInterface(wiring.PureInterface):
    """A virtual address and the outcome of its access; see `AddressSignature`."""

    def is_refused(self) -> Value:
        """Whether the access faults, or needs an update before it is repeated; 1 bit."""
        return (self.fault != Fault.NONE) | self.update


class AddressSignature(wiring.Signature):
    """A virtual address on its way through the pipeline, and the outcome of its access so far."""

    def __init__(self) -> None:
        super().__init__(
            {
                #: Virtual address in bytes; of a fault, that of the portion which faults.
                "va": Out(64),
                #: The fault that the translation or the bus has found, or NONE.
                "fault": Out(Fault),
                #: The access is permitted once A or D has been set: it is repeated after that.
                "update": Out(1),
            }
        )

    def create(
        self, *, path: tuple[str, ...] | None = None, src_loc_at: int = 0
    ) -> AddressInterface:
        """An interface with `is_refused`."""
        return AddressInterface(self, path=path, src_loc_at=1 + src_loc_at)


class ContextSignature(wiring.Signature):
    """The live CSR fields that translation obeys, in every cycle, as seen from the CSR file.

    With `pmp_entries` other than 0 there is physical memory protection.
    """

    def __init__(self, *, pmp_entries: int = 0) -> None:
        protection = {"pmp": Out(pmp_layout(pmp_entries))} if pmp_entries else {}
        super().__init__(
            {
                #: `satp.MODE` is Sv39; else Bare.
                "sv39": Out(1),
                #: `satp.ASID`.
                "asid": Out(ASID_BITS),
                #: `satp.PPN`: page number of the root page table.
                "root": Out(PPN_BITS),
                #: `mstatus.SUM`.
                "sum_": Out(1),
                #: `mstatus.MXR`.
                "mxr": Out(1),
                #: `menvcfg.ADUE`: Svadu if set, else Svade.
                "adue": Out(1),
                #: The entries of physical memory protection.
                **protection,
            }
        )


class SfenceSignature(wiring.Signature):
    """An `sfence.vma`, as seen from the hart; it acts at the end of the cycle of `valid`."""

    def __init__(self) -> None:
        super().__init__(
            {
                #: An `sfence.vma` is executed in this cycle; qualifies the others.
                "valid": Out(1),
                #: rs1 is not x0: only translations of `va`, in pages of any size.
                "has_va": Out(1),
                #: Value of rs1.
                "va": Out(64),
                #: rs2 is not x0: only translations of `asid` that are not global.
                "has_asid": Out(1),
                #: Value of rs2, its ASIDLEN bits.
                "asid": Out(ASID_BITS),
            }
        )


class TranslationSignature(wiring.Signature):
    """A port that translates one address in a cycle, as seen from the requester.

    1. The response comes in the cycle of the request: `done` and what it qualifies depend
       combinationally on `valid`, `va`, `priv` and `access`. `squash` and `sfence` reach registers
       only, so they may themselves depend on a response; `squash` of the fetch port also withholds
       the first read of its walk.
    2. While `done` is low a walk is needed or under way; the requester repeats the request or
       withdraws it, with or without `squash`.
    3. The result of a walk is the response for as long as the request that led to the walk is
       repeated in every cycle, unless a walk for another port takes the walker; then the page
       table is walked anew.
    """

    def __init__(self) -> None:
        super().__init__(
            {
                #: A translation is requested in this cycle; qualifies the payload.
                "valid": Out(1),
                #: Virtual address in bytes, of the portion of the access that lies in one page.
                "va": Out(64),
                #: Effective privilege: MPRV is already applied.
                "priv": Out(Priv),
                #: The kind of access; a fetch port leaves it at FETCH.
                "access": Out(Access),
                #: Log2 of the bytes of the portion, for physical memory protection; a fetch port
                #: leaves it at 0.
                "size": Out(2),
                #: Identifier of the instruction, for the bus requests of a walk.
                "id": Out(ID_BITS),
                #: All requests of this port up to and in this cycle are squashed: their walk fills
                #: no TLB and has no result. May be high without `valid`.
                "squash": Out(1),
                #: The response, in this cycle: `fault`, `update` or a good `pa`.
                "done": In(1),
                #: Physical address; valid with `done` if neither `fault` nor `update` is set.
                "pa": In(PA_BITS),
                #: `pa` is not RAM; valid with `pa`.
                "device": In(1),
                #: Of a fetch: physical memory protection lets the aligned 4 bytes around `pa` be
                #: read, but not the aligned 8; valid with `pa`.
                "narrow": In(1),
                #: The fault of the access, or NONE; valid with `done`.
                "fault": In(Fault),
                #: The access is permitted once A or D has been set in the PTE (Svadu is on), which
                #: is requested by `UpdateSignature` when nothing can squash the instruction.
                "update": In(1),
            }
        )


class UpdateSignature(wiring.Signature):
    """A request to set A, and D for a write, in the leaf PTE of an address; from the trap stage.

    Only instructions make it that can no longer be squashed and whose translation had the response
    `update`, so `va` is canonical and Sv39 applies. The request is never withdrawn: `valid` and the
    payload stand until `done`. After `done` without a fault the translation is usually in the TLB;
    the requester repeats its request on the instruction's own port.
    """

    def __init__(self) -> None:
        super().__init__(
            {
                #: There is a request; qualifies the payload.
                "valid": Out(1),
                #: Virtual address in bytes.
                "va": Out(64),
                #: Effective privilege, U or S.
                "priv": Out(Priv),
                #: The kind of access; it selects the TLB that is filled, too.
                "access": Out(Access),
                #: Identifier of the instruction.
                "id": Out(ID_BITS),
                #: The response; high for one cycle.
                "done": In(1),
                #: The fault of the update, or NONE; valid with `done`. A fault fills no TLB.
                "fault": In(Fault),
            }
        )


class StartSignature(wiring.Signature):
    """A request for a walk, as seen from the requesters; accepted if the walker is free."""

    def __init__(self) -> None:
        super().__init__(
            {
                #: A walk is requested in this cycle; qualifies the payload.
                "valid": Out(1),
                #: For which port.
                "side": Out(Side),
                #: All that its result depends on.
                "key": Out(WalkKey),
                #: Where it begins.
                "origin": Out(Origin),
                #: Identifier of the instruction.
                "id": Out(ID_BITS),
            }
        )
