"""The device tree, as a kernel reads it."""

import struct

import fdt
import pytest

from sim.platform.device_tree import device_tree

MIB = 1 << 20


def read(blob):
    return fdt.parse_dtb(blob)


def words(tree, path, name):
    return tree.get_property(name, path).data


def test_it_begins_with_its_magic_number_and_tells_its_size():
    blob = device_tree(MIB)
    magic, size = struct.unpack_from(">2I", blob)
    assert (magic, size) == (0xD00D_FEED, len(blob))


@pytest.mark.parametrize("mib, cells", [(128, [0, 0x800_0000]), (8192, [2, 0])])
def test_memory_is_as_large_as_ram(mib, cells):
    tree = read(device_tree(mib * MIB))
    assert words(tree, "/memory@80000000", "reg") == [0, 0x8000_0000, *cells]


@pytest.mark.parametrize(
    "node, place",
    [
        ("test@100000", [0, 0x10_0000, 0, 0x1000]),
        ("clint@2000000", [0, 0x200_0000, 0, 0xC000]),
        ("plic@c000000", [0, 0xC00_0000, 0, 0x60_0000]),
        ("serial@10000000", [0, 0x1000_0000, 0, 8]),
        ("virtio_mmio@10001000", [0, 0x1000_1000, 0, 0x200]),
    ],
)
def test_every_device_is_where_it_is(node, place):
    assert words(read(device_tree(MIB, disk=True)), f"/soc/{node}", "reg") == place


def test_the_disk_and_the_uart_interrupt_at_the_plic():
    tree = read(device_tree(MIB, disk=True))
    (plic,) = words(tree, "/soc/plic@c000000", "phandle")
    for node, source in (("serial@10000000", 10), ("virtio_mmio@10001000", 1)):
        assert words(tree, f"/soc/{node}", "interrupt-parent") == [plic]
        assert words(tree, f"/soc/{node}", "interrupts") == [source]
    (hart,) = words(tree, "/cpus/cpu@0/interrupt-controller", "phandle")
    assert words(tree, "/soc/plic@c000000", "interrupts-extended") == [hart, 11, hart, 9]
    assert words(tree, "/soc/clint@2000000", "interrupts-extended") == [hart, 3, hart, 7]


def test_without_a_disk_it_is_not_told_of():
    assert not read(device_tree(MIB)).exist_node("/soc/virtio_mmio@10001000")


def test_the_console_is_the_uart():
    tree = read(device_tree(MIB))
    assert words(tree, "/chosen", "stdout-path") == ["/soc/serial@10000000"]


def test_power_goes_off_by_the_finisher():
    tree = read(device_tree(MIB))
    (finisher,) = words(tree, "/soc/test@100000", "phandle")
    assert words(tree, "/poweroff", "regmap") == [finisher]
    assert words(tree, "/poweroff", "value") == [0x5555]
    assert words(tree, "/reboot", "value") == [0x7777]


def test_the_hart_has_its_number():
    tree = read(device_tree(MIB, hart_id=(5 << 32) + 3))
    assert words(tree, "/cpus/cpu@3", "reg") == [3]


@pytest.mark.parametrize("misaligned", [False, True])
def test_the_harts_extensions_have_misaligned_accesses_if_it_does_them(misaligned):
    tree = read(device_tree(MIB, misaligned=misaligned))
    (isa,) = words(tree, "/cpus/cpu@0", "riscv,isa")
    base, *extensions = isa.split("_")
    assert base == "rv64imac"
    assert ("zicclsm" in extensions) is misaligned
    assert {"zicntr", "zicsr", "zifencei", "zihpm", "sstc", "svadu"} <= set(extensions)
