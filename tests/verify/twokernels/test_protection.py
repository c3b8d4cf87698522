"""The page that the kernel in C keeps to M-mode is out of reach of all else, of itself, too.

It is in no page table. Nobody has a reason to touch it: an access is planted into a function of the
kernel, or into the page table of a program.
"""

import struct

import pytest

from hdl.arch import PAGE_SIZE, Cause, Priv
from kernel_model.facts.memlayout import KERNBASE
from sim import End, start_boot
from sim.output.translation import walk

#: What nobody but M-mode may touch: `protect` in start.c.
MACHINE = KERNBASE
#: li a0, 1; slli a0, a0, 31
_ADDRESS = (0x0010_0513, 0x01F5_1513)
_RET = 0x0000_8067
LOAD, STORE, JUMP = 0x0005_3503, 0x00A5_3023, 0x0005_0067  # ld a0, 0(a0); sd a0, 0(a0); jr a0


def plant(session, function, access):
    """Makes that access what the function does."""
    code = struct.pack("<4I", *_ADDRESS, access, _RET)
    session.machine.ram.write(session.image.symbols[function], code)


@pytest.mark.parametrize(
    "access, cause",
    [(LOAD, Cause.LOAD_ACCESS), (STORE, Cause.STORE_ACCESS), (JUMP, Cause.FETCH_ACCESS)],
)
def test_before_there_are_page_tables_protection_refuses_it(access, cause):
    with start_boot() as session:
        plant(session, "consoleinit", access)
        session.run(5_000)
        trap = session.machine.engine.log.traps[0]

    assert (trap.cause, trap.mode, trap.tval) == (cause, Priv.S, MACHINE)


def test_then_it_is_not_mapped():
    """So that it is out of reach without protection as well."""
    with start_boot(memory_mib=2, pmp_entries=0) as session:
        plant(session, "sys_fork", LOAD)
        assert session.run(2_000_000) is End.FINISHED

    assert b"scause=0xd " in session.output
    assert session.output.endswith(b"stval=0x80000000\npanic: kerneltrap\n")
    assert session.exit_code == 134


def test_a_program_that_has_it_in_its_page_table_is_refused():
    with start_boot(until="starting", traced=True) as session:
        session.run(2_000_000)
        session.guest.until.found = False
        engine, ram = session.machine.engine, session.machine.ram
        while (state := engine.inspect(["priv", "satp"]))["priv"] != Priv.U:
            session.step()
        pc = engine.inspect(["sepc"])["sepc"]
        leaf = walk(ram.read_u64, state["satp"] % (1 << 44) * PAGE_SIZE, pc).steps[-1]
        ram.write_u64(leaf.address, MACHINE >> 12 << 10 | leaf.pte % (1 << 10))
        session.step(20_000)
        trap = next(trap for trap in engine.log.traps if trap.cause == Cause.FETCH_ACCESS)

    assert (trap.mode, trap.pc, trap.tval) == (Priv.U, pc, pc)
    assert b"usertrap(): unexpected scause 0x1 pid=1\n" in session.output
