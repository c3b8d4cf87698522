"""All proofs, in the order in which a translation and its trap happen."""

from tests.verify.formal.bus import AxiLiteProof, PipelinedWishboneProof, WishboneProof
from tests.verify.formal.csrs import CsrProof
from tests.verify.formal.execute import ExecuteProof
from tests.verify.formal.interrupts import InterruptProof
from tests.verify.formal.leap import LeapProof
from tests.verify.formal.misaligned import (
    JoinerProof,
    MisalignedExecuteProof,
    SplitterProof,
)
from tests.verify.formal.mmu import MmuProof
from tests.verify.formal.permission import PermissionProof
from tests.verify.formal.pmp_registers import PmpRegistersProof
from tests.verify.formal.protection import (
    PmpFetchProof,
    PmpProof,
    PmpTranslatorProof,
    PmpWalkerProof,
)
from tests.verify.formal.second_level import SecondLevelProof
from tests.verify.formal.tlb import TlbProof
from tests.verify.formal.translator import TranslatorProof
from tests.verify.formal.trap_stage import TrapStageProof
from tests.verify.formal.trap_unit import TrapUnitProof
from tests.verify.formal.walk_cache import WalkCacheProof
from tests.verify.formal.walker import WalkerProof

__all__ = ["PROOFS"]

PROOFS = {
    "permission": PermissionProof,
    "walker": WalkerProof,
    "walk_cache": WalkCacheProof,
    "tlb": TlbProof,
    "second_level": SecondLevelProof,
    "translator": TranslatorProof,
    "mmu": MmuProof,
    "interrupts": InterruptProof,
    "trap_unit": TrapUnitProof,
    "csrs": CsrProof,
    "trap_stage": TrapStageProof,
    "leap": LeapProof,
    "execute": ExecuteProof,
    "misaligned_execute": MisalignedExecuteProof,
    "splitter": SplitterProof,
    "joiner": JoinerProof,
    "pmp": PmpProof,
    "pmp_registers": PmpRegistersProof,
    "pmp_translator": PmpTranslatorProof,
    "pmp_walker": PmpWalkerProof,
    "pmp_fetch": PmpFetchProof,
    "wishbone": WishboneProof,
    "wishbone_pipelined": PipelinedWishboneProof,
    "axi_lite": AxiLiteProof,
}
