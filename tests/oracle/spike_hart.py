"""Spike as a hart that performs accesses: one process, fed with cases over a pipe.

What runs on it is `runner.S`, which says how they are passed.
"""

import struct
import subprocess
import threading
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

from elftools.elf.elffile import ELFFile

from sim.toolchain import build_bare
from tests import spike
from tests.golden.cases import RESERVED, content
from tests.oracle.delivery import Delivery
from tests.oracle.expected import OPERAND, POISON, Outcome

__all__ = ["SpikeHart"]

FOLDER = Path(__file__).parent
#: Cases that are sent at once; the runner's memory ends at four times as many.
BATCH = 1000
#: Seconds within which Spike must have performed them. It needs hundredths.
TIMEOUT = 60
PTES = 4
CASE = struct.Struct(f"<{8 + 2 * PTES}Q")
RESULT = struct.Struct(f"<{5 + PTES}Q")


class SpikeHart:
    """A running Spike; a context manager that ends it.

    Parameters
    ----------
    svadu : bool
        Whether it has Svadu, that is, obeys `menvcfg.ADUE`.

    Raises `SpikeMissing`, and `RuntimeError` when Spike ends or does not answer.
    """

    def __init__(self, *, svadu: bool = False):
        elf = _build()
        with elf.open("rb") as file:
            symbols = ELFFile(file).get_section_by_name(".symtab").iter_symbols()
            self.stubs = {symbol.name: symbol["st_value"] for symbol in symbols}
        self._unused = self.stubs["unused"]
        self._process = subprocess.Popen(
            spike.command(elf, isa=spike.ISA + ("_svadu" if svadu else "")),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )

    def __enter__(self):
        return self

    def __exit__(self, *_exception):
        self._process.kill()
        self._process.communicate()

    def perform(self, deliveries: Iterable[Delivery]) -> Iterator[Outcome]:
        """What became of each of `deliveries`, in order; draws BATCH of them at a time."""
        deliveries = iter(deliveries)
        while batch := list(islice(deliveries, BATCH)):
            yield from self._perform(batch)

    def _perform(self, batch):
        watchdog = threading.Timer(TIMEOUT, self._process.kill)
        watchdog.start()
        try:
            self._process.stdin.write(len(batch).to_bytes(8, "little"))
            self._process.stdin.write(b"".join(map(self._pack, batch)))
            self._process.stdin.flush()
            results = self._process.stdout.read(len(batch) * RESULT.size)
        except BrokenPipeError:
            results = b""
        finally:
            watchdog.cancel()
        if len(results) != len(batch) * RESULT.size:
            raise RuntimeError(f"Spike ended, or did not answer within {TIMEOUT} s")
        for delivery, words in zip(batch, RESULT.iter_unpack(results), strict=True):
            yield Outcome(*words[:5], ptes=words[5 : 5 + len(delivery.case.memory)])

    def _pack(self, d):
        memory = list(d.case.memory.items())
        memory += [(self._unused, 0)] * (PTES - len(memory))
        flags = d.returns | d.case.reserved << 1
        return CASE.pack(
            d.case.question.va, OPERAND, d.entry, flags, d.mstatus, d.satp, d.menvcfg, d.observed,
            *(word for pair in memory for word in pair),
        )  # fmt: skip


def _build():
    defines = {
        "BATCH": BATCH,
        "POISON": POISON,
        "RAM_BASE": spike.RAM_BASE,
        "RAM_END": spike.RAM_BASE + spike.RAM_SIZE,
        "RESERVED_START": RESERVED.start,
        "RESERVED_END": RESERVED.stop,
        "CONTENT": content(spike.RAM_BASE),
    }
    return build_bare(FOLDER / "runner.S", defines, script=FOLDER / "runner.ld")
