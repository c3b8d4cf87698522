"""The small kernel of the tests, `kernel.c`, and a disk for it."""

from pathlib import Path

from sim.host.programs import build_bare

__all__ = ["DISK", "kernel"]

#: What lies in each sector begins with its number in words.
DISK = b"".join(word.ljust(512, b"\0") for word in (b"zero", b"sector one", b"two", b"three"))


def kernel(**defines):
    """The file of the kernel, with macros such as TICK."""
    return build_bare(Path(__file__).parent / "kernel.c", defines)
