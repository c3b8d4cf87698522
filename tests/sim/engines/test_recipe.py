"""A hart that is known by its parameters; only the command may ask for it so."""

import subprocess
import sys

import pytest

from sim.config import BootConfig, MachineConfig
from sim.engines import recipe
from sim.machine import Machine


@pytest.fixture
def trusted(monkeypatch):
    monkeypatch.setattr(recipe, "_trusted", True)


def test_without_trust_there_is_no_recipe(monkeypatch):
    """In such a process anyone may have replaced a part of the hart."""
    monkeypatch.setattr(recipe, "_trusted", False)
    config = MachineConfig()
    assert recipe.recipe_of(config, Machine.make_ram(config)) is None


@pytest.mark.parametrize(
    "parameters",
    [
        {"itlb_entries": 16},
        {"dtlb_entries": 16},
        {"walk_cache_entries": 8},
        {"btb_entries": 8},
        {"reset_pc": 0x8000_0100},
        {"hart_id": 1},
        {"pmp_entries": 8},
        {"pmp_csrs": True},
        {"misaligned": True},
        {"memory_mib": 64},
    ],
)
def test_every_parameter_of_the_hart_is_in_it(trusted, parameters):
    usual, other = MachineConfig(), MachineConfig(**parameters)
    recipes = [recipe.recipe_of(each, Machine.make_ram(each)) for each in (usual, other)]
    assert recipes[0] != recipes[1]


def test_its_rom_is_in_it(trusted):
    config = BootConfig(pmp_csrs=False)
    other = MachineConfig(reset_pc=config.reset_pc)
    recipes = [recipe.recipe_of(each, Machine.make_ram(each)) for each in (config, other)]
    assert recipes[0] != recipes[1]


def test_what_is_no_part_of_the_hart_is_not_in_it(trusted):
    usual, other = MachineConfig(), MachineConfig(latency=20, fast_forward=False)
    recipes = [recipe.recipe_of(each, Machine.make_ram(each)) for each in (usual, other)]
    assert recipes[0] == recipes[1]


def test_real_hart_has_the_parameters():
    config = MachineConfig(dtlb_entries=2, hart_id=3, memory_mib=64)
    hart = recipe.real_hart(config, Machine.make_ram(config))
    assert len(hart.mmu.data_side.tlb.entries) == 2
    assert len(hart.mmu.fetch_side.tlb.entries) == config.itlb_entries


def test_a_second_run_of_the_command_does_without_amaranth():
    """It starts twice as soon; what it prints is the same, by the tests of the command."""
    code = (
        "import sys; sys.argv = ['trapline', 'run', '--engine', 'native', '--quiet', 'hello'];"
        "from sim.__main__ import main; status = main();"
        "print(status, 'amaranth' in sys.modules)"
    )
    for _ in range(2):
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, timeout=300, check=True
        )
    assert done.stdout.splitlines()[-1] == "0 False", done.stderr
