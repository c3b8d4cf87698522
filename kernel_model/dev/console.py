"""The console: the kernel's side of the terminal.

As xv6's `console.c`: input is edited by the line, and a line can be read when it is whole. Keys:
backspace and delete take back a character, Ctrl-U the line; Ctrl-D ends the input for one read;
Ctrl-P prints the processes.

Nothing is taken from the host before a process reads the console for the first time, so that a
program that does not read leaves the terminal alone.
"""

from kernel_model.dev.printf import printf
from kernel_model.dev.state import Cons, ConsoleState
from kernel_model.facts.abi import Abi
from kernel_model.facts.costs import Step
from kernel_model.facts.param import INPUT_BUF_SIZE
from kernel_model.mm.usercopy import copyin_part, copyout_part
from kernel_model.proc.sleep import sleep, wakeup
from kernel_model.proc.state import Proc

__all__ = [
    "INPUT",
    "consoleintr",
    "consoleread",
    "consolewait",
    "consolewrite",
    "procdump",
    "uartintr",
]

#: What a reader waits for.
INPUT = "console input"

_CTRL_D = 0x04
_CTRL_P = 0x10
_CTRL_U = 0x15
_ERASE = (0x08, 0x7F)
#: Bytes written at once, a multiple of those that the release of 2025 takes at once.
_CHUNK = 4096
_CHUNK_2025 = 32


def consolewrite(kernel: ConsoleState, proc: Proc, src: int, n: int) -> int:
    """Print `n` bytes at `src` of `proc`; how many could be, 0 if the first one cannot be read.

    The release of 2025 reads 32 bytes at a time, and prints nothing of those that it cannot read in
    full (kernel/console.c); those before it read a byte at a time.
    """
    unit = _CHUNK_2025 if proc.abi is Abi.RELEASE_2025 else 1
    done = 0
    while done < n:
        wanted = min(n - done, _CHUNK)
        data = copyin_part(kernel, proc, src + done, wanted)
        if len(data) < wanted:
            data = data[: len(data) // unit * unit]
        _consputs(kernel, data)
        done += len(data)
        if len(data) < wanted:
            break
    return done


def consoleread(kernel: ConsoleState, proc: Proc, dst: int, n: int) -> int:
    """Read up to `n` bytes, but at most a line, to `dst` of `proc`; waits for it.

    0 at Ctrl-D and at the end of input. The first byte that cannot be stored is lost, and ends it;
    -1 if the process has been killed.
    """
    if not kernel.cons.used:
        kernel.cons.used = True
        uartintr(kernel)
    while proc.done < n:
        if not _input(kernel, proc):
            return -1 if proc.killed else proc.done
        data, ends = _take(kernel.cons, n - proc.done, first=proc.done == 0)
        stored = copyout_part(kernel, proc, dst + proc.done, data)
        proc.done += stored
        if stored < len(data):
            kernel.cons.r -= len(data) - stored - 1  # those behind the one that is lost
            break
        if ends:
            break
    return proc.done


def consoleintr(kernel: ConsoleState, c: int) -> None:
    """The character `c` was typed."""
    cons = kernel.cons
    if c == _CTRL_P:
        procdump(kernel)
    elif c == _CTRL_U:
        while cons.e != cons.w:
            _erase(kernel)
    elif c in _ERASE:
        if cons.e != cons.w:
            _erase(kernel)
    elif c != 0 and cons.room:
        _store(kernel, ord("\n") if c == ord("\r") else c)


def uartintr(kernel: ConsoleState) -> None:
    """Take what has come from the host. Called every time that the hart rings."""
    if kernel.cons.used and kernel.console.interrupts:
        _receive(kernel)


def consolewait(kernel: ConsoleState) -> None:
    """No process can run, and one of them waits for input: make the host wait for it."""
    kernel.console.wait(kernel.clock.now)
    _receive(kernel)


def procdump(kernel: ConsoleState) -> None:
    """Print the processes, for whoever debugs: pid, state and name."""
    printf(kernel, "\n")
    for proc in kernel.procs:
        printf(kernel, f"{proc.pid} {proc.state.value} {proc.name}\n")


def _input(kernel: ConsoleState, proc: Proc) -> bool:
    """See that there is something to read, or wait for it; False if none comes."""
    cons = kernel.cons
    while cons.r == cons.w:
        if proc.killed:
            return False
        if not kernel.console.interrupts and _poll(kernel):
            continue
        if not kernel.console.ended(kernel.clock.now):
            sleep(kernel, proc, INPUT)
        if cons.w == cons.e:
            return False
        cons.w = cons.e  # a last line without a newline
    return True


def _take(cons: Cons, n: int, first: bool) -> tuple[bytes, bool]:
    """Up to `n` bytes from the buffer, and whether they end the read.

    A Ctrl-D that is not the `first` stays there: the next read is to find nothing.
    """
    data = bytearray()
    while cons.r != cons.w and len(data) < n:
        c = cons.buf[cons.r % INPUT_BUF_SIZE]
        if c == _CTRL_D:
            if first and not data:
                cons.r += 1
            return bytes(data), True
        cons.r += 1
        data.append(c)
        if c == ord("\n"):
            return bytes(data), True
    return bytes(data), False


def _poll(kernel: ConsoleState) -> bool:
    """Take from the host what has come and fits; whether anything has."""
    room = kernel.cons.room
    data = kernel.console.poll(kernel.clock.now, room) if room else b""
    for c in data:
        consoleintr(kernel, c)
    return bool(data)


def _receive(kernel: ConsoleState) -> None:
    """As `_poll`; at the end of input the readers have to know."""
    _poll(kernel)
    if kernel.console.ended(kernel.clock.now):
        wakeup(kernel, INPUT)


def _store(kernel: ConsoleState, c: int) -> None:
    cons = kernel.cons
    _echo(kernel, bytes([c]))
    cons.buf[cons.e % INPUT_BUF_SIZE] = c
    cons.e += 1
    if c in (ord("\n"), _CTRL_D) or not cons.room:
        cons.w = cons.e
        wakeup(kernel, INPUT)


def _erase(kernel: ConsoleState) -> None:
    kernel.cons.e -= 1
    _echo(kernel, b"\b \b")


def _echo(kernel: ConsoleState, data: bytes) -> None:
    if kernel.console.echo:
        kernel.charge(Step.CONSOLE_CHAR, len(data))
        kernel.console.write_echo(data)


def _consputs(kernel: ConsoleState, data: bytes) -> None:
    kernel.charge(Step.CONSOLE_CHAR, len(data))
    kernel.console.write(data)
