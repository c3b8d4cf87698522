"""The programs that both harts run. None reads the CSR `time`: on Spike it stands still."""

from dataclasses import dataclass

from kernel_model.mm.policy import LAZY

__all__ = ["CASES", "MORE_CASES", "Case"]

_ACCESSES = """past end null text guard guard-sp0 given-back gone heap-exec illegal trapframe
    trampoline noncanonical""".split()


@dataclass(frozen=True)
class Case:
    """A program with arguments and console input, a bundled one or one of `tests/programs`.

    `turn` is the length of a process's turn, in traps; 0 = until it waits. `svadu` lets the hart
    update A and D bits. `pages` is the size of the kernel's memory, `policy` its paging policy.
    """

    name: str
    program: str
    arguments: tuple[str, ...] = ()
    input: bytes = b""
    turn: int = 0
    svadu: bool = False
    pages: int = 1024
    policy: str = LAZY


def _case(line: str, **options) -> Case:
    """A case from its command line, by which it is called; a part in '...' is one argument."""
    before, _, quoted = line.partition("'")
    words = [*before.split(), *([quoted.removesuffix("'")] if quoted else [])]
    extra = "".join(f" {name}={value}" for name, value in options.items() if name != "input")
    return Case(line + extra, words[0], tuple(words[1:]), **options)


_TEXT = b"one line\nand another one\nno more"
#: The share of the continuous integration.
CASES = [
    *(_case(line, svadu=svadu) for svadu in (False, True) for line in ("hello", "lazy")),
    _case("args a bc  def"),
    *(_case(f"badaccess {name}") for name in _ACCESSES),
    _case("badaccess text", svadu=True),
    _case("grep an", input=_TEXT),
    _case("sh -c 'echo hi | cat'"),
    _case("sh -c 'echo hi | cat'", turn=3, svadu=True),
    _case("sh -c 'ls | grep s | wc; echo end > f; cat f'", turn=2),
    _case("lazytests -n unmap addresses readwrite pipestraddle results"),
    _case("lazytests -n readonly guard noexec past sizebyte forkhole", svadu=True, turn=5),
    _case("usertests -n waitmany sleep"),
    _case("usertests -n illegal execcode copyin twochildren", turn=4),
]
_LAZYTESTS = """overshrink shrinkall limit forklimit strings spinheap oom oomcopy oomtable oomfork
    oomexec""".split()
_USERTESTS = """
    sbrksteps sbrkboth sbrkown sbrkmisuse sbrkagain sbrkarg sbrklast malloc kernmem maxva
    textdata bss separate copyin copyout copyinstr longpath copyintext badfd badcall
    exitstatus nochildren waitmany pids exitwait twochildren forkfork forkchain reparent2
    inherit killself killsoon killnobody killdead pipe pipeends pipebreak pingpong pipeload
    piperow pipefds exec execbad execelf execargs open opendir write truncate offsets fds
    unlinked unlinkexit fstat mknod
""".split()
#: More of them, for `python -m tests.verify.samekernel`.
MORE_CASES = [
    *CASES,
    _case("lazytests -n sparse", pages=1 << 14),
    *(_case("superpages", pages=1 << 12, turn=turn) for turn in (0, 3)),
    *(_case(f"lazytests -n {name}", turn=turn) for name in _LAZYTESTS for turn in (0, 3)),
    *(
        _case(f"usertests -n {name}", turn=turn, svadu=turn == 7)
        for name in _USERTESTS
        for turn in (0, 1, 7)
    ),
]
