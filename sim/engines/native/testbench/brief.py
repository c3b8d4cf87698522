"""Which designs did not run long enough to be compiled: a hint, by what they look like outside."""

import contextlib
import hashlib
from pathlib import Path
from typing import Any

__all__ = ["Brief"]


class Brief:
    """What is remembered of a design that began on Amaranth's own engine.

    To know whether a design is in the cache, all of its logic is walked over, which in a suite of
    short tests costs more than the cache gives: nearly all are not there, this time as the last. So
    a design of whose like none was compiled the last time is not looked for before it has earned
    that. It is a hint: a design with the same signals and as many statements is taken for it.

    Parameters
    ----------
    directory : Path
        The cache.
    design
        As `extract.prepare` makes it.
    """

    def __init__(self, directory: Path, design: Any):
        outline = [
            (
                *(info.name, sum(map(len, fragment.statements.values()))),
                *((name, len(signal)) for signal, name in info.signal_names.items()),
            )
            for fragment, info in design.fragments.items()
        ]
        digest = hashlib.sha256(repr(outline).encode()).hexdigest()[:32]
        self._path = directory / f"brief-{digest}"

    def moments(self) -> int | None:
        """Those for which it is to run on Amaranth's own engine; None if nothing is known."""
        with contextlib.suppress(OSError, ValueError):
            return int(self._path.read_text())
        return None

    def remember(self, moments: int) -> None:
        """It will not be looked for the next time, if that can be written down."""
        with contextlib.suppress(OSError):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._path.write_text(str(moments))

    def forget(self) -> None:
        """It will be."""
        with contextlib.suppress(OSError):
            self._path.unlink()
