"""Each view line by line, on a hart that is made of values."""

from types import SimpleNamespace

import pytest

from hdl.arch import Cause, Interrupt, Priv, make_satp
from hdl.mmu.tlb import TlbEntry
from hdl.mmu.walk_cache import Pointer
from hdl.pipeline.probe import Stall
from kernel_model.proc.state import ProcState
from sim.debug import views
from sim.debug.debugger import DebugError
from sim.host.debug_info import SourceLine
from tests.sim.debug.standing import FRAME, MAPPED, ROOT, paged, session_of


class Info:
    """What is known of a program: it begins at MAPPED, with a line for each four bytes."""

    texts = tuple(f"line {number}" for number in range(1, 21))

    def function(self, pc):
        return f"main+{pc - MAPPED:#x}" if pc >= MAPPED else None

    def line(self, pc):
        number = (pc - MAPPED) // 4 + 1
        return SourceLine("main.c", number, f"line {number}") if number > 0 else None

    def source(self, pc):
        return list(self.texts)

    def instruction(self, pc):
        return "told by the file"


SYMBOLS = SimpleNamespace(info={"lazy": Info()}.get)
NOP, C_NOP = bytes.fromhex("13000000"), bytes.fromhex("0100")


def process(pid=2, **fields):
    usual = {"name": "lazy", "pagetable": ROOT, "sz": 0x7000, "chan": None}
    usual |= {"state": ProcState.RUNNING, "space": SimpleNamespace(resident=2)}
    return SimpleNamespace(**{"pid": pid} | usual | fields)


def standing_at(pc, priv=Priv.U, proc=None, **values):
    """A run whose next instruction is at `pc`; at MAPPED there are a nop, a c.nop and a nop."""
    run = paged(priv, proc, **{"trap.valid": 1, "trap.pc": pc}, **values)
    run.machine.ram.write(FRAME + 0x1000, NOP + C_NOP + NOP)
    return run


def test_a_program_in_user_mode_is_where_its_instruction_is():
    run = standing_at(MAPPED + 4, proc=process(name="lazy"))
    run.cycle = 12_345
    assert list(views.where(run, SYMBOLS)) == [
        "cycle 12,345: pid 2 (lazy)",
        "  0x5004  main+0x4  c.nop",
        "  main.c:2  line 2",
    ]


def test_in_s_mode_also_its_instruction_that_has_led_there():
    run = standing_at(MAPPED, Priv.S, process(), sepc=MAPPED + 4)
    assert list(views.where(run, SYMBOLS)) == [
        "cycle 0: pid 2 (lazy), in S-mode",
        "  0x5000  nop",  # the kernel's, which has no names
        "from 0x5004  main+0x4  c.nop",
        "  main.c:2  line 2",
    ]


def test_before_a_process_there_is_nobody_and_no_source():
    run = standing_at(FRAME + 0x1000, Priv.M, None)
    assert list(views.where(run, SYMBOLS)) == [
        "cycle 0: no process, in M-mode",
        f"  {FRAME + 0x1000:#x}  nop",
    ]
    assert list(views.where(standing_at(MAPPED, Priv.S, None, sepc=8), SYMBOLS)) == [
        "cycle 0: no process, in S-mode",
        "  0x5000  nop",
    ]
    with pytest.raises(DebugError, match="nothing tells which line"):
        list(views.source(run, SYMBOLS))


def test_an_instruction_that_is_not_mapped_is_told_by_the_file_or_by_its_address():
    run = standing_at(0x9000, proc=process())
    assert "  0x9000  main+0x4000  told by the file" in views.where(run, SYMBOLS)
    other = standing_at(0x9000, proc=process(name="cat"))
    assert list(views.where(other, SYMBOLS))[1:] == ["  0x9000"]
    # The last two bytes of a page are an instruction, one byte is none.
    end = standing_at(MAPPED + 0x1FFE, proc=process(name="cat"))
    assert list(views.where(end, SYMBOLS))[1:] == ["  0x6ffe  c.slli tp, 0"]
    none = standing_at(MAPPED + 0x1FFF, proc=process(name="cat"))
    assert list(views.where(none, SYMBOLS))[1:] == ["  0x6fff"]


def test_a_line_without_its_text_is_told_by_its_number():
    class NoText(Info):
        def line(self, pc):
            return SourceLine("main.c", 7, "")

    run = standing_at(MAPPED, proc=process())
    symbols = SimpleNamespace(info=lambda name: NoText())
    assert list(views.where(run, symbols))[-1] == "  main.c:7"


def test_registers_stand_in_three_columns_with_their_names():
    run = session_of({"trap.valid": 1, "trap.pc": 0x40}, registers=range(0x100, 0x120))
    lines = list(views.registers(run))
    assert len(lines) == 11
    assert lines[0] == ("pc  0x0000000000000040  a1  0x000000000000010b  s6  0x0000000000000116")
    assert lines[-1] == "a0  0x000000000000010a  s5  0x0000000000000115"
    words = " ".join(lines).split()
    shown = dict(zip(words[::2], words[1::2], strict=True))
    numbers = {"ra": 1, "sp": 2, "tp": 4, "t0": 5, "s0": 8, "s1": 9, "a0": 10, "a7": 17, "s2": 18}
    for name, number in {**numbers, "s11": 27, "t3": 28, "t6": 31}.items():
        assert int(shown[name], 16) == 0x100 + number, name


def test_csrs_of_memory_protection_are_shown_by_entry():
    pmp = 0b0_11_101  # not locked, NAPOT, X and R
    run = session_of({"pmp": pmp | 0x2000_0000 << 6}, pmp_entries=2)
    lines = [line for line in views.csrs(run) if line.startswith("pmp")]
    assert lines == [
        "pmpcfg0     0x000000000000001d  0 NAPOT R-X",
        "pmpaddr0    0x0000000020000000  0x80000000 to 0x80000008",
    ]
    assert list(views.csrs(run, "pmpaddr1")) == ["pmpaddr1    0x0000000000000000"]


def test_csrs_that_hold_something_are_shown_by_field():
    run = session_of({"satp": make_satp(ROOT, 9), "scause": Cause.LOAD_PAGE, "sscratch": 5})
    shown = {line.split()[0]: line for line in views.csrs(run)}
    assert "stval" not in shown
    assert "medeleg" not in shown
    assert shown["satp"] == "satp        0x8000900000080000  MODE 8, ASID 9, PPN 0x80000"
    assert shown["scause"] == "scause      0x000000000000000d  load page"
    assert shown["sscratch"] == "sscratch    0x0000000000000005"
    assert list(views.csrs(run, "stval")) == ["stval       0x0000000000000000"]


def test_a_number_of_two_digits_is_shown_in_hexadecimal():
    run = session_of({"satp": make_satp(ROOT, 10)})
    assert "ASID 0xa," in next(iter(views.csrs(run, "satp")))


@pytest.mark.parametrize(
    "name, value, told",
    [
        ("scause", int(Cause.ECALL_U), "ecall u"),
        ("mcause", int(Cause.STORE_ACCESS), "store access"),
        ("scause", 1 << 63 | Interrupt.STI, "interrupt STI"),
        ("mcause", 63, ""),
        ("scause", 1 << 63 | 62, ""),
        ("stval", 13, ""),
    ],
)
def test_a_cause_is_told_in_words(name, value, told):
    (line,) = views.csrs(session_of({name: value}), name)
    assert line == f"{name:<11} {value:#018x}  {told}".rstrip()


def test_stages_have_their_instruction_and_why_it_stays():
    stages = {
        "execute.valid": 1,
        "execute.pc": MAPPED,
        "execute.stall": Stall.MEMORY.value,
        "decode.valid": 1,
        "decode.pc": MAPPED + 4,
        "decode.stall": Stall.NEXT.value,
        "decode.squash": 1,
        "align.squash": 1,
    }
    run = standing_at(MAPPED + 6, proc=process(), **stages)
    assert list(views.stages(run, SYMBOLS)) == [
        "fetch   ",
        "align   ",
        "decode   0x5004  main+0x4  c.nop  (the next stage is occupied, is dropped)",
        "execute  0x5000  main+0x0  nop  (waits for memory)",
        "trap     0x5006  main+0x6  nop",
    ]


@pytest.mark.parametrize(
    "stall, why",
    [
        (Stall.NONE, ""),
        (Stall.NEXT, "the next stage is occupied"),
        (Stall.FETCH, "its second half is fetched"),
        (Stall.OPERAND, "waits for an operand"),
        (Stall.UNIT, "the multiplier or divider works"),
        (Stall.TRANSLATION, "its address is translated"),
        (Stall.MEMORY, "waits for memory"),
        (Stall.INTERRUPT, "waits for an interrupt"),
    ],
)
def test_a_stall_is_told_by_what_it_waits_for(stall, why):
    run = standing_at(MAPPED, **{"trap.stall": stall.value})
    *_, trap = views.stages(run, SYMBOLS)
    assert trap == f"trap     0x5000  nop{f'  ({why})' if why else ''}"


def test_tables_of_the_mmu_are_shown_by_their_entries():
    def page(vpn, level):
        page = {"ppn": 0x80200, "level": level, "flags": {"r": 1, "a": 1}}
        return TlbEntry.const({"vpn": vpn, "asid": 3, "page": page}).as_value().value

    pointer = Pointer.const({"vpn": 1, "ppn": 0x80005, "asid": 3}).as_value().value
    run = session_of(
        {
            "dtlb.valid": 0b1011,
            "dtlb.0": page(5, 0),
            "dtlb.1": page(512, 1),
            "dtlb.3": page(0, 2),
            "walk_cache.valid": 1,
            "walk_cache.0": pointer,
        }
    )
    assert list(views.table(run, "itlb")) == ["itlb: empty"]
    assert list(views.table(run, "dtlb")) == [
        "dtlb: pages",
        "   0  va 0x0000000000005000  4 KiB  pa 0x80200000  asid 3  -A----R",
        "   1  va 0x0000000000200000  2 MiB  pa 0x80200000  asid 3  -A----R",
        "   3  va 0x0000000000000000  1 GiB  pa 0x80200000  asid 3  -A----R",
    ]
    assert list(views.table(run, "walk_cache")) == [
        "walk_cache: tables of level 0",
        "   0  va 0x0000000000200000  2 MiB  pa 0x80005000  asid 3  -",
    ]


def test_a_translation_is_that_of_the_page_table_in_use():
    no_process = standing_at(MAPPED, Priv.S)
    *_, level0, load, store, fetch = views.translation(no_process, MAPPED + 8)
    assert level0.endswith("4 KiB page at 0x80004000")
    assert load == "  load   pa 0x80004008"
    assert store == "  store  store page fault, cause 15: W = 0"
    assert fetch == "  fetch  fetch page fault, cause 12: X = 0"
    bare = standing_at(MAPPED, Priv.M)
    assert list(views.translation(bare, MAPPED)) == ["va 0x5000: addresses are not translated here"]


def test_of_a_process_its_own_page_table_is_walked_though_another_is_in_use():
    regions = SimpleNamespace(areas=())
    space = SimpleNamespace(region=lambda va: None, size=0x7000, regions=regions)
    for priv, satp in ((Priv.M, make_satp(ROOT)), (Priv.S, make_satp(ROOT + 0x3000))):
        run = standing_at(MAPPED, priv, process(space=space), satp=satp)
        *_, load, _, _, kernel = views.translation(run, MAPPED)
        assert load == "  load   pa 0x80004000"
        assert kernel == "  kernel nobody's: it is not below the size 0x7000"


@pytest.mark.parametrize("adue, told", [(0, "the kernel has to set A"), (1, "the hart sets A")])
def test_who_sets_the_a_bit_is_told_by_menvcfg(adue, told):
    run = paged(Priv.S, **{"menvcfg.ADUE": adue, "menvcfg.STCE": 1 - adue})
    at = ROOT + 0x2000 + 8 * 5
    run.machine.ram.write_u64(at, run.machine.ram.read_u64(at) & ~0x40)
    assert any(told in line for line in views.translation(run, MAPPED))


def test_the_page_table_is_that_of_a_process_or_the_one_in_use():
    running, other = process(2), process(3, name="sh", pagetable=ROOT + 0x1000, sz=0x1000)
    run = standing_at(MAPPED, proc=running)
    run.kernel.procs.append(other)
    head, root, *rest = views.page_table(run)
    assert (head, root) == ("pid 2 (lazy), size 0x7000", f"page table {ROOT:#018x}")
    assert len(rest) == 4
    assert next(views.page_table(run, 3)) == "pid 3 (sh), size 0x1000"
    assert next(views.page_table(standing_at(MAPPED, Priv.S))) == f"page table {ROOT:#018x}"
    assert list(views.page_table(standing_at(MAPPED, Priv.M))) == [
        "addresses are not translated here"
    ]
    run.kernel.proc = None
    assert next(views.page_table(run)) == f"page table {ROOT:#018x}"


def test_a_process_that_is_gone_or_has_no_memory_has_no_page_table():
    run = standing_at(MAPPED, proc=process(2))
    run.kernel.procs.append(process(3, pagetable=0))
    for pid in (3, 4):
        with pytest.raises(DebugError, match=f"no process {pid} with memory of its own"):
            list(views.page_table(run, pid))


class Procs(list):
    """Processes, the first of which is init."""

    @property
    def init(self):
        return self[0]


def test_processes_are_told_by_what_they_do():
    shell = process(2, name="sh", state=ProcState.SLEEPING, chan=("input", 0))
    running = process(12, sz=0x44000)
    run = session_of(proc=running)
    run.kernel.procs = Procs([process(1, name="init"), shell, running])
    assert list(views.processes(run)) == [
        "    2  sh              waits for input; size 0x7000, 2 pages resident",
        "*  12  lazy            run; size 0x44000, 2 pages resident",
    ]
    run.kernel.procs = Procs([process(1, name="init")])
    assert list(views.processes(run)) == ["no processes"]


def test_memory_is_shown_in_rows_of_16_bytes_with_its_text():
    run = paged(Priv.S)
    run.machine.ram.write(FRAME + 0x1000, bytes((31, 32, 65, 126, 127)))
    first, second = views.memory(run, MAPPED, 17)
    assert first == ("0x5000  1f 20 41 7e 7f 01 01 01 01 01 01 01 01 01 01 01  . A~............")
    assert second == f"0x5010  01{' ' * 45}  ."
    last, end = views.memory(run, MAPPED + 0x1FFF, 2)
    assert last.startswith("0x6fff  02 ")
    assert end == "0x7000  nothing is mapped here"
    assert list(views.memory(run, MAPPED - 8, 8)) == ["0x4ff8  nothing is mapped here"]
    assert len(list(views.memory(run, MAPPED, 16))) == 1


def test_instructions_of_both_lengths_follow_each_other():
    run = standing_at(MAPPED + 4, proc=process())
    assert list(views.disassembly(run, SYMBOLS, MAPPED, 3)) == [
        "   0x5000  main+0x0  nop",
        "=> 0x5004  main+0x4  c.nop",
        "   0x5006  main+0x6  nop",
    ]


def test_they_end_where_nothing_is_mapped():
    run = standing_at(MAPPED, proc=process())
    run.machine.ram.write(FRAME + 0xFFC, C_NOP + b"\x13")
    assert list(views.disassembly(run, SYMBOLS, 0x6FFC, 3)) == [
        "   0x6ffc  main+0x1ffc  c.nop",
        "   0x6ffe  main+0x1ffe  .word 0x00000213",
        "0x7002  nothing is mapped here",
    ]
    assert list(views.disassembly(run, SYMBOLS, 0x6FFF, 1)) == ["0x6fff  nothing is mapped here"]


def test_four_lines_of_the_source_stand_before_and_behind():
    run = standing_at(MAPPED + 9 * 4, proc=process())
    assert list(views.source(run, SYMBOLS)) == [
        *(f"   {number:>4}  line {number}" for number in range(6, 10)),
        "=>   10  line 10",
        *(f"   {number:>4}  line {number}" for number in range(11, 15)),
    ]
    first = list(views.source(standing_at(MAPPED, proc=process()), SYMBOLS))
    assert (len(first), first[0]) == (5, "=>    1  line 1")


@pytest.mark.parametrize(
    "missing, nothing, said",
    [
        ("line", None, "nothing tells which line of a source this is"),
        ("source", [], "at main.c:1, but the source is not there any more"),
    ],
)
def test_without_its_file_there_is_no_source(monkeypatch, missing, nothing, said):
    monkeypatch.setattr(Info, missing, lambda self, pc: nothing)
    with pytest.raises(DebugError, match=said):
        list(views.source(standing_at(MAPPED, proc=process()), SYMBOLS))


class Forgetting(list):
    """Faults of which only the last ones are kept."""

    def __getitem__(self, index):
        if index < 1:
            raise IndexError
        return super().__getitem__(index)


def test_the_last_fault_is_told_or_one_by_its_number(monkeypatch):
    monkeypatch.setattr(views, "tell", lambda found, name, info: [found.told, name, info])
    run = session_of()
    with pytest.raises(DebugError, match="no page fault has been served yet"):
        list(views.fault(run, SYMBOLS))
    served = SimpleNamespace(name="lazy")
    faults = [SimpleNamespace(served=served, told=f"story {number}") for number in (1, 2, 3)]
    run.guest.faults = Forgetting(faults)
    info = SYMBOLS.info("lazy")
    assert list(views.fault(run, SYMBOLS)) == ["story 3", "lazy", info]
    assert next(iter(views.fault(run, SYMBOLS, 2))) == "story 2"
    assert next(iter(views.fault(run, SYMBOLS, 3))) == "story 3"
    with pytest.raises(DebugError, match="3 page faults have been served so far"):
        list(views.fault(run, SYMBOLS, 4))
    with pytest.raises(DebugError, match="fault 1 is not kept any more"):
        list(views.fault(run, SYMBOLS, 1))
