from itertools import pairwise

import pytest

from hdl.arch import PAGE_SIZE
from kernel_model.facts.doorbell import READABLE, WRITABLE, Action, Doorbell, Reason, Register


def test_every_register_but_the_bell_goes_one_way():
    assert set(Register) - {Register.RING} == READABLE | WRITABLE
    assert not READABLE & WRITABLE


def test_halts_until_the_kernel_says_otherwise():
    assert Doorbell().read(Register.ACTION) == Action.HALT
    assert {Doorbell().read(register) for register in READABLE - {Register.ACTION}} == {0}


def test_keeps_what_is_written():
    doorbell = Doorbell()
    doorbell.write(Register.PANIC_EPC, (1 << 64) - 1)
    assert doorbell.registers[Register.PANIC_EPC] == (1 << 64) - 1


@pytest.mark.parametrize("offset", [0x00, 0x04, 0x38, 0x40, 0x58, 0xFF8], ids=hex)
def test_other_loads_are_bus_errors(offset):
    with pytest.raises(LookupError, match="no register to read"):
        Doorbell().read(offset)


@pytest.mark.parametrize("offset", [0x00, 0x08, 0x41, 0x58], ids=hex)
def test_other_stores_are_bus_errors(offset):
    with pytest.raises(LookupError, match="no register to write"):
        Doorbell().write(offset, 1)


class TestNumbers:
    def test_registers_of_8_bytes_lie_side_by_side_in_their_page(self):
        offsets = sorted(Register)
        assert offsets[0] == 0
        assert {after - before for before, after in pairwise(offsets)} == {8}
        assert offsets[-1] + 8 <= PAGE_SIZE

    def test_reasons_and_actions_count_from_0(self):
        assert list(Reason) == list(range(5))
        assert list(Action) == list(range(3))

    @pytest.mark.parametrize("numbers", [Register, Reason, Action])
    def test_no_number_has_two_meanings(self, numbers):
        # A second name of a number would be no error of Python's, but an alias.
        assert [member.name for member in numbers] == list(numbers.__members__)
