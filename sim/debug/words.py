"""The words that commands of the debugger are made of: numbers, addresses, symbols, kinds."""

from collections.abc import Iterable

from sim.debug.conditions import Kind
from sim.debug.debugger import DebugError
from sim.guests.symbols import Symbols
from sim.host.numbers import parse_address, parse_count
from sim.host.terminals import visible

__all__ = ["a_count", "a_kind", "a_place", "an_address", "one_of"]


def one_of(word: str, names: Iterable[str], what: str) -> str:
    """The name that `word` is, or begins. DebugError if that is none, or more than one."""
    names = list(names)
    fitting = [name for name in names if name.startswith(word)]
    if word in names:
        return word
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        raise DebugError(f"{visible(word)!r} may be {' or '.join(fitting)}")
    raise DebugError(f"{visible(word)!r} is no {what}: {', '.join(names)}")


def a_kind(word: str) -> Kind:
    """The kind of step that a word names."""
    return Kind(one_of(word, [kind.value for kind in Kind], "kind of step"))


def a_count(word: str, what: str = "number", least: int = 1) -> int:
    """A number from `least` on."""
    number = parse_count(word)
    if number is None:
        raise DebugError(f"{visible(word)!r} is no {what}")
    if number < least:
        raise DebugError(f"{what} {number} is too small: {least} is the least")
    return number


def an_address(word: str) -> int:
    """A virtual address."""
    address = parse_address(word)
    if address is None:
        raise DebugError(f"{visible(word)!r} is no address of 64 bits, such as 0x4ff8")
    return address


def a_place(word: str, symbols: Symbols, program: str | None) -> tuple[int, str, str | None]:
    """An address or a symbol, as NAME or PROGRAM:NAME: the address, the symbol, and of whom.

    `program` is whose symbols are meant if none is named. An address is of nobody.
    """
    address = parse_address(word)
    if address is not None:
        return address, "", None
    named, colon, name = word.rpartition(":")
    whose = named if colon else program
    info = None if whose is None else symbols.info(whose)
    found = None if info is None else info.address(name)
    if found is None or whose is None:
        where = f"of {visible(whose)}" if whose else "here"
        raise DebugError(f"{visible(name)!r} is neither an address nor a symbol {where}")
    return found, name, whose
