"""The program that performs accesses on a hart, `runner.S`, and how cases are passed to it."""

import struct
from pathlib import Path

from elftools.elf.elffile import ELFFile

from sim.host.programs import build_bare
from tests import spike
from tests.verify.golden.cases import RESERVED, content
from tests.verify.golden.protections import ENTRIES
from tests.verify.oracle.delivery import Delivery
from tests.verify.oracle.expected import OPERAND, POISON, Outcome

__all__ = ["BATCH", "RESULT_BYTES", "Runner"]

FOLDER = Path(__file__).parent
#: Cases that are sent at once; the runner's memory ends at four times as many.
BATCH = 1000
PTES = 4
CFG0 = 0x3A0
CASE = struct.Struct(f"<{8 + 2 * PTES}Q")
#: A case under memory protection: what `pmpcfg0` and `pmpaddr0` to `pmpaddr7` are, and padding.
PROTECTED_CASE = struct.Struct(f"<{8 + 2 * PTES + 1 + ENTRIES + 7}Q")
RESULT = struct.Struct(f"<{5 + PTES}Q")
RESULT_BYTES = RESULT.size


class Runner:
    """The program as an ELF file.

    Parameters
    ----------
    protected : bool
        Cases have physical memory protection.

    Members
    -------
    elf : Path
        The file, which begins at `RESERVED.start`.
    symbols : dict
        Addresses by name; the instruction that makes an access has that of kind and size.
    """

    def __init__(self, *, protected: bool = False):
        self._protected = protected
        defines = {
            "PROTECTED": int(protected),
            "BATCH": BATCH,
            "POISON": POISON,
            "RAM_BASE": spike.RAM_BASE,
            "RAM_END": spike.RAM_BASE + spike.RAM_SIZE,
            "RESERVED_START": RESERVED.start,
            "RESERVED_END": RESERVED.stop,
            "CONTENT": content(spike.RAM_BASE),
        }
        self.elf = build_bare(FOLDER / "runner.S", defines, script=FOLDER / "runner.ld")
        with self.elf.open("rb") as file:
            symbols = ELFFile(file).get_section_by_name(".symtab").iter_symbols()
            self.symbols = {symbol.name: symbol["st_value"] for symbol in symbols}

    def pack(self, batch: list[Delivery]) -> bytes:
        """What the program reads: at most `BATCH` cases."""
        return len(batch).to_bytes(8, "little") + b"".join(map(self._pack, batch))

    def unpack(self, batch: list[Delivery], results: bytes) -> list[Outcome]:
        """What it has written about them, `RESULT_BYTES` each."""
        return [
            Outcome(*words[:5], ptes=words[5 : 5 + len(delivery.case.memory)])
            for delivery, words in zip(batch, RESULT.iter_unpack(results), strict=True)
        ]

    def _pack(self, d):
        memory = list(d.case.memory.items())
        memory += [(self.symbols["unused"], 0)] * (PTES - len(memory))
        flags = d.returns | d.case.reserved << 1
        words = (
            d.case.request.va,
            OPERAND,
            d.entry,
            flags,
            d.mstatus,
            d.satp,
            d.menvcfg,
            d.observed,
            *(word for pair in memory for word in pair),
        )
        if not self._protected:
            return CASE.pack(*words)
        pmp = d.case.request.pmp
        return PROTECTED_CASE.pack(*words, pmp.read(CFG0), *pmp.addr, *(0,) * 7)
