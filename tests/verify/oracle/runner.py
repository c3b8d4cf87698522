"""The program that performs accesses on a hart, `runner.S`, and how cases are passed to it."""

import struct
from pathlib import Path

from elftools.elf.elffile import ELFFile

from sim.host.programs import build_bare
from tests import spike
from tests.verify.golden.cases import RESERVED, content
from tests.verify.oracle.delivery import Delivery
from tests.verify.oracle.expected import OPERAND, POISON, Outcome

__all__ = ["BATCH", "Runner"]

FOLDER = Path(__file__).parent
#: Cases that are sent at once; the runner's memory ends at four times as many.
BATCH = 1000
CFG0 = 0x3A0
#: Words of a case: of one with memory protection or of a misaligned access, twice as many.
CASE_WORDS = 16


class Runner:
    """The program as an ELF file.

    Parameters
    ----------
    protected : bool
        Cases have physical memory protection.
    misaligned : bool
        Cases are of a hart that does misaligned accesses: they have a PTE more, and a doubleword
        more to watch.

    Members
    -------
    result_bytes : int
        What the program writes about a case.
    elf : Path
        The file, which begins at `RESERVED.start`.
    symbols : dict
        Addresses by name; the instruction that makes an access has that of kind and size.
    """

    def __init__(self, *, protected: bool = False, misaligned: bool = False):
        self._protected, self._misaligned = protected, misaligned
        self._ptes = 4 + misaligned
        self._result = struct.Struct(f"<{5 + self._ptes + misaligned}Q")
        self.result_bytes = self._result.size
        defines = {
            "PROTECTED": int(protected),
            "MISALIGNED": int(misaligned),
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
        """What it has written about them, `result_bytes` each."""
        outcomes = []
        for delivery, words in zip(batch, self._result.iter_unpack(results), strict=True):
            *plain, memory = words[:5]
            if self._misaligned:
                memory |= words[-1] << 64
            ptes = words[5 : 5 + len(delivery.case.memory)]
            outcomes.append(Outcome(*plain, memory, ptes))
        return outcomes

    def _pack(self, d):
        memory = list(d.case.memory.items())
        memory += [(self.symbols["unused"], 0)] * (self._ptes - len(memory))
        flags = d.returns | d.case.reserved << 1
        words = [
            d.case.request.va,
            OPERAND,
            d.entry,
            flags,
            d.mstatus,
            d.satp,
            d.menvcfg,
            d.observed,
            *(word for pair in memory for word in pair),
        ]
        if self._misaligned:
            words.append(d.beyond)
        if self._protected:
            pmp = d.case.request.pmp
            words += [pmp.read(CFG0), *pmp.addr]
        count = CASE_WORDS * (1 + (self._protected or self._misaligned))
        return struct.pack(f"<{count}Q", *words, *[0] * (count - len(words)))
