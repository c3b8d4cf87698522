"""The CSRs as data: the table is sound, and the page shows it."""

from hdl.arch import Csr
from hdl.priv.table import MONITORS, PROTECTION, REGISTERS, Action, State
from tests.csr_table import PAGE, renew

BY_CSR = {register.csr: register for register in REGISTERS}


def test_it_has_every_csr_once_in_the_order_of_the_privileges():
    csrs = [register.csr for register in REGISTERS]
    assert sorted(csrs) == sorted(Csr)
    assert [csr >> 8 & 3 for csr in csrs] == sorted(csr >> 8 & 3 for csr in csrs)


def test_blocks_of_registers_are_those_of_the_specification():
    starts = {"hpmcounter": 0xC03, "mhpmevent": 0x323, "mhpmcounter": 0xB03}
    assert {block.name: block.addresses[0] for block in MONITORS} == starts
    assert all(len(block.addresses) == 29 for block in MONITORS)
    starts = {"pmpcfg": 0x3A0, "pmpaddr": 0x3B0}
    assert {block.name: block.addresses[0] for block in PROTECTION} == starts
    for block in (*MONITORS, *PROTECTION):
        assert len(block.numbers) == len(block.addresses)
        assert block.numbers.step == block.addresses.step


def test_fields_do_not_overlap():
    for register in REGISTERS:
        taken = 0
        for field in register.fields:
            bits = (1 << field.width) - 1 << field.low
            assert field.width > 0
            assert not taken & bits, (register.csr, field.name)
            taken |= bits


def test_an_address_that_says_read_only_is_of_a_register_that_is():
    for register in REGISTERS:
        if register.csr >> 10 == 3:
            assert all(field.action is Action.READ_ONLY for field in register.fields), register.csr
            assert not register.bits


def test_a_view_shows_fields_of_its_register_at_the_same_bits():
    views = [register for register in REGISTERS if register.state is State.VIEW]
    assert [view.csr for view in views] == [Csr.SSTATUS]
    for view in views:
        assert set(view.fields) < set(BY_CSR[view.of].fields)


def test_the_page_shows_it():
    text = PAGE.read_text()
    assert renew(text) == text, "`make docs` writes it"
