from types import SimpleNamespace

import pytest

from kernel_model.facts.memlayout import KERNBASE, TRAMPOLINE
from sim.guests.symbols import NOWHERE, Symbols
from sim.host.programs import assemble_trampoline, build_program


@pytest.fixture
def lazy():
    return build_program("lazy").read_bytes()


def test_a_place_has_its_function_and_its_line(lazy):
    place = Symbols("mine", lazy).place("mine", 0x240)

    assert place.function.startswith("read_some+0x")
    assert place.file == "lazy.c"
    assert place.line > 1


def test_without_an_address_it_is_nowhere(lazy):
    assert Symbols("mine", lazy).place("mine", None) == NOWHERE


def test_another_program_is_on_the_disk_or_a_bundled_one(lazy):
    disk = SimpleNamespace(program={"other": lazy}.get)
    symbols = Symbols("first", build_program("hello").read_bytes(), disk)

    assert symbols.place("other", 0x240) == Symbols("lazy", lazy).place("lazy", 0x240)
    assert symbols.place("lazy", 0x240) == symbols.place("other", 0x240)
    assert symbols.info("hello") is symbols.info("hello") is not None


def test_of_what_is_no_program_nothing_is_known(lazy):
    disk = SimpleNamespace(program={"text": b"# no ELF"}.get)
    symbols = Symbols("first", lazy, disk)

    assert symbols.place("text", 0x240) == symbols.place("nosuch", 0x240) == NOWHERE


def test_places_that_are_kept_are_bounded(lazy, monkeypatch):
    monkeypatch.setattr("sim.guests.symbols._KEPT", 4)
    symbols = Symbols("lazy", lazy)
    first = symbols.place("lazy", 0x240)
    for pc in range(0, 64, 4):
        symbols.place("lazy", pc)

    assert len(symbols._places) <= 4
    assert symbols.place("lazy", 0x240) == first


def test_the_trampoline_is_known_by_both_its_addresses(lazy):
    symbols = Symbols("mine", lazy)
    page = range(len(assemble_trampoline()))
    places = {symbols.trampoline(KERNBASE + offset) for offset in page}
    assert {"reset", "uservec", "userret", "kernelvec", "mvec"} <= places

    first = next(at for at in page if symbols.trampoline(TRAMPOLINE + at) == "uservec")
    assert symbols.trampoline(KERNBASE + first) == "uservec"
    assert symbols.trampoline(TRAMPOLINE + first + 4) == "uservec+0x4"
    assert symbols.trampoline(KERNBASE - 2) is symbols.trampoline(0x240) is None
