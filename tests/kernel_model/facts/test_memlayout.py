"""Where things are: nothing on top of anything else, and where others believe it to be."""

import re
from pathlib import Path

import pytest

from hdl.arch import MAXVA_BITS, PAGE_SIZE, RAM_BASE
from kernel_model.facts import memlayout
from kernel_model.facts.memlayout import DOORBELL, KERNBASE, MAXVA, TRAMPOLINE, TRAPFRAME
from sim.host.programs import programs_directory
from tests.kernel_model.pages import table_under
from tests.programs.headers import constants

TESTS = Path(__file__).resolve().parents[2]
PROGRAMS = programs_directory()

#: What QEMU's machine `virt` has below its RAM (hw/riscv/virt.c): the first byte, and one beyond
#: the last, of devices or groups of them.
QEMU_VIRT = [
    (0x0, 0x10_2000),  # debug, mask ROM, test device, clock
    (0x200_0000, 0x201_0000),  # CLINT
    (0x2F0_0000, 0x2F0_4000),  # software interrupts of S-mode
    (0x300_0000, 0x301_0000),  # PCIe ports
    (0x400_0000, 0x600_0000),  # platform bus
    (0xC00_0000, 0x1000_0000),  # interrupt controllers
    (0x1000_0000, 0x1010_1000),  # UART, VirtIO, configuration
    (0x2000_0000, 0x8000_0000),  # flash, message-signalled interrupts, PCIe
]


class TestVirtualMemory:
    def test_its_two_highest_pages_are_the_kernels(self):
        assert MAXVA - PAGE_SIZE == TRAMPOLINE
        assert TRAMPOLINE - PAGE_SIZE == TRAPFRAME

    def test_no_address_needs_sign_extension(self):
        sign = 1 << (MAXVA_BITS - 1)
        assert (MAXVA - 1) & sign == 0
        assert MAXVA & sign

    def test_a_program_is_linked_from_0_and_its_data_from_a_page(self):
        script = (PROGRAMS / "user.ld").read_text()
        assert "  . = 0;\n  .text" in script
        assert re.findall(r"ALIGN\((\w+)\)", script) == [hex(PAGE_SIZE)]


class TestPhysicalMemory:
    def test_pages_are_whole(self):
        for address in (DOORBELL, KERNBASE, MAXVA):
            assert address % PAGE_SIZE == 0

    def test_the_doorbell_is_below_ram(self):
        assert DOORBELL + PAGE_SIZE <= KERNBASE

    @pytest.mark.parametrize(("first", "end"), QEMU_VIRT, ids=lambda address: f"{address:#x}")
    def test_the_doorbell_is_where_qemu_has_nothing(self, first, end):
        assert first < end
        assert first >= DOORBELL + PAGE_SIZE or end <= DOORBELL

    def test_the_hart_starts_where_ram_does(self):
        assert RAM_BASE == KERNBASE

    @pytest.mark.parametrize(
        "script",
        [PROGRAMS / "bare.ld", PROGRAMS / "bench" / "link.ld", TESTS / "asm" / "link.ld"],
        ids=lambda script: f"{script.parent.name}/{script.name}",
    )
    def test_programs_without_a_kernel_are_linked_to_its_start(self, script):
        first, *_ = re.findall(r"0x[0-9a-f]{8}\b", script.read_text())
        assert int(first, 16) == KERNBASE


def test_programs_are_built_with_the_kernels_addresses():
    header = constants("abi.h")
    names = "MAXVA TRAMPOLINE TRAPFRAME".split()
    assert {name: header[name] for name in names} == {
        name: getattr(memlayout, name) for name in names
    }
    assert header["PAGE_SIZE"] == PAGE_SIZE


def test_the_heap_ends_where_the_page_says():
    end = dict(table_under("Limits"))["the heap's end, where there is no area"]
    assert end == f"the trap frame, {TRAPFRAME:#_x}"
