from kernel_model.facts.memlayout import KERNBASE, TRAMPOLINE
from sim.guests.symbols import Symbols
from sim.host.programs import assemble_trampoline, find_program
from tests.sim.elf import make_elf

ELF = make_elf([(0, b"\x13\0\0\0", 4)], {"main": 0}, entry=0)


class Disk:
    """A disk with one program."""

    def program(self, name):
        return ELF if name == "mine" else None


def test_the_first_program_is_what_was_given_whatever_is_called_so():
    symbols = Symbols("echo", find_program("cat").read_bytes(), None)
    info = symbols.of("echo")
    assert info is symbols.of("echo")
    assert info.instruction(0) is not None
    assert symbols.of("cat").function(0) == info.function(0)


def test_others_are_those_of_the_disk_and_then_the_bundled_ones():
    symbols = Symbols("first", ELF, Disk())
    assert symbols.of("mine").instruction(0) == "nop"
    assert symbols.of("lazy").function(0x240).startswith("read_some")
    assert symbols.of("nobody") is None


def test_the_trampoline_is_known_by_both_its_addresses():
    symbols = Symbols("first", ELF, None)
    places = {symbols.trampoline(KERNBASE + offset) for offset in range(len(assemble_trampoline()))}
    assert {"reset", "uservec", "userret", "kernelvec", "mvec"} <= places
    first = next(at for at in range(4096) if symbols.trampoline(TRAMPOLINE + at) == "uservec")
    assert symbols.trampoline(KERNBASE + first) == "uservec"
    assert symbols.trampoline(TRAMPOLINE + first + 4) == "uservec+0x4"
    assert symbols.trampoline(KERNBASE - 2) is symbols.trampoline(0x240) is None
