import pytest

from kernel_model.facts.doorbell import Action, Reason, Register
from kernel_model.facts.doorbell import Doorbell as Registers
from kernel_model.facts.memlayout import DOORBELL
from sim.platform.device import Refused
from sim.platform.devices.doorbell import DoorbellPage
from sim.platform.events import Ring


@pytest.fixture
def registers():
    return Registers()


@pytest.fixture
def page(registers):
    return DoorbellPage(registers)


def test_it_is_one_page(page):
    assert (page.base, page.size) == (DOORBELL, 4096)


def test_loads_read_the_kernels_answer(page, registers):
    registers.registers[Register.ACTION] = Action.RUN
    registers.registers[Register.SATP] = 8 << 60 | 5

    assert page.load(Register.ACTION, 8, 0) == Action.RUN
    assert page.load(Register.SATP, 8, 0) == 8 << 60 | 5


def test_stores_reach_the_kernel(page, registers):
    assert page.store(Register.PANIC_EPC, 8, 0x1234, 0) is None
    assert registers.registers[Register.PANIC_EPC] == 0x1234


def test_a_store_to_ring_is_an_event(page):
    assert page.store(Register.RING, 8, Reason.USER_TRAP, 0) == Ring(1)


@pytest.mark.parametrize(
    ("offset", "count"),
    [(Register.ACTION, 4), (Register.ACTION + 4, 4), (Register.RING, 8), (0x100, 8), (0xFF8, 8)],
)
def test_other_loads_are_bus_errors(page, offset, count):
    with pytest.raises(Refused):
        page.load(offset, count, 0)


@pytest.mark.parametrize(
    ("offset", "count"), [(Register.RING, 4), (Register.RING, 1), (Register.ACTION, 8), (0x800, 8)]
)
def test_other_stores_are_bus_errors(page, offset, count):
    with pytest.raises(Refused):
        page.store(offset, count, 1, 0)
