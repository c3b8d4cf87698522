"""Commands that both kernels run: all bundled programs that come to an end."""

from tests.verify.twokernels.run import Case

__all__ = ["CASES", "MORE_CASES"]

_ACCESSES = """past end null text guard guard-sp0 given-back gone heap-exec illegal trapframe
    trampoline noncanonical""".split()


def _case(line: str, ordered: bool = True) -> Case:
    """A command from its line; a part in '...' is one word."""
    before, _, quoted = line.partition("'")
    name, *words = [*before.split(), *([quoted.removesuffix("'")] if quoted else [])]
    return Case((f"/{name}", *words), ordered)


def _shell(line: str) -> Case:
    return Case(("/sh", "-c", line), ordered=False)


#: The share of the continuous integration.
CASES = [
    *(
        _case(line)
        for line in ("hello", "lazy", "args a bc  def", "echo one two", "ls /", "ls none")
    ),
    *(_case(f"badaccess {name}") for name in _ACCESSES),
    *(_case(line) for line in ("cat", "grep an", "wc", "cat /input none", "mkdir d d", "kill 0")),
    *(_case(line) for line in ("rm none", "ln none x", "sleep 1")),
    _shell("echo hi | cat"),
    _shell("mkdir d; cd d; echo x > y; cat y; cd ..; cat d/y; ln d/y z; rm d/y; cat z; ls; rm d"),
    _shell("ls / | grep s | wc; (echo a; (echo b; echo c) | cat) > f; cat f"),
    _case("lazytests -n addresses readwrite pipestraddle"),
    _case("lazytests -n readonly guard noexec sizebyte strings limit", ordered=False),
    _case("usertests -n copyin copyout exec link killfork", ordered=False),
]
_LAZYTESTS = """unmap overshrink shrinkall spinheap forklimit forkhole past results oomcopy
    oomtable oomfork oomexec""".split()
_USERTESTS = """
    sbrksteps sbrkmuch sbrkboth sbrkown sbrkmisuse sbrkagain sbrkarg sbrklast malloc kernmem maxva
    textdata illegal bss separate stack registers copyin copyout copyinstr longpath copyintext badfd
    badcall exitstatus nochildren waitmany pids exitwait twochildren forkfork forkchain reparent2
    inherit killspin killsleep killself killsoon killnobody killdead killclose killfork pipe
    pipeends pipebreak pipeall pingpong
    pipeload piperow pipefds exec execbad execelf execargs execcode open opendir write bigwrite
    truncate offsets fds unlinked unlinkexit fstat mknod fourteen paths filedir missing link rmdir
    rmcwd deepdir bigdir readdir createdelete fourfiles sharedfd samename concreate samedir bigfile
    diskfull inodes openfiles
""".split()
#: More of them, for `python -m tests.verify twokernels`.
MORE_CASES = [
    *CASES,
    _case("superpages"),
    *(_case(f"lazytests -n {name}", ordered=False) for name in _LAZYTESTS),
    *(_case(f"usertests -n {name}", ordered=False) for name in _USERTESTS),
]
