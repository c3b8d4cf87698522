"""A hart found by its recipe is the one that is made, with all that the engine looks for in it."""

import pytest

from sim.config import MachineConfig
from sim.engines.native.machine.compiled import NEVER, CompiledHart
from sim.engines.native.machine.engine import NativeEngine
from sim.engines.recipe import real_hart
from sim.host.toolchain import cache_directory
from sim.machine import Machine
from sim.platform.bus import Bus
from sim.platform.ram import Ram
from tests.sim.scripted import ScriptedHart, load

BASE = 0x8000_0000


class Kitchen:
    """Makes a scripted hart, and counts how often."""

    def __init__(self, *script):
        self.made = 0
        self._script = script or [load(BASE)]

    def __call__(self):
        self.made += 1
        return ScriptedHart(self._script)

    def cook(self, directory, *, traced=False, **recipe):
        return CompiledHart.by_recipe(recipe, self, directory, traced=traced)


def facts(hart):
    return hart.model.image, list(hart.model.state), hart.fields, hart.probe_at, hart.walk_at


@pytest.mark.parametrize("traced", [False, True])
def test_the_second_time_it_is_not_made(tmp_path, traced):
    kitchen = Kitchen()
    first, second = (kitchen.cook(tmp_path, traced=traced, entries=4) for _ in range(2))

    assert kitchen.made == 1
    assert facts(first) == facts(second)
    assert second.model.cached


@pytest.mark.parametrize("other", [{"entries": 8}, {"entries": 4, "traced": True}, {"size": 4}])
def test_another_recipe_is_made(tmp_path, other):
    kitchen = Kitchen()
    kitchen.cook(tmp_path, entries=4)
    kitchen.cook(tmp_path, **other)

    assert kitchen.made == 2


def test_it_runs_like_the_one_that_was_made(tmp_path):
    events = []
    for _ in range(2):
        ram = Ram(BASE, 0x1000)
        engine = NativeEngine(Kitchen(*[load(BASE + 8)] * 4).cook(tmp_path, n=1), Bus(ram))
        engine.run(30)
        events.append((engine.cycle, engine.model.state.tobytes()))
    assert events[0] == events[1]


def test_one_that_is_found_can_still_be_looked_into(tmp_path):
    kitchen = Kitchen()
    kitchen.cook(tmp_path, traced=True)
    found = kitchen.cook(tmp_path, traced=True)

    assert found.model.shown
    assert found.model.circuit is found.model.circuit
    assert kitchen.made == 2


def test_what_is_damaged_is_made_anew(tmp_path, capsys):
    kitchen = Kitchen()
    kitchen.cook(tmp_path)
    (path,) = tmp_path.glob("hart-*.json")
    path.write_bytes(path.read_bytes()[:100])
    kitchen.cook(tmp_path)

    assert kitchen.made == 2
    assert "is damaged" in capsys.readouterr().err


def test_of_an_amaranth_without_a_version_nothing_is_kept(tmp_path, monkeypatch):
    from sim.engines.native.machine import compiled

    def missing(name):
        raise compiled.PackageNotFoundError(name)

    monkeypatch.setattr(compiled, "version", missing)
    kitchen = Kitchen()
    kitchen.cook(tmp_path)
    kitchen.cook(tmp_path)

    assert kitchen.made == 2
    assert not list(tmp_path.glob("hart-*.json"))


def test_ram_of_another_size_is_data(tmp_path):
    """Two recipes, one library."""

    def cook(size):
        config = MachineConfig(memory_mib=size)
        ram = Machine.make_ram(config)
        return CompiledHart.by_recipe({"size": size}, lambda: real_hart(config, ram), tmp_path)

    harts = [cook(size) for size in (64, 64, 128, 128)]  # made, and found
    assert len({hart.model.image.library for hart in harts}) == 1
    ends = [hart.model.state[hart.model.places["ram_end"]] for hart in harts]
    assert ends[0] == ends[1] != ends[2] == ends[3]
    assert harts[0].probe_at != NEVER
    assert harts[0].walk_at == NEVER


def test_equal_harts_are_translated_once():
    config = MachineConfig(memory_mib=2)
    first, again = (
        CompiledHart.of(real_hart(config, Machine.make_ram(config)), cache_directory()).model
        for _ in range(2)
    )

    assert again.translation is first.translation
