from pathlib import Path

import pytest
from elftools.elf.elffile import ELFFile

import kernel_model
from hdl.arch import PAGE_SIZE
from kernel_model.proc import trapframe
from sim.host.programs import assemble_trampoline, build_bare, programs_directory

SOURCE = Path(kernel_model.__file__).parent / "trampoline.S"
REGISTERS = [
    name
    for name in trapframe.OFFSETS
    if name not in "kernel_satp sepc scause stval sstatus time resumed scratch".split()
]


@pytest.fixture(scope="module")
def symbols():
    elf = build_bare(SOURCE, trapframe.assembler_defines(), script=programs_directory() / "flat.ld")
    with elf.open("rb") as file:
        table = ELFFile(file).get_section_by_name(".symtab")
        return {symbol.name: symbol["st_value"] for symbol in table.iter_symbols()}


def test_is_one_page():
    page = assemble_trampoline()
    assert len(page) == PAGE_SIZE
    assert 0 < len(page.rstrip(b"\0")) < PAGE_SIZE


def test_reset_is_at_the_start(symbols):
    assert symbols["trampoline"] == symbols["reset"] == 0


@pytest.mark.parametrize("name", ["uservec", "kernelvec", "mvec"])
def test_trap_vectors_are_aligned(symbols, name):
    assert 0 < symbols[name] < PAGE_SIZE
    assert symbols[name] % 4 == 0


def test_has_no_address_of_its_own():
    # Position independent: the page is the same wherever it is, so nothing in it is relocated.
    page = assemble_trampoline()
    assert (0x8000_0000).to_bytes(4, "little") not in page


@pytest.mark.parametrize("register", REGISTERS)
def test_every_register_is_saved_and_restored(register):
    text = SOURCE.read_text()
    uservec, userret = text.index("\nuservec:"), text.index("\nuserret:")
    slot = f"TF_{register.upper()}(a0)"
    saved = "t0" if register == "a0" else register  # a0 waits in sscratch
    assert f"sd      {saved}, {slot}" in text[uservec:userret]
    assert f"ld      {register}, {slot}" in text[userret:]
