"""The parameters of `make verilog`: `TLB=16 RAM=0x80000000:128M` as a person writes them."""

import re
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, NamedTuple

from amaranth.lib import wiring

from hdl.arch import PA_BITS, PAGE_SIZE
from hdl.bus.attach import OnBus
from hdl.bus.axi import AxiLiteAdapter
from hdl.bus.wishbone import WishboneAdapter
from hdl.hart import Hart
from hdl.memory.pma import Pma
from hdl.mmu.mmu import Mmu

__all__ = ["PARAMETERS", "Parameter", "ParameterError", "build"]

_PARTS: Mapping[str, Callable[..., wiring.Component]] = {"mmu": Mmu, "hart": Hart}
#: What becomes of each memory port, by BUS, if it does not stay one.
_BUSES: Mapping[str, Callable[[], wiring.Component]] = {
    "wishbone": WishboneAdapter,
    "wishbone-pipelined": partial(WishboneAdapter, pipelined=True),
    "axi4-lite": AxiLiteAdapter,
    "axi4-lite-alone": partial(AxiLiteAdapter, alone=True),
}
_UNITS = {"": 0, "K": 10, "M": 20, "G": 30, "T": 40}


class ParameterError(ValueError):
    """A parameter is none, or has no such value; the message is one line and names it."""


class Parameter(NamedTuple):
    """What one name sets.

    Attributes
    ----------
    arguments : tuple of str
        The arguments of the component that get the value; of RAM and ROM they are those of `Pma`.
    read : function of str
        The value of each of them; raises ValueError, with what the text must be.
    meaning : str
        One line for those who ask.
    hart_only : bool
        The MMU alone has no such thing.
    """

    arguments: tuple[str, ...]
    read: Callable[[str], tuple[Any, ...]]
    meaning: str
    hart_only: bool = False


def _number(text: str) -> int:
    """A number in decimal, or with 0x; raises ValueError."""
    if not re.fullmatch(r"0[xX][0-9a-fA-F]+|[0-9]+", text):
        raise ValueError
    return int(text, 16 if text[1:2] in ("x", "X") else 10)


def _among(numbers: Iterable[int], wanted: str, copies: int = 1) -> Callable[[str], Any]:
    """A reader of one of `numbers`, which are told as `wanted`."""

    def read(text: str) -> tuple[int, ...]:
        try:
            number = _number(text)
        except ValueError:
            number = -1
        if number not in numbers:
            raise ValueError(wanted)
        return (number,) * copies

    return read


def _place(text: str) -> tuple[int, ...]:
    """BASE:SIZE in bytes, SIZE perhaps with K, M, G or T."""
    wanted = f"BASE:SIZE, as 0x80000000:128M, in pages of {PAGE_SIZE} bytes below 1 << {PA_BITS}"
    match = re.fullmatch(r"(\w+):(\w+?)([KMGT]?)", text)
    try:
        if match is None:
            raise ValueError
        base, size = _number(match[1]), _number(match[2]) << _UNITS[match[3]]
    except ValueError:
        raise ValueError(wanted) from None
    if not size or base % PAGE_SIZE or size % PAGE_SIZE or base + size > 1 << PA_BITS:
        raise ValueError(wanted)
    return base, size


def _level(text: str) -> tuple[Any, ...]:
    """SETSxWAYS."""
    match = re.fullmatch(r"([0-9]+)x([0-9]+)", text)
    sets, ways = map(int, match.groups()) if match else (0, 0)
    if sets not in [1 << n for n in range(1, 13)] or ways not in range(1, 17):
        raise ValueError("SETSxWAYS, as 64x4: a power of two from 2 to 4096, and 1 to 16")
    return ((sets, ways),)


def _word(words: Iterable[str]) -> Callable[[str], tuple[int, ...]]:
    """A reader of one of `words`; it sets no argument."""

    def read(text: str) -> tuple[int, ...]:
        if text not in words:
            raise ValueError(" or ".join(words))
        return ()

    return read


#: Beyond these a table that compares all its entries at once is of no use on any chip.
_ENTRIES, _POINTERS = range(1, 257), range(1, 65)

PARAMETERS: dict[str, Parameter] = {
    "PART": Parameter((), _word(_PARTS), "mmu or hart: only that one; both"),
    "BUS": Parameter((), _word(_BUSES), f"{', '.join(_BUSES)}; its own memory port"),
    "TLB": Parameter(
        ("itlb_entries", "dtlb_entries"),
        _among(_ENTRIES, "1 to 256", 2),
        "pages in each of the two TLBs, 1 to 256; 8",
    ),
    "ITLB": Parameter(
        ("itlb_entries",), _among(_ENTRIES, "1 to 256"), "pages in that of fetches; as TLB"
    ),
    "DTLB": Parameter(
        ("dtlb_entries",), _among(_ENTRIES, "1 to 256"), "pages in that of data; as TLB"
    ),
    "WALK_CACHE": Parameter(
        ("walk_cache_entries",),
        _among(_POINTERS, "1 to 64"),
        "pointers to level-0 page tables that the walker remembers, 1 to 64; 4",
    ),
    "L2_TLB": Parameter(
        ("l2_tlb",), _level, "sets and ways of a second-level TLB, SETSxWAYS; none"
    ),
    "PMP": Parameter(
        ("pmp_entries",),
        _among(range(17), "0 to 16"),
        "entries of physical memory protection, 0 to 16; 0",
    ),
    "RAM": Parameter(
        ("ram_base", "ram_size"),
        _place,
        "base and size of RAM in bytes, BASE:SIZE with K, M, G or T; 0x80000000:128M",
    ),
    "ROM": Parameter(
        ("rom_base", "rom_size"), _place, "likewise of ROM, from which code may be fetched; none"
    ),
    "RESET_PC": Parameter(
        ("reset_pc",),
        _among(range(0, 1 << PA_BITS, 2), f"an even address below 1 << {PA_BITS}"),
        "address of the first instruction; 0x80000000",
        hart_only=True,
    ),
    "HART_ID": Parameter(
        ("hart_id",), _among(range(1 << 63), "a number of 63 bits"), "`mhartid`; 0", hart_only=True
    ),
    "BTB": Parameter(
        ("btb_entries",),
        _among([1 << n for n in range(1, 13)], "a power of two, 2 to 4096"),
        "words of the branch target buffer, a power of two; 64",
        hart_only=True,
    ),
    "COUNTERS": Parameter(
        ("hpm_counters",),
        _among(range(30), "0 to 29"),
        "`mhpmcounter3` and the following, 0 to 29; 4",
        hart_only=True,
    ),
    "MISALIGNED": Parameter(
        ("misaligned",),
        _among((0, 1), "0 or 1"),
        "1: loads and stores in RAM may have any alignment; 0",
        hart_only=True,
    ),
}


def build(assignments: Iterable[str]) -> dict[str, wiring.Component]:
    """The parts that `assignments`, each `NAME=VALUE`, ask for, by their names: mmu, hart.

    A parameter of the hart changes nothing of the MMU alone. Raises ParameterError.
    """
    values = _parse(assignments)
    parts = [values["PART"]] if "PART" in values else list(_PARTS)
    places: dict[str, Any] = {}
    arguments: dict[str, dict[str, Any]] = {part: {} for part in parts}
    # In this order, so that ITLB and DTLB count more than TLB.
    for name, parameter in PARAMETERS.items():
        if name not in values:
            continue
        if parameter.hart_only and "hart" not in parts:
            raise ParameterError(f"{name} is of the hart, and PART is {values['PART']}")
        try:
            read = parameter.read(values[name])
        except ValueError as wanted:
            raise ParameterError(f"{name} must be {wanted}, not {values[name]!r}") from None
        given = dict(zip(parameter.arguments, read, strict=True))
        if name in ("RAM", "ROM"):
            places |= given
            continue
        for part in parts:
            if part == "hart" or not parameter.hart_only:
                arguments[part] |= given
    built = {part: _PARTS[part](pma=Pma(**places), **arguments[part]) for part in parts}
    if "BUS" not in values:
        return built
    return {name: OnBus(part, _BUSES[values["BUS"]]) for name, part in built.items()}


def _parse(assignments: Iterable[str]) -> dict[str, str]:
    """The values by name; raises ParameterError for a name that is none, or given twice."""
    values: dict[str, str] = {}
    for assignment in assignments:
        name, equals, value = assignment.partition("=")
        if name not in PARAMETERS:
            known = ", ".join(PARAMETERS)
            raise ParameterError(f"there is no parameter {name!r}, but there are {known}")
        if not equals or not value:
            raise ParameterError(f"{name} has no value: write {name}=VALUE")
        if name in values:
            raise ParameterError(f"{name} is given twice")
        values[name] = value
    return values
