"""The signature of a bare-metal test: a region of memory as text, for comparison."""

from sim.platform.ram import Ram

__all__ = ["signature_lines"]


def signature_lines(ram: Ram, begin: int, end: int, granularity: int) -> str:
    """The bytes from `begin` to `end` as hexadecimal words of `granularity` bytes, one a line.

    Words are little-endian, lowest address first. A last word that `end` cuts is filled with
    zeros. Raises `RamError` if the region is not in RAM.
    """
    data = ram.read(begin, end - begin)
    words = [data[i : i + granularity] for i in range(0, len(data), granularity)]
    return "".join(f"{int.from_bytes(word, 'little'):0{2 * granularity}x}\n" for word in words)
