"""Page tables in the making: each region has tables of its own."""

from random import Random

from hdl.arch import PAGE_SIZE
from sim.exercises.tables import Tables


def test_regions_beside_each_other_have_tables_of_their_own():
    tables = Tables(Random(1))
    for level, region in ((0, 2 << 20), (1, 1 << 30)):
        first, same, other = (tables.entry(va, level) for va in (0, region - 1, region))
        assert first // PAGE_SIZE == same // PAGE_SIZE != other // PAGE_SIZE
