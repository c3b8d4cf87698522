"""Registers have gdb's numbers, and their values lie as in memory."""

import xml.etree.ElementTree as ET
from types import SimpleNamespace

import pytest

from hdl.arch import Csr, Priv
from hdl.priv.table import REGISTERS
from sim.debug.gdb.registers import PC, description, general, value
from sim.debug.protection import protection_csrs

STATE = SimpleNamespace(
    registers=tuple(range(100, 132)),
    pc=0x1234,
    priv=Priv.S,
    csr=lambda csr: SimpleNamespace(value=int(csr) << 8),
    protection=protection_csrs(0, 9),
)


def hexadecimal(number):
    return number.to_bytes(8, "little").hex()


def described(protection=()):
    """The registers by name: number, type and group of each; and the features they are in."""
    root = ET.fromstring(description(protection).partition("<!DOCTYPE")[2].partition(">")[2])
    registers = {each.get("name"): each.attrib for each in root.iter("reg")}
    return registers, {each.get("name"): len(each) for each in root.iter("feature")}


def test_the_features_are_those_of_the_manual():
    registers, features = described()
    assert features == {
        "org.gnu.gdb.riscv.cpu": 33,
        "org.gnu.gdb.riscv.csr": len(REGISTERS),
        "org.gnu.gdb.riscv.virtual": 1,
    }
    assert {each["bitsize"] for each in registers.values()} == {"64"}


@pytest.mark.parametrize(
    "name, number, kind, group",
    [
        ("zero", 0, "int", None),
        ("a0", 10, "int", None),
        ("t6", 31, "int", None),
        ("pc", 32, "code_ptr", None),
        ("satp", 65 + 0x180, "int", "system"),
        ("priv", 65 + 4096, "int", "general"),
    ],
)
def test_numbers_types_and_groups(name, number, kind, group):
    register = described()[0][name]
    assert (int(register["regnum"]), register["type"]) == (number, kind)
    assert register.get("group") == group


def test_those_of_memory_protection_are_there_if_it_is():
    entries = protection_csrs(7, 9)
    registers, features = described(entries)
    assert features["org.gnu.gdb.riscv.csr"] == len(REGISTERS) + 11
    for name, number in (("pmpcfg0", 0x3A0), ("pmpcfg2", 0x3A2), ("pmpaddr8", 0x3B8)):
        assert (int(registers[name]["regnum"]), registers[name]["group"]) == (65 + number, "system")
    state = SimpleNamespace(**{**vars(STATE), "protection": entries})
    assert value(state, 65 + 0x3A0) == hexadecimal(7)


def test_all_general_registers_come_in_one_word_the_pc_last():
    assert general(STATE) == "".join(map(hexadecimal, [*range(100, 132), 0x1234]))


@pytest.mark.parametrize(
    "number, holds",
    [(0, 100), (31, 131), (PC, 0x1234), (65 + Csr.SATP, Csr.SATP << 8), (65 + 4096, 1)],
)
def test_one_register(number, holds):
    assert value(STATE, number) == hexadecimal(holds)


@pytest.mark.parametrize("number", [33, 64, 65 + 0xFFF, 65 + 4097])
def test_what_is_none_has_no_value(number):
    with pytest.raises(ValueError, match="is not a valid Csr"):
        value(STATE, number)
