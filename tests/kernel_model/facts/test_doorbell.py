import pytest

from kernel_model.facts.doorbell import READABLE, WRITABLE, Doorbell
from kernel_model.facts.memlayout import Action, Register


def test_every_register_but_the_bell_goes_one_way():
    assert set(Register) - {Register.RING} == READABLE | WRITABLE
    assert not READABLE & WRITABLE


def test_halts_until_the_kernel_says_otherwise():
    assert Doorbell().read(Register.ACTION) == Action.HALT


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
