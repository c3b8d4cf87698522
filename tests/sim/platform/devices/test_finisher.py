import pytest

from sim.platform.device import Refused
from sim.platform.devices.finisher import Finisher
from sim.platform.events import Halt
from tests.sim.platform.devices.board import run, torment


@pytest.mark.parametrize(
    ("value", "code", "reset"),
    [
        (0x5555, 0, False),
        (0xFFFF_5555, 0, False),
        (0x0007_3333, 7, False),
        (0x3333, 0, False),
        (0x7777, 0, True),
    ],
)
def test_a_store_ends_the_program_with_a_status(value, code, reset):
    finisher = Finisher()

    assert finisher.store(0, 4, value, 9) == Halt()
    assert (finisher.exit_code, finisher.reset) == (code, reset)


@pytest.mark.parametrize(("offset", "value"), [(0, 0x5554), (0, 0), (4, 0x5555)])
def test_other_stores_do_nothing(offset, value):
    finisher = Finisher()

    assert finisher.store(offset, 4, value, 9) is None
    assert finisher.exit_code is None
    assert finisher.load(offset, 4, 10) == 0


@pytest.mark.parametrize("count", [1, 8])
def test_other_sizes_fault(count):
    with pytest.raises(Refused):
        Finisher().load(0, count, 0)
    with pytest.raises(Refused):
        Finisher().store(0, count, 0x5555, 0)


def test_a_program_ends_itself_on_every_engine():
    expected = run("finisher.S", [], words=1, engine="native")

    assert expected[1:] == ([5], 42), "an 8-byte access is a load access fault, and 42 the status"
    assert run("finisher.S", [], words=1, engine="pysim") == expected
    assert run("finisher.S", [], words=1, engine="native", again=10) == expected


def test_random_traffic_gives_values_and_refusals_only():
    refused, taken = torment(Finisher, [0, 0, 4], seed=2)
    assert refused > 1000
    assert taken > 1000
