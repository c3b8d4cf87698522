"""Decision tables: a switch on few bits becomes one load from a table of constants."""

from collections.abc import Iterator
from dataclasses import dataclass

from sim.engines.native.compiler import circuit as c

__all__ = ["MAX_BITS", "Table", "decision_table"]

#: Most bits that a table is indexed with; of so many entries few are ever looked at.
MAX_BITS = 16
#: Fewest cases that are worth a table, and as many times fewer than its entries as that.
MIN_CASES, MAX_ENTRIES_A_CASE = 3, 2048
#: Most runs of bits that a table's index is made of.
MAX_RUNS = 3
#: Entries for "no case" in tables of bytes and of halfwords.
NONES = (0xFF, 0xFFFF)


@dataclass(frozen=True)
class Table:
    """For every value of `index` (nets, lowest first) the case that holds, or `none`."""

    index: c.Value
    cases: tuple[int, ...]
    none: int


def decision_table(circuit: c.Circuit, cell: c.Priority, count: int) -> Table | None:
    """The table of the first `count` cases of a switch, if all match the same few bits, or None."""
    tests = []
    for number in cell.inputs[:count]:
        test = _test(circuit, number)
        if test is None:
            return None
        tests.append(test)
    none = next((none for none in NONES if len(tests) < none), None)
    if len(tests) < MIN_CASES or none is None:
        return None
    nets = tuple(sorted({n for value, _patterns in tests for n in value}))
    if not 0 < len(nets) <= MAX_BITS or 1 << len(nets) > MAX_ENTRIES_A_CASE * len(tests):
        return None
    if len(list(c.runs(nets))) > MAX_RUNS:
        return None
    place = {number: bit for bit, number in enumerate(nets)}
    cases = [none] * (1 << len(nets))
    # The first case wins, so it is filled in last.
    for case, (value, patterns) in reversed(list(enumerate(tests))):
        for pattern in patterns:
            for entry in _entries(value, pattern, place):
                cases[entry] = case
    return Table(nets, tuple(cases), none)


def _test(circuit: c.Circuit, number: int) -> tuple[c.Value, tuple[str, ...]] | None:
    """The value and patterns that one input of a switch tests, or None for other logic."""
    if c.is_const(number):
        return (), ("",) if number else ()
    cell = circuit.cells[c.cell_of(number)]
    return (cell.value, cell.patterns) if isinstance(cell, c.Matches) else None


def _entries(value: c.Value, pattern: str, place: dict[int, int]) -> Iterator[int]:
    """The values of the index that a pattern matches."""
    wanted: dict[int, str] = {}
    for number, bit in zip(value, reversed(pattern), strict=True):
        # A value may repeat a bit, as sign extension does, and a pattern contradict itself then.
        if bit != "-" and wanted.setdefault(place[number], bit) != bit:
            return
    fixed = sum(int(bit) << position for position, bit in wanted.items())
    free = sum(1 << position for position in place.values() if position not in wanted)
    rest = free
    while True:
        yield fixed | rest
        if rest == 0:
            return
        rest = rest - 1 & free
