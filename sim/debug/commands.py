"""The commands of the debugger: a line in, lines out."""

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from hdl.priv.table import REGISTERS
from sim.debug import views
from sim.debug.conditions import (
    AccessTo,
    AtCycle,
    AtPc,
    Condition,
    FaultNumber,
    Kind,
    PteChange,
)
from sim.debug.debugger import DebugError, Debugger, Stop
from sim.debug.hart_state import TABLES, HartState
from sim.debug.words import a_count, a_kind, a_place, an_address, one_of
from sim.guests.symbols import Symbols
from sim.host.terminals import visible, visible_line
from sim.output.injections import happened, told

__all__ = ["Commands"]

#: Words that stand for a command though they begin several.
_SHORT = {"s": "step", "c": "continue", "b": "break", "r": "registers", "p": "pages", "i": "input"}
#: The most bytes and instructions that are shown at once.
_MOST = 4096


class _Command(NamedTuple):
    run: Callable[[list[str]], Iterable[str]]
    usage: str
    help: str


class Commands:
    """Carries out lines; each is a command, which may be shortened as long as it is clear.

    Parameters
    ----------
    debugger : Debugger
        What it drives.
    symbols : Symbols
        What is known of the programs that run.
    """

    def __init__(self, debugger: Debugger, symbols: Symbols):
        self.debugger = debugger
        self.finished = False
        self._session = debugger.session
        self._symbols = symbols
        self._shown = 0
        #: Lines that were shown of faults on command.
        self._told_of: set[str] = set()
        self._numbers = 0
        kinds = "|".join(kind.value for kind in Kind)
        rows = (
            (self._step, "step", f"[{kinds}] [N]", "go on by so many, instructions by default"),
            (self._back, "back", f"[{kinds}] [N]", "go back by so many"),
            (self._continue, "continue", "", "go on to a breakpoint, or to the end"),
            (self._reverse, "reverse", "", "go back to a breakpoint, or to the beginning"),
            (self._goto, "goto", "CYCLE | cycle N | fault N | end", "go there, forth or back"),
            (
                self._break,
                "break",
                "SYMBOL | ADDRESS | va VA [BYTES] [read|write] | pte VA [PID] | fault N | cycle N",
                "stop there from now on; a symbol may be PROGRAM:SYMBOL",
            ),
            (self._breakpoints, "breakpoints", "", "list them"),
            (self._delete, "delete", "[NUMBER]", "delete a breakpoint, or all"),
            (self._where, "where", "", "the cycle, the process, the next instruction"),
            (self._list, "list", "", "the source around it"),
            (self._disassemble, "disassemble", "[SYMBOL|ADDRESS] [N]", "N instructions"),
            (self._registers, "registers", "", "x0 to x31 and the pc"),
            (self._csr, "csr", "[NAME]", "CSRs by field: all that are not 0, or one"),
            (self._stages, "stages", "", "the pipeline: who is where, and what keeps it there"),
            (self._tlb, "tlb", f"[{'|'.join(TABLES)}]", "what the TLBs and the walk cache hold"),
            (self._translate, "translate", "VA", "what the walker would do, and what comes of it"),
            (self._pages, "pages", "[PID]", "the page table as a tree"),
            (self._memory, "memory", "SYMBOL|VA [BYTES]", "what is there, by the page table"),
            (self._processes, "processes", "", "all of them"),
            (self._explain, "explain", "[N]", "a page fault, told; by default the last"),
            (self._injected, "injected", "", "the faults on command, and what they led to"),
            (self._input, "input", "TEXT", "type a line to the program"),
            (self._eof, "eof", "", "end the program's input"),
            (self._help, "help", "[COMMAND]", "this"),
            (self._quit, "quit", "", "leave"),
        )
        self._commands = {name: _Command(run, usage, told) for run, name, usage, told in rows}

    @property
    def names(self) -> tuple[str, ...]:
        """All commands."""
        return tuple(self._commands)

    def run(self, line: str) -> Iterator[str]:
        """Carries out a line; yields what is to be shown. Raises DebugError.

        Nothing, and what begins with #, is no command.
        """
        words = line.split()
        if not words or words[0].startswith("#"):
            return
        name = self.full_name(words[0])
        if name == "input":
            words = [name, line.split(None, 1)[1]] if len(words) > 1 else words
        yield from map(visible_line, self._commands[name].run(words[1:]))

    def full_name(self, word: str) -> str:
        """The command that a word stands for. Raises DebugError."""
        return one_of(_SHORT.get(word, word), self._commands, "command")

    def address(self, word: str) -> int:
        """The virtual address that a word stands for. Raises DebugError."""
        return self._place(word)[0]

    def output(self) -> Iterator[str]:
        """What was not shown before: what the program has printed, in lines that begin with |.

        Behind it, in lines that begin with !, what has become of faults on command.
        """
        printed = bytes(self._session.kernel.console.printed)  # type: ignore[attr-defined]
        new, self._shown = printed[self._shown :], max(self._shown, len(printed))
        for line in new.decode(errors="replace").splitlines():
            yield f"| {visible(line)}"
        for line in self._happened():
            if line not in self._told_of:
                self._told_of.add(line)
                yield f"! {line}"

    def _happened(self) -> list[str]:
        """What has become of faults on command, in lines."""
        return [line for each in self._session.injector.injected() for line in happened(each)]

    # Motions.

    def _step(self, words: list[str]) -> Iterator[str]:
        return self._told(self.debugger.forward(*self._how_far(words)))

    def _back(self, words: list[str]) -> Iterator[str]:
        return self._told(self.debugger.back(*self._how_far(words)))

    def _continue(self, words: list[str]) -> Iterator[str]:
        _no_more(words)
        return self._told(self.debugger.forward(None))

    def _reverse(self, words: list[str]) -> Iterator[str]:
        _no_more(words)
        return self._told(self.debugger.back(None))

    def _goto(self, words: list[str]) -> Iterator[str]:
        match words:
            case ["end"]:
                breakpoints, self.debugger.breakpoints = self.debugger.breakpoints, {}
                try:
                    return self._told(self.debugger.forward(None))
                finally:
                    self.debugger.breakpoints = breakpoints
            case ["fault", number]:
                return self._told(self._to_fault(a_count(number)))
            case ["cycle", number] | [number]:
                return self._told(self.debugger.go_to(a_count(number, "cycle", 0)))
        raise DebugError(self._usage("goto"))

    def _to_fault(self, number: int) -> Stop:
        served = len(self._session.guest.faults)
        condition = FaultNumber(number)
        return (
            self.debugger.back_to(condition)
            if number <= served
            else self.debugger.run_to(condition)
        )

    def _how_far(self, words: list[str]) -> tuple[Kind, int]:
        match words:
            case []:
                return Kind.INSTRUCTION, 1
            case [number] if number[0].isdigit():
                return Kind.INSTRUCTION, a_count(number)
            case [kind]:
                return a_kind(kind), 1
            case [kind, number]:
                return a_kind(kind), a_count(number)
        raise DebugError(f"too many words: {' '.join(map(visible, words[2:]))}")

    def _told(self, stop: Stop) -> Iterator[str]:
        yield from self.output()
        if stop.why:
            numbers = [n for n, each in self.debugger.breakpoints.items() if each in stop.met]
            marks = f" (breakpoint {', '.join(map(str, numbers))})" if numbers else ""
            yield f"{stop.why}{marks}"
        yield from views.where(self._session, self._symbols)

    # Breakpoints.

    def _break(self, words: list[str]) -> Iterator[str]:
        self._numbers += 1
        try:
            condition = self._condition(words)
        except DebugError:
            self._numbers -= 1
            raise
        self.debugger.breakpoints[self._numbers] = condition
        yield f"breakpoint {self._numbers}: {condition}{self._remark(condition)}"

    def _condition(self, words: list[str]) -> Condition:
        match words:
            case ["fault", number]:
                return FaultNumber(a_count(number))
            case ["cycle", number]:
                return AtCycle(a_count(number, "cycle"))
            case ["pte", va]:
                return PteChange(an_address(va), self._present_pid())
            case ["pte", va, pid]:
                return PteChange(an_address(va), a_count(pid, "pid"))
            case ["va", place, *more]:
                return self._access(place, more)
            case [place]:
                return AtPc(*self._place(place))
        raise DebugError(self._usage("break"))

    def _remark(self, condition: Condition) -> str:
        """What is to be said if it may have been meant otherwise."""
        if isinstance(condition, PteChange):
            pids = {proc.pid for proc in self._session.kernel.procs}
            if condition.pid not in pids:
                return f" (there is no process {condition.pid} now)"
        return ""

    def _access(self, place: str, words: list[str]) -> Condition:
        va, _, _ = self._place(place)
        size, which = 1, None
        for word in words:
            if word[0].isdigit():
                size = a_count(word, "number of bytes")
            else:
                which = one_of(word, ("read", "write"), "access")
        return AccessTo(va, size, reads=which != "write", writes=which != "read")

    def _breakpoints(self, words: list[str]) -> Iterator[str]:
        _no_more(words)
        for number, condition in self.debugger.breakpoints.items():
            yield f"{number}: {condition}"
        if not self.debugger.breakpoints:
            yield "no breakpoints"

    def _delete(self, words: list[str]) -> Iterator[str]:
        if not words:
            yield f"{len(self.debugger.breakpoints)} deleted"
            self.debugger.breakpoints.clear()
            return
        number = a_count(words[0])
        _no_more(words[1:])
        if self.debugger.breakpoints.pop(number, None) is None:
            raise DebugError(f"there is no breakpoint {number}")

    # Views.

    def _where(self, words: list[str]) -> Iterator[str]:
        _no_more(words)
        return views.where(self._session, self._symbols)

    def _list(self, words: list[str]) -> Iterator[str]:
        _no_more(words)
        return views.source(self._session, self._symbols)

    def _disassemble(self, words: list[str]) -> Iterator[str]:
        va = self._place(words[0])[0] if words else HartState(self._session).pc
        count = a_count(words[1]) if len(words) > 1 else 8
        _no_more(words[2:])
        return views.disassembly(self._session, self._symbols, va, _few(count))

    def _registers(self, words: list[str]) -> Iterator[str]:
        _no_more(words)
        return views.registers(self._session)

    def _csr(self, words: list[str]) -> Iterator[str]:
        _no_more(words[1:])
        names = [register.csr.name.lower() for register in REGISTERS]
        names += [each.name for each in HartState(self._session).protection]
        name = one_of(words[0], names, "CSR") if words else None
        return views.csrs(self._session, name)

    def _stages(self, words: list[str]) -> Iterator[str]:
        _no_more(words)
        return views.stages(self._session, self._symbols)

    def _tlb(self, words: list[str]) -> Iterator[str]:
        _no_more(words[1:])
        names = [one_of(words[0], TABLES, "table")] if words else TABLES
        for name in names:
            yield from views.table(self._session, name)

    def _translate(self, words: list[str]) -> Iterator[str]:
        match words:
            case [place]:
                return views.translation(self._session, self._place(place)[0])
        raise DebugError(self._usage("translate"))

    def _pages(self, words: list[str]) -> Iterator[str]:
        _no_more(words[1:])
        return views.page_table(self._session, a_count(words[0], "pid") if words else None)

    def _memory(self, words: list[str]) -> Iterator[str]:
        match words:
            case [place]:
                return views.memory(self._session, self._place(place)[0], 64)
            case [place, count]:
                size = _few(a_count(count))
                return views.memory(self._session, self._place(place)[0], size)
        raise DebugError(self._usage("memory"))

    def _processes(self, words: list[str]) -> Iterator[str]:
        _no_more(words)
        return views.processes(self._session)

    def _explain(self, words: list[str]) -> Iterator[str]:
        _no_more(words[1:])
        number = a_count(words[0]) if words else None
        return views.fault(self._session, self._symbols, number)

    def _injected(self, words: list[str]) -> Iterator[str]:
        _no_more(words)
        injected = self._session.injector.injected()
        yield from map(told, injected)
        if not injected:
            yield "no faults on command"

    # The rest.

    def _input(self, words: list[str]) -> Iterator[str]:
        text = words[0] if words else ""
        self._give(text.encode(errors="surrogateescape") + b"\n")
        yield from ()

    def _eof(self, words: list[str]) -> Iterator[str]:
        _no_more(words)
        self._give(b"")
        yield from ()

    def _give(self, data: bytes) -> None:
        self.debugger.give_input(data)
        # What is printed from now on, or happens, is not what was shown here before.
        self._told_of = {*self._happened()}
        self._shown = len(self._session.kernel.console.printed)  # type: ignore[attr-defined]

    def _help(self, words: list[str]) -> Iterator[str]:
        _no_more(words[1:])
        if words:
            name = self.full_name(words[0])
            yield f"{self._usage(name)}: {self._commands[name].help}"
            return
        for name, command in self._commands.items():
            yield f"{name:<12} {command.help}"
        yield "help COMMAND tells more. A command may be shortened."

    def _quit(self, words: list[str]) -> Iterator[str]:
        _no_more(words)
        self.finished = True
        yield from ()

    def _usage(self, name: str) -> str:
        return f"{name} {self._commands[name].usage}".rstrip()

    def _place(self, word: str) -> tuple[int, str, str | None]:
        proc = self._session.kernel.proc or self._session.kernel.first
        return a_place(word, self._symbols, None if proc is None else proc.name)

    def _present_pid(self) -> int:
        proc = self._session.kernel.proc or self._session.kernel.first
        if proc is None:
            raise DebugError("no process runs")
        return proc.pid


def _no_more(words: list[str]) -> None:
    if words:
        raise DebugError(f"too many words: {' '.join(map(visible, words))}")


def _few(count: int) -> int:
    """As many bytes or instructions as may be shown at once. Raises DebugError for more."""
    if count > _MOST:
        raise DebugError(f"at most {_MOST:,} are shown at once, not {count:,}")
    return count
