"""Spike as a hart that performs accesses: one process, fed with cases over a pipe.

What runs on it is `runner.S`, to which `Runner` passes them.
"""

import subprocess
import threading
from collections.abc import Iterable, Iterator
from itertools import islice

from tests import spike
from tests.verify.golden.protections import ENTRIES
from tests.verify.oracle.delivery import Delivery
from tests.verify.oracle.expected import Outcome
from tests.verify.oracle.runner import BATCH, Runner

__all__ = ["SpikeHart"]

#: Seconds within which Spike must have performed them. It needs hundredths.
TIMEOUT = 60


class SpikeHart:
    """A running Spike; a context manager that ends it.

    Parameters
    ----------
    svadu : bool
        Whether it has Svadu, that is, obeys `menvcfg.ADUE`.
    protected : bool
        Whether it has physical memory protection, and cases have some.
    misaligned : bool
        Whether it does misaligned loads and stores.

    Raises `SpikeMissing`, and `RuntimeError` when Spike ends or does not respond.
    """

    def __init__(self, *, svadu: bool = False, protected: bool = False, misaligned: bool = False):
        self._runner = Runner(protected=protected, misaligned=misaligned)
        self.stubs = self._runner.symbols
        self._process = subprocess.Popen(
            spike.command(
                self._runner.elf,
                isa=spike.ISA + "_zicclsm" * misaligned + "_svadu" * svadu,
                pmp_entries=ENTRIES if protected else 0,
            ),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )

    def __enter__(self):
        return self

    def __exit__(self, *_exception):
        self.close()

    def close(self):
        """Ends it."""
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
            self._process.stdin.write(self._runner.pack(batch))
            self._process.stdin.flush()
            results = self._process.stdout.read(len(batch) * self._runner.result_bytes)
        except BrokenPipeError:
            results = b""
        finally:
            watchdog.cancel()
        if len(results) != len(batch) * self._runner.result_bytes:
            raise RuntimeError(f"Spike ended, or did not respond within {TIMEOUT} s")
        return self._runner.unpack(batch, results)
