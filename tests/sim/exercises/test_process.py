from io import BytesIO

import pytest
from elftools.elf.elffile import ELFFile

from hdl.arch import PAGE_SIZE, Cause
from kernel_model.facts.memlayout import TRAPFRAME
from kernel_model.mm.served import Decision
from sim.exercises.mmu import Access
from sim.exercises.process import Killed, Process, Program


@pytest.fixture
def process():
    return Process(Program())


def load(process, va):
    return process.touch(Access("ld a0, (a1)", "load", va, process.context))


def test_sbrk_promises_pages_and_a_touch_takes_a_frame(process):
    old = process.sbrk(2 * PAGE_SIZE)
    assert (old, process.heap_frames) == (process.space.regions.heap, 0)
    taken = process.free_frames[0]
    touched = load(process, old)
    assert touched.answer.cause == Cause.LOAD_PAGE
    assert touched.outcome.decision is Decision.MAPPED
    assert process.heap_frames == 1
    assert taken not in process.free_frames


def test_a_second_touch_of_a_page_has_no_fault(process):
    va = process.sbrk(PAGE_SIZE)
    load(process, va)
    again = load(process, va)
    assert (again.answer.cause, again.outcome) == (None, None)


def test_the_tables_of_a_touch_are_those_before_it(process):
    va = process.sbrk(PAGE_SIZE)
    touched = load(process, va)
    assert touched.memory != process.tables(va)
    assert touched.memory.items() <= process.tables(va).items()


def test_the_tables_on_the_way_are_those_of_the_address(process):
    def tables_of(va):
        return {address & -PAGE_SIZE for address in process.tables(va)}

    low, high = tables_of(0), tables_of(TRAPFRAME)
    assert len(low) == len(high) == 3
    assert low & high == {process.space.root}
    assert tables_of(1 << 30) == {process.space.root}


def test_what_lies_behind_a_table_is_none_of_its_entries(process):
    va = process.sbrk(PAGE_SIZE)
    load(process, va)
    entries = process.tables(va)
    pages = {address & -PAGE_SIZE for address in entries}
    assert len(pages) == 3
    for page in pages:
        if page + PAGE_SIZE not in pages:
            process._ram.write_u64(page + PAGE_SIZE, 1)
    assert process.tables(va) == entries


def test_naming_the_free_frames_takes_none(process):
    assert list(process.free_frames) == list(process.free_frames)


def test_the_machine_has_4_mib(process):
    kmem, frames = process._kernel.kmem, []
    while frame := kmem.kalloc():
        frames.append(frame)
    assert max(frames) == 0x8000_0000 + (4 << 20) - PAGE_SIZE


def test_sbrk_below_nothing_is_refused(process):
    size = process.sbrk(0)
    assert process.sbrk(-size - PAGE_SIZE) == -1
    assert process.sbrk(0) == size


def test_an_access_past_the_size_kills(process):
    assert load(process, process.sbrk(0)).outcome.decision is Decision.REFUSED
    with pytest.raises(Killed):
        process.sbrk(0)
    with pytest.raises(Killed):
        _ = process.space


def test_its_file_is_one_that_any_reader_of_elf_files_takes():
    code = b"\x73\0\0\0\x13\0\0\0"
    elf = ELFFile(BytesIO(Program(2, 3).elf(code)))
    header = dict(elf.header)
    ident = dict(header.pop("e_ident"))
    assert (ident["EI_CLASS"], ident["EI_DATA"]) == ("ELFCLASS64", "ELFDATA2LSB")
    assert ident["EI_VERSION"] == "EV_CURRENT"
    assert header == {
        "e_type": "ET_EXEC",
        "e_machine": "EM_RISCV",
        "e_version": "EV_CURRENT",
        "e_entry": 0,
        "e_phoff": 64,
        "e_shoff": 0,
        "e_flags": 1,  # compressed instructions
        "e_ehsize": 64,
        "e_phentsize": 56,
        "e_phnum": 2,
        "e_shentsize": 64,
        "e_shnum": 0,
        "e_shstrndx": 0,
    }
    text, data = elf.iter_segments("PT_LOAD")
    assert text.data() == code
    places = [(each["p_vaddr"], each["p_paddr"], each["p_memsz"]) for each in (text, data)]
    assert places == [(0, 0, 2 * PAGE_SIZE), (2 * PAGE_SIZE, 2 * PAGE_SIZE, 3 * PAGE_SIZE)]
    assert (text["p_flags"], data["p_flags"]) == (0b101, 0b110)
    assert (data["p_filesz"], data["p_align"], text["p_align"]) == (0, PAGE_SIZE, PAGE_SIZE)


def test_without_data_it_has_one_segment():
    (text,) = ELFFile(BytesIO(Program(1, 0).elf())).iter_segments()
    assert text.data() == b"\x73\0\0\0"


def test_by_default_a_program_has_a_page_of_each():
    assert Process(Program()).sbrk(0) == Process(Program(1, 1)).sbrk(0)


def test_a_program_has_as_many_pages_as_it_says():
    sizes = [Process(Program(text, data)).sbrk(0) for text, data in [(1, 1), (2, 1), (1, 3)]]
    assert [size - sizes[0] for size in sizes] == [0, PAGE_SIZE, 2 * PAGE_SIZE]
