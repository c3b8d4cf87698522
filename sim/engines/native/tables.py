"""Decision tables: a switch on few bits becomes one load from a table of constants."""

from dataclasses import dataclass

from sim.engines.native import circuit as c

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
    tests = [_test(circuit, number) for number in cell.inputs[:count]]
    none = next((none for none in NONES if len(tests) < none), None)
    if None in tests or len(tests) < MIN_CASES or none is None:
        return None
    nets = tuple(sorted({n for value, _patterns in tests for n in value}))
    if not 0 < len(nets) <= MAX_BITS or 1 << len(nets) > MAX_ENTRIES_A_CASE * len(tests):
        return None
    if len(list(c.runs(nets))) > MAX_RUNS:
        return None
    place = {number: bit for bit, number in enumerate(nets)}
    cases = [none] * (1 << len(nets))
    # The first case wins, so it is filled in last.
    for number, (value, patterns) in reversed(list(enumerate(tests))):
        for pattern in patterns:
            care, wanted = _mask(value, pattern, place)
            free = len(cases) - 1 & ~care
            rest = free
            while True:
                cases[wanted | rest] = number
                if rest == 0:
                    break
                rest = rest - 1 & free
    return Table(nets, tuple(cases), none)


def _test(circuit, number):
    """The value and patterns that one input of a switch tests, or None for other logic."""
    if c.is_const(number):
        return (), ("",) if number else ()
    cell = circuit.cells[c.cell_of(number)]
    return (cell.value, cell.patterns) if isinstance(cell, c.Matches) else None


def _mask(value, pattern, place):
    """A pattern as (bits of the index that it tests, their values)."""
    ones = sum({1 << place[n] for n, bit in zip(value, pattern[::-1], strict=True) if bit == "1"})
    zeros = sum({1 << place[n] for n, bit in zip(value, pattern[::-1], strict=True) if bit == "0"})
    # A bit that comes twice and would have to be both: no index gives 1 when it is masked with 0.
    return (0, 1) if ones & zeros else (ones | zeros, ones)
