"""What traps, returns and CSR instructions cost, in docs/hart.md: `make docs` measures it."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

from sim import start_bare
from tests.page_rows import put_rows

__all__ = ["PAGE", "measured", "renew"]

PAGE = Path(__file__).resolve().parents[1] / "docs" / "hart.md"
_HEAD = "| instruction | then comes | cycles more |\n|---|---|---:|\n"

#: What is measured: instructions, and what comes behind them, which says by its name in `_AFTER` or
#: by its operands whether it waits.
_CASES = (
    ("addi a0, a0, 1", "addi"),
    ("csrr a0, mscratch", "addi"),
    ("csrr a0, mscratch", "add a1, a0, a0"),
    ("csrw mscratch, a0", "addi"),
    ("csrw mepc, a0", "csrr"),
    ("csrw mstatus, s0", "addi"),
    ("csrw mie, zero", "addi"),
    ("csrw satp, zero", "addi"),
    ("sfence.vma", "addi"),
    ("sfence.vma zero, a0", "addi"),
    ("sfence.vma s1", "addi"),
    ("sfence.vma s1", "ld"),
    ("sfence.vma s2", "addi"),
    ("fence.i", "addi"),
    ("ecall", "handler"),
    ("ebreak", "handler"),
    ("unimp", "handler"),
    ("ld a1, 0(zero)", "handler"),
    ("mret", "there"),
    ("csrw mepc, s4; mret", "there"),
)
_NEXT = {
    "addi": "addi a2, a2, 1",
    "add a1, a0, a0": "add a1, a0, a0",
    "csrr": "csrr a1, mscratch",
    "ld": "ld a1, 0(s3)",
}
_MEANING = {
    "sfence.vma s1": "`sfence.vma` of an address in another gigapage",
    "sfence.vma s2": "`sfence.vma` of one in the same gigapage",
    "unimp": "an illegal instruction",
    "ld a1, 0(zero)": "a load that faults",
    "csrw mstatus, s0": "`csrw mstatus, a0`",
    "csrw mepc, s4; mret": "`csrw mepc, a0`, and `mret` directly behind it",
}
_AFTER = {
    "addi": "an `addi`",
    "ld": "a load",
    "csrr": "`csrr a1, mscratch`",
    "there": "where it leads",
}


def measured() -> Iterator[tuple[str, str, int]]:
    """Each case, and how many cycles later than one its successor retires."""
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "costs.S"
        source.write_text(_program())
        retired: list[tuple[int, int]] = []
        with start_bare(source, traced=True) as session:
            session.machine.engine.observe(
                lambda cycle, fields: retired.append((cycle, fields["pc_rdata"]))
            )
            session.run()
            symbols = session.image.symbols
    cycles = dict((pc, cycle) for cycle, pc in retired)
    handled = [cycle for cycle, pc in retired if pc == symbols["handler"]]
    for number, (instruction, then) in enumerate(_CASES):
        first, length = cycles[symbols[f"at{number}"]], 1 + instruction.count("; ")
        then_cycle = (
            next(cycle for cycle in handled if cycle > first)
            if then == "handler"
            else cycles[symbols[f"to{number}"]]
        )
        yield instruction, then, then_cycle - first - length


def _program() -> str:
    lines = [".globl _start, tohost, handler"]
    lines += [f".globl at{n}, to{n}" for n in range(len(_CASES))]
    lines += ["_start: la t0, handler", "csrw mtvec, t0", "csrr s0, mstatus", "li t0, 3 << 11"]
    lines += ["or s0, s0, t0", "li s1, 0", "la s2, _start", "la s3, data"]
    for number, (instruction, then) in enumerate(_CASES):
        lines += ["csrw mstatus, s0", f"la s4, to{number}", "csrw mepc, s4", "fence", "j 1f"]
        lines += [".balign 32", "1: nop", "nop", "nop", "nop"]
        first, *others = instruction.split("; ")
        lines += [f"at{number}: {first}", *others]
        if then == "there":
            lines += ["nop", "nop", ".balign 16"]
        lines += [f"to{number}: {_NEXT.get(then, 'nop')}", "nop", "nop"]
    lines += ["li t0, 1", "sd t0, tohost, t1", "1: j 1b"]
    lines += [".balign 16", "handler: nop", "csrr t0, mepc", "addi t0, t0, 4", "csrw mepc, t0"]
    lines += ["mret", '.section .tohost, "aw"', "tohost: .dword 0", "data: .dword 0"]
    return "\n".join([".option norvc", *lines, ""])


def renew(text: str) -> str:
    """The text of the page with the table of now in the place of the one that stands there."""
    rows = (
        f"| {_MEANING.get(instruction, f'`{instruction}`')} "
        f"| {_AFTER.get(then, f'`{then}`' if then in _NEXT else 'its handler')} | {cycles} |\n"
        for instruction, then, cycles in measured()
    )
    return put_rows(text, _HEAD, rows, "what traps cost")
