"""Records of the retire port made by hand, for tests of what is written of them."""

import random

from hdl.arch import Csr
from sim.engines.transcripts import COLUMNS

__all__ = ["any_record", "record"]

#: Widths that matter; all others have 64 bits.
_BITS = {
    "insn": 32, "trap": 1, "halt": 1, "intr": 1, "mode": 2, "ixl": 2, "rs1_addr": 5, "rs2_addr": 5,
    "rd_addr": 5, "mem_paddr": 56, "csr_addr": 12, "csr_whole_addr": 12, "csr_mip_rdata": 12,
    "csr_mip_wdata": 12, "id": 32,
}  # fmt: skip
_MASKS = (0, 1, 3, 15, 255)


def record(**fields) -> dict[str, int]:
    """A record of a `nop` at 0x80000000 in M-mode, but with these `fields`."""
    plain = dict.fromkeys((*COLUMNS[1:], "valid"), 0)
    return plain | {"valid": 1, "insn": 0x13, "mode": 3, "pc_rdata": 0x8000_0000} | fields


def any_record(rng: random.Random) -> dict[str, int]:
    """A record in which everything may be anything, and much is 0."""
    fields = record()
    for name in fields:
        number = rng.getrandbits(_BITS.get(name, 64))
        fields[name] = rng.choice((0, number, number >> rng.randrange(64)))
    fields["mem_rmask"], fields["mem_wmask"] = rng.choices(_MASKS, k=2)
    if fields["insn"] & 3 != 3:
        fields["insn"] &= 0xFFFF
    for name in ("csr_addr", "csr_whole_addr"):
        if rng.getrandbits(1):
            fields[name] = int(rng.choice(list(Csr)))
    return fields
