"""What signals tell in a waveform: what the hart does in a cycle, and its registers."""

import pytest

from hdl.arch import Cause
from kernel_model.facts.doorbell import Register
from kernel_model.facts.memlayout import DOORBELL
from sim.output.narration import BareNarrator, KernelNarrator, _Rows
from tests.sim.output.narrated import KERNEL_SATP, LAZY, SV39, now, place_of, rows_of, service

RING = {"request": 1, "ready": 1, "write": 1, "address": DOORBELL + Register.RING}


def bare(**fields):
    """The rows that signals tell, in a cycle of a run without a kernel."""
    return rows_of(BareNarrator([], place_of), 0, **fields)


def under_a_kernel(**fields):
    """The same while `lazy` runs, whom the kernel has let run."""
    return rows_of(KernelNarrator([], [service()], KERNEL_SATP, place_of), 200, **fields)


@pytest.mark.parametrize(
    "fields, told",
    [
        ({"pc": 0x44, "insn": 0x0005_3503}, "main+0x44: ld a0, 0(a0)"),
        ({"pc": 0x44, "insn": 0x4501}, "main+0x44: c.li a0, 0"),
        ({"pc": 0x2044, "insn": 0x4501}, "0x2044: c.li a0, 0"),
        ({"pc": 0x44, "trap": 1, "cause": Cause.LOAD_PAGE}, "main+0x44: load page fault"),
    ],
)
def test_an_instruction_is_told_in_the_cycle_in_which_it_retires(fields, told):
    assert bare(retired=1, **fields)["instruction"] == told
    assert bare(**fields)["instruction"] == ""


def test_of_an_instruction_it_is_told_where_it_stands_for_who_runs():
    told = under_a_kernel(retired=1, pc=0x44, insn=0x4501)
    assert told["instruction"] == "lazy+0x44: c.li a0, 0"


def test_the_same_place_is_told_anew_when_something_else_happens_there():
    rows = _Rows(place_of, None)

    def instruction(running=None, **fields):
        return next(rows.tell(now(retired=1, pc=0x44, **fields), running))

    assert instruction(insn=0x4501) == "main+0x44: c.li a0, 0"
    assert instruction(insn=0x4505) == "main+0x44: c.li a0, 1"
    assert instruction(insn=0x4505, cause=Cause.LOAD_PAGE) == "main+0x44: c.li a0, 1"
    assert instruction(insn=0x4505, trap=1, cause=0xD) == "main+0x44: load page fault"
    assert instruction(insn=0x4505, trap=1, cause=0xF) == "main+0x44: store page fault"
    assert instruction(LAZY, insn=0x4505) == "lazy+0x44: c.li a0, 1"


def test_what_has_been_told_is_not_worked_out_again():
    asked = []
    rows = _Rows(lambda pc, running: asked.append(pc), None)
    ran = now(retired=1, pc=0x44, insn=0x4501, stvec=0x1000, sepc=0x2000, mepc=0x3000)

    first, second = (list(rows.tell(ran, None)) for _ in range(2))

    assert asked == [0x44, 0x1000, 0x2000, 0x3000]
    assert first == second


def test_each_side_of_the_mmu_has_a_row():
    told = bare(fetch_miss=1, fetch_va=0x44, data_fault="PAGE", data_va=0x5008)
    assert told["fetch_tlb"] == "miss 0x44"
    assert told["data_tlb"] == "refused 0x5008: page fault"
    # Fetches hit nearly always: that is not told.
    assert bare(fetch_va=0x44)["fetch_tlb"] == ""


@pytest.mark.parametrize(
    "fields, told",
    [
        ({"asked": 1, "data_hit": 1}, "hit 0x5008"),
        ({"asked": 0, "data_hit": 1}, ""),
        ({"asked": 1, "data_hit": 0}, ""),
        ({"asked": 1, "data_hit": 0, "data_miss": 1}, "miss 0x7000"),
    ],
)
def test_data_hit_where_an_instruction_asks_for_its_address(fields, told):
    assert bare(asked_va=0x5008, data_va=0x7000, **fields)["data_tlb"] == told


def test_the_walker_and_the_bus_have_rows():
    reads = {"request": 1, "ready": 1, "source": "WALK", "level": 2, "address": 0x8000_B000}
    told = bare(walker="READ", walker_level=2, **reads)
    assert told["walker"] == "L2: waits for memory"
    assert told["bus"] == "L2 PTE 0x8000b000"


def test_only_a_kernel_has_a_doorbell():
    assert under_a_kernel(**RING)["bus"] == "ring the doorbell"
    assert bare(**RING)["bus"] == f"store {DOORBELL + Register.RING:#x}"


def test_privilege_and_the_last_trap_have_rows():
    told = bare(priv="S", scause=Cause.LOAD_PAGE, stval=0x5008)
    assert told["privilege"] == "supervisor"
    assert (told["scause"], told["stval"]) == ("load page fault", "0x5008")


@pytest.mark.parametrize(
    "satp, told",
    [
        (0, "none"),
        (KERNEL_SATP, "the kernel's"),
        (LAZY.satp, "pid 2 lazy"),
        (SV39 | 0x80002, "root 0x80002000"),
    ],
)
def test_the_page_table_is_somebodys(satp, told):
    assert under_a_kernel(satp=satp)["page_table"] == told


def test_without_a_kernel_it_is_nobodys():
    assert bare(satp=LAZY.satp)["page_table"] == "root 0x8000b000"


def test_registers_are_told_by_their_fields():
    told = bare(
        satp=LAZY.satp,
        spp=1,
        sum_=1,
        stvec=0x101,
        sepc=0x44,
        mcause=Cause.STORE_PAGE,
        mtval=0x5008,
        mepc=0x48,
    )
    assert [told[name] for name in list(told)[-7:]] == [
        "Sv39, ASID 0, root 0x8000b000",
        "SPP S, SPIE 0, SIE 0, SUM 1, MXR 0",
        "0x100 main+0x100, vectored",
        "0x44 main+0x44",
        "store page fault",
        "0x48 main+0x48",
        "0x5008",
    ]
    told = bare(sepc=0x2044, mepc=0x2048)
    assert (told["sepc"], told["mepc"]) == ("0x2044", "0x2048")
    told = under_a_kernel(stvec=0x100, sepc=0x44, mepc=0x48)
    assert told["stvec"] == "0x100 lazy+0x100, direct"
    assert (told["sepc"], told["mepc"]) == ("0x44 lazy+0x44", "0x48 lazy+0x48")


@pytest.mark.parametrize("register", ["satp", "stvec", "sepc", "sie", "mcause", "mepc"])
def test_a_register_that_alone_has_changed_is_told(register):
    before = now()
    rows = _Rows(lambda pc, running: None, None)

    one, other, again = (
        list(rows.tell(each, None))[-7:]
        for each in (before, before._replace(**{register: 8 << 60 | 0x6000}), before)
    )

    assert one != other
    assert one == again
