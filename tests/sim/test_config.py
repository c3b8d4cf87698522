import inspect

import pytest

from hdl.hart import Hart
from sim.config import BootConfig, ConfigError, HostFile, MachineConfig, RunConfig


@pytest.mark.parametrize(
    "parameters, message",
    [
        ({"latency": 0}, "latency must be 1 to 1000, not 0"),
        ({"memory_mib": 131_073}, "memory_mib must be 1 to 131072, not 131073"),
        ({"dtlb_entries": 65}, "dtlb_entries must be 1 to 64, not 65"),
        ({"itlb_entries": 0}, "itlb_entries must be 1 to 64, not 0"),
        ({"walk_cache_entries": "4"}, "walk_cache_entries must be 1 to 64, not '4'"),
        ({"btb_entries": 12}, "btb_entries must be a power of two, not 12"),
        ({"btb_entries": 1}, "btb_entries must be 2 to 256, not 1"),
        ({"reset_pc": 0x8000_0001}, "reset_pc must be even, not 0x80000001"),
        ({"pmp_entries": 17}, "pmp_entries must be 0 to 16, not 17"),
        ({"hart_id": -1}, "hart_id must be 0 to 18446744073709551615, not -1"),
    ],
)
def test_a_machine_that_cannot_be_is_refused(parameters, message):
    for kind in (MachineConfig, RunConfig):
        with pytest.raises(ConfigError) as caught:
            kind(**parameters)
        assert str(caught.value) == message


@pytest.mark.parametrize(
    "parameters, message",
    [
        ({"kernel_cost": "much"}, "kernel_cost must be one of table, ideal, zero, not 'much'"),
        (
            {"policy": "never"},
            "policy must be one of lazy, eager, batch:N, prefault:N, superpage, "
            "zero-page, cow, overcommit:strict|always, "
            "or some from the third on joined by +, not 'never'",
        ),
        ({"fail": "x"}, "fail must be kalloc:N or pte:VA:BIT@fault:N, not 'x'"),
        ({"skip_fence": ("1", "x")}, "skip_fence must be N or trap:K, from 1 on, not 'x'"),
        (
            {"drop_tlb": 319, "latency": 10},
            "drop_tlb must be 0 or at least 320, 32 accesses to memory, not 319",
        ),
        ({"bus_error": ("0@1",) * 17}, "bus_error must be 16 at most, not 17"),
        ({"policy": None}, "policy must be a name, not None"),
        ({"policy": ["cow"]}, "policy must be a name, not ['cow']"),
        ({"abi": "2021"}, "abi must be one of auto, lab, 2025, not '2021'"),
        ({"tick": 0}, "tick must be 1 to 4611686018427387904, not 0"),
        ({"quantum": -1}, "quantum must be 0 to 4611686018427387904, not -1"),
        (
            {"reset_pc": 0x8000_1000},
            "reset_pc must be 0x80000000, where the kernel's trampoline lies, not 0x80001000",
        ),
    ],
)
def test_so_is_a_kernel(parameters, message):
    with pytest.raises(ConfigError) as caught:
        RunConfig(**parameters)
    assert str(caught.value) == message


def test_a_turn_is_long_enough_or_without_end():
    assert RunConfig(quantum=0).quantum == 0
    with pytest.raises(ConfigError, match="quantum must be 0 or at least"):
        RunConfig(quantum=1)


def test_a_hart_is_the_usual_one_unless_said_otherwise():
    usual = inspect.signature(Hart).parameters
    for name in ("itlb_entries", "dtlb_entries", "walk_cache_entries", "btb_entries", "hart_id"):
        assert getattr(MachineConfig, name) == usual[name].default, name


def test_a_bare_machine_may_start_anywhere():
    assert MachineConfig(reset_pc=0x1000).reset_pc == 0x1000


def test_it_can_be_changed_but_not_misspelt():
    config = RunConfig(latency=3)
    assert config.changed(tick=5) == RunConfig(latency=3, tick=5)
    with pytest.raises(ConfigError, match="^dtlb, tlb must be one of memory_mib, latency, "):
        config.changed(tlb=8, dtlb=8)
    with pytest.raises(ConfigError, match="latency must be"):
        config.changed(latency=0)


def test_all_of_it_stands_in_json(tmp_path):
    config = RunConfig(disk=tmp_path, files=(HostFile(tmp_path / "a", "b/c"),))
    content = config.as_json()
    assert list(content)[:3] == ["memory_mib", "latency", "engine"]
    assert (content["memory_mib"], content["fast_forward"]) == (128, True)
    assert content["disk"] == str(tmp_path)
    assert content["files"] == [f"{tmp_path}/a:b/c"]
    assert {
        "itlb_entries",
        "dtlb_entries",
        "walk_cache_entries",
        "btb_entries",
        "reset_pc",
        "hart_id",
    } <= set(content)


@pytest.mark.parametrize(
    "parameters, message",
    [
        ({"latency": 0}, "latency must be 1 to 1000, not 0"),
        ({"virtio_version": 3}, "virtio_version must be 1 to 2, not 3"),
        ({"raw": -2}, "raw must be 0 to 18446744073709551614, not -2"),
        ({"raw": 0x8000_0001}, "raw must be even, not 0x80000001"),
    ],
)
def test_a_machine_that_cannot_boot_is_refused(parameters, message):
    with pytest.raises(ConfigError) as caught:
        BootConfig(**parameters)
    assert str(caught.value) == message


def test_a_kernel_is_entered_from_rom():
    config = BootConfig(memory_mib=8)
    assert (config.reset_pc, config.rom_size) == (0x1000, 0xF000)
    assert MachineConfig().rom_size == 0
    with pytest.raises(ConfigError, match="reset_pc must be one of memory_mib"):
        config.changed(reset_pc=0)
