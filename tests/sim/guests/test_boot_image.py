import struct

import pytest

from hdl.arch import Csr
from sim.config import BootConfig
from sim.guests.boot_image import load_boot, read_disk
from sim.guests.loader import LoadError
from sim.host.debug_info import disassemble
from sim.platform.ram import Ram
from tests.sim.elf import make_elf

BASE, SIZE = 0x8000_0000, 1 << 20
END = BASE + SIZE
CODE = b"\x13\0\0\0"


def load(kernel=None, **parameters):
    ram = Ram(BASE, SIZE)
    kernel = make_elf(symbols={"main": BASE}) if kernel is None else kernel
    return ram, load_boot(ram, BootConfig(memory_mib=1, **parameters), kernel)


def complaint(*arguments, **parameters):
    with pytest.raises(LoadError) as caught:
        load(*arguments, **parameters)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_kernel_needs_no_tohost_and_enters_where_it_likes():
    ram, image = load(make_elf([(BASE + 0x1000, CODE * 4, 16)], {"main": 7}, entry=BASE + 0x1004))

    assert (image.entry, image.symbols) == (BASE + 0x1004, {"main": 7})
    assert ram.read(BASE + 0x1000, 4) == CODE


def test_the_tree_lies_at_the_end_of_ram():
    ram, image = load()

    magic, size = struct.unpack(">2I", ram.read(image.tree, 8))
    assert magic == 0xD00D_FEED
    assert image.tree % 4096 == 0
    assert END - 4096 < image.tree + size <= END


@pytest.mark.parametrize("misaligned", [False, True])
def test_the_tree_is_that_of_the_hart(misaligned):
    ram, image = load(misaligned=misaligned)

    assert (b"_zicclsm_" in ram.read(image.tree, 4096)) is misaligned


def test_the_hart_starts_with_code_that_enters_the_kernel():
    _ram, image = load()

    words = [image.rom[4 * number : 4 * number + 4] for number in range(7)]
    assert [disassemble(word, 0) for word in words] == [
        "auipc t0, 0",
        "csrr a0, mhartid",
        "ld a1, 0x20(t0)",
        "ld t2, 0x28(t0)",
        f"csrs {int(Csr.MENVCFG)}, t2",
        "ld t1, 0x30(t0)",
        "jr t1",
    ]
    assert struct.unpack("<3Q", image.rom[32:]) == (image.tree, 1 << 61, BASE)


def test_raw_bytes_lie_where_they_are_said_to():
    ram, image = load(CODE, raw=BASE + 0x2000)

    assert (image.entry, image.symbols) == (BASE + 0x2000, {})
    assert ram.read(BASE + 0x2000, 4) == CODE


@pytest.mark.parametrize(
    "kernel, raw, said",
    [
        (b"", BASE, "the file is empty"),
        (CODE, 0x1000, "0x1000 to 0x1004 is outside RAM, which is 0x80000000 to 0x80100000"),
        (CODE, END - 2, "0x800ffffe to 0x80100002 is outside RAM"),
        (CODE, END - 4, "reaches to 0x80100000, but from 0x800f"),
    ],
)
def test_raw_bytes_that_fit_nowhere_are_refused(kernel, raw, said):
    assert said in complaint(kernel, raw=raw)


@pytest.mark.parametrize(
    "kernel, said",
    [
        (b"no kernel", "not an ELF file"),
        (make_elf(machine=62), "not for RISC-V: machine EM_X86_64"),
        (make_elf([(BASE, CODE, SIZE + 1)]), "outside RAM"),
        (make_elf(entry=BASE + 0x1000), "entry 0x80001000 is nowhere where the kernel is loaded"),
        (make_elf(entry=0xFFFF_FFFF_8000_0000), "is nowhere where the kernel is loaded"),
        (make_elf([(BASE, CODE, SIZE)]), "reaches to 0x80100000"),
    ],
)
def test_a_kernel_that_cannot_be_booted_is_refused(kernel, said):
    assert said in complaint(kernel)


def test_a_kernel_may_reach_to_the_tree_and_no_further():
    _ram, image = load()
    load(make_elf([(BASE, CODE, image.tree - BASE)]))
    assert f"from {image.tree:#x}" in complaint(make_elf([(BASE, CODE, image.tree - BASE + 1)]))


@pytest.fixture
def bios(tmp_path):
    path = tmp_path / "bios.elf"
    path.write_bytes(make_elf([(BASE, CODE * 2, 8)], {}))
    return path


def test_a_bios_is_entered_before_the_kernel(bios):
    kernel = make_elf([(BASE + 0x2000, CODE, 4)], {"main": 1}, entry=BASE + 0x2000)
    ram, image = load(kernel, bios=bios)

    assert image.entry == BASE
    assert image.symbols == {"main": 1}
    assert ram.read(BASE, 8) == CODE * 2
    assert ram.read(BASE + 0x2000, 4) == CODE


def test_a_bios_is_not_where_the_kernel_is(bios):
    assert (
        complaint(bios=bios) == f"--bios {bios}: 0x80000000 to 0x80000008 is where the kernel lies"
    )


def test_what_is_wrong_with_a_bios_names_it(bios):
    bios.write_bytes(b"none")
    assert complaint(bios=bios) == f"--bios {bios}: not an ELF file"


def test_a_disk_has_whole_sectors(tmp_path):
    path = tmp_path / "disk"
    path.write_bytes(bytes(1024))
    assert read_disk(path).sectors == 2
    path.write_bytes(bytes(1000))
    with pytest.raises(LoadError) as caught:
        read_disk(path)
    assert str(caught.value) == f"{path}: 1000 bytes are no whole sectors of 512"
