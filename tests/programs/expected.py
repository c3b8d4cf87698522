"""What each C program must do, known from its source alone; on every engine it is the same."""

from dataclasses import dataclass
from pathlib import Path

from hdl.arch import Cause
from sim.host.programs import build_program, build_user, program_names

__all__ = ["KILLED", "PROGRAMS", "Expected"]

#: Exit status of a killed process, -1 as the shell sees it.
KILLED = 255


@dataclass(frozen=True)
class Expected:
    """One run of a program.

    `output` is a regular expression for all that the console shows. `heap_pages` is the number of
    times that a heap page gets a frame. `killed_by` is the cause of the trap that ends it. A `long`
    run is too much for Amaranth's own simulator.
    """

    program: str
    output: str
    args: tuple[str, ...] = ()
    stdin: bytes = b""
    exit_status: int = 0
    heap_pages: int = 0
    killed_by: Cause | None = None
    long: bool = False

    def build(self) -> Path:
        """The program's ELF: a bundled one, or one of this folder's."""
        if self.program in program_names():
            return build_program(self.program)
        return build_user(Path(__file__).parent / f"{self.program}.c")

    def __str__(self):
        return "-".join([self.program, *self.args]).replace(" ", "_")


def killed(access, cause, announced, *, stval=r"0x\1", heap_pages=0):
    """A run of `badaccess`, killed after the line `announced`, whose group 1 is the address.

    `stval` is what the kernel reports, by default that address.
    """
    report = rf"usertrap\(\): unexpected scause {cause:#x} pid=2\n {{12}}sepc=0x[0-9a-f]+"
    return Expected(
        "badaccess",
        rf"badaccess: {announced}\n{report} stval={stval}\n",
        args=(access,),
        exit_status=KILLED,
        heap_pages=heap_pages,
        killed_by=cause,
    )


LOAD_AT = r"load at 0x([0-9a-f]+)"
STORE_AT = r"store at 0x([0-9a-f]+)"
JUMP_AT = r"jump at 0x([0-9a-f]+)"

PROGRAMS = [
    Expected("hello", r"hello from user mode, pid 2\n"),
    Expected(
        "lazy",
        r"lazy: 64 pages promised at 0x4000\n"
        r"lazy: one in 16 read\n"
        r"lazy: one in 16 written\n"
        r"lazy: 32 pages given back and grown again\n"
        r"lazy: every value as expected\n",
        # 4 read and 4 written, then 2 of each again.
        heap_pages=12,
    ),
    Expected(
        "args",
        r"0: args\n1: one\n2: two words\n3: \n4: \u00e9\n",
        args=("one", "two words", "", "\u00e9"),
        exit_status=5,
    ),
    # Two pages for each of the reads, the one at the end of the input excepted.
    Expected(
        "reader",
        r"first\nsecond, without end25 bytes\n",
        stdin=b"first\nsecond, without end",
        heap_pages=4,
    ),
    Expected("lazywrite", rf"\0{{{4096 + 4}}}", heap_pages=3),
    Expected("sbrkedge", r"OK\n", heap_pages=5),
    Expected("sbrkmax", r"size 0x3fffffe000\n", heap_pages=1, long=True),
    Expected("badaccess", r"usage: badaccess past\|.*\n", exit_status=2),
    killed("past", Cause.STORE_PAGE, STORE_AT),
    killed("end", Cause.LOAD_PAGE, LOAD_AT),
    killed("null", Cause.STORE_PAGE, STORE_AT),
    killed("text", Cause.STORE_PAGE, STORE_AT),
    killed("guard", Cause.STORE_PAGE, STORE_AT),
    killed("guard-sp0", Cause.STORE_PAGE, STORE_AT),
    killed("given-back", Cause.LOAD_PAGE, LOAD_AT, heap_pages=1),
    killed("heap-exec", Cause.FETCH_PAGE, JUMP_AT, heap_pages=1),
    killed("trapframe", Cause.LOAD_PAGE, LOAD_AT),
    killed("trampoline", Cause.FETCH_PAGE, JUMP_AT),
    killed("noncanonical", Cause.LOAD_PAGE, LOAD_AT),
    killed("gone", Cause.FETCH_PAGE, "sbrk to nothing at 0x4000", stval="0x[0-9a-f]+"),
    killed("illegal", Cause.ILLEGAL, "illegal instruction", stval="0x0"),
]
