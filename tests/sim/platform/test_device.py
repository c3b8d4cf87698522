"""Windows are checked when they are made; the device in the documentation works on every engine."""

import re
from pathlib import Path

import pytest

from sim.config import MachineConfig
from sim.guests.bare_guest import BareGuest
from sim.guests.loader import load_bare
from sim.host.programs import build_bare
from sim.machine import End, Machine
from sim.platform.device import Device, Refused, Window
from sim.platform.devices.htif import Htif
from tests.docs import ROOT

PAGE = ROOT / "docs" / "devices.md"
PROGRAM = Path(__file__).with_name("timer.S")


@pytest.mark.parametrize(
    ("parameters", "complaint"),
    [
        ({"width": 3}, "width must be 1, 2, 4 or 8 bytes, not 3"),
        ({"offset": 4}, "offset must be a multiple of 8, not 0x4"),
        ({"loadable": [0x10C]}, "no register at 0x10c"),
        ({"storable": [0xF8]}, "no register at 0xf8"),
        ({"loadable": [0x300]}, "no register at 0x300"),
        ({"loadable": [0x100], "counting": [0x108]}, "some of the loadable"),
        ({"width": 4, "fetchable": True}, "width must be 8 where instructions lie, not 4"),
    ],
)
def test_a_window_with_a_mistake_is_refused(parameters, complaint):
    with pytest.raises(ValueError, match=complaint):
        Window(**{"offset": 0x100, "width": 8, **parameters})


@pytest.mark.parametrize("width", [1, 2, 4, 8])
def test_a_window_has_places_for_64_registers(width):
    window = Window(8, width, loadable=[8, 8 + 63 * width])
    assert [window.index(offset) for offset in window.loadable] == [0, 63]


def test_a_device_refuses_what_it_does_not_define():
    with pytest.raises(Refused):
        Device().load(0, 8, 0)
    with pytest.raises(Refused):
        Device().store(0, 8, 1, 0)


@pytest.fixture
def timer():
    """The device of the documentation."""
    (code,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    names = {}
    exec(code, names)
    return names["Timer"]()


def run(timer, **parameters):
    """When the program ended, and how late each interrupt was."""
    config = MachineConfig(memory_mib=1, **parameters)
    ram = Machine.make_ram(config)
    image = load_bare(build_bare(PROGRAM).read_bytes(), ram)
    guest = BareGuest(Htif(image.tohost, None, lambda data: None))
    machine = Machine(config, ram, devices=[guest.htif, timer])
    assert machine.run(guest, max_cycles=20_000) is End.FINISHED
    late = [ram.read_u64(image.symbols["table"] + 8 * index) for index in range(3)]
    return machine.engine.cycle, late, machine.engine.skipped


def test_the_device_of_the_documentation_interrupts_the_hart(timer):
    cycle, late, skipped = run(timer, engine="native")

    assert cycle > 900
    assert all(5 < each < 60 for each in late)
    assert skipped > 300, "a sleep until a device's deadline is passed over"


@pytest.mark.parametrize("parameters", [{"engine": "pysim"}, {"fast_forward": False}])
def test_it_does_so_in_the_same_cycle_however_it_is_run(timer, parameters):
    expected = run(timer, engine="native")[:2]
    again = type(timer)()

    assert run(again, **parameters)[:2] == expected
