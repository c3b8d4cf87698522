"""The CSRs of memory protection hold what the entries are, and are told by them."""

from random import Random

from amaranth.hdl import Const

from hdl.arch import PMPADDRS, PMPCFGS
from hdl.memory.pmp import pmp_layout
from sim.debug.protection import protection_csrs
from tests.verify.golden.pmp import NA4, NAPOT, OFF, TOR, L, Pmp, R, W, X, fields_of, napot


def shown(pmp):
    """The registers of the entries of `pmp`, by name."""
    bits = Const.cast(pmp_layout(pmp.count).const(fields_of(pmp))).value
    return {each.name: each for each in protection_csrs(bits, pmp.count)}


def test_every_register_holds_what_software_reads():
    random = Random(1)
    for count in (1, 8, 9, 16):
        pmp = Pmp(count)
        for csr in (*PMPCFGS, *PMPADDRS):
            pmp.write(csr, random.getrandbits(64))
        registers = shown(pmp)
        assert len(registers) == count + (2 if count > 8 else 1)
        for name, each in registers.items():
            first = PMPCFGS[0] if name.startswith("pmpcfg") else PMPADDRS[0]
            assert int(name.lstrip("pmcfgadr")) == each.csr - first
            assert each.value == pmp.read(each.csr)


def test_the_words_say_which_entries_are_on_and_where():
    configurations = [TOR | R | W, OFF | R, TOR | X, NA4 | R | L, NAPOT | R | W | X, NAPOT]
    addresses = [0x8000_0000 >> 2, 0x9000_0000 >> 2, 0x9000_1000 >> 2, 0x1000 >> 2,
                 (1 << 54) - 1, napot(0x8000_0000, 64)]  # fmt: skip
    registers = shown(Pmp(6, configurations, addresses))

    assert registers["pmpcfg0"].words == (
        "0 TOR RW-, 2 TOR --X, 3 NA4 R-- locked, 4 NAPOT RWX, 5 NAPOT ---"
    )
    assert [registers[f"pmpaddr{number}"].words for number in range(6)] == [
        "0x0 to 0x80000000",
        "",
        "0x90000000 to 0x90001000",
        "0x1000 to 0x1004",
        "0x0 to 0x100000000000000",
        "0x80000000 to 0x80000040",
    ]
