"""All proofs, in the order in which a translation and its trap happen."""

from tests.formal.csrs import CsrProof
from tests.formal.execute import ExecuteProof
from tests.formal.interrupts import InterruptProof
from tests.formal.mmu import MmuProof
from tests.formal.permission import PermissionProof
from tests.formal.tlb import TlbProof
from tests.formal.translator import TranslatorProof
from tests.formal.trap_stage import TrapStageProof
from tests.formal.trap_unit import TrapUnitProof
from tests.formal.walk_cache import WalkCacheProof
from tests.formal.walker import WalkerProof

__all__ = ["PROOFS"]

PROOFS = {
    "permission": PermissionProof,
    "walker": WalkerProof,
    "walk_cache": WalkCacheProof,
    "tlb": TlbProof,
    "translator": TranslatorProof,
    "mmu": MmuProof,
    "interrupts": InterruptProof,
    "trap_unit": TrapUnitProof,
    "csrs": CsrProof,
    "trap_stage": TrapStageProof,
    "execute": ExecuteProof,
}
