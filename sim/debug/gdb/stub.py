"""What packets ask for, and what is answered: no connection in it.

GDB manual, "Packets" and "General Query Packets" of the Remote Serial Protocol.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from hdl.arch import Priv
from sim.debug.commands import Commands
from sim.debug.conditions import AccessTo, AtPc, Condition, Kind, OfKind
from sim.debug.debugger import DebugError, Debugger, Stop
from sim.debug.gdb.packets import LONGEST, text_of
from sim.debug.gdb.registers import description, general, value
from sim.debug.hart_state import HartState
from sim.engines.inspection import Rules
from sim.session import KernelSession

__all__ = ["Stub", "UserStep"]

_OK, _ERROR = "OK", "E01"
#: Signals that a stop is told as.
_SIGINT, _SIGTRAP = 2, 5
_SRET = 0x10200073
#: Kinds of watchpoints: which accesses stop, and what the stop is called.
_WATCHED = {2: (False, True, "watch"), 3: (True, False, "rwatch"), 4: (True, True, "awatch")}
#: The most bytes of memory in one answer; and that may be watched.
_MOST = LONGEST // 2 - 16
#: Commands of the debugger that `monitor` has: all that go nowhere.
_MONITORED = (
    *("where", "list", "registers", "csr", "stages", "tlb", "translate", "pages", "memory"),
    *("disassemble", "processes", "explain", "input", "eof"),
)
#: Instructions that a store is made before it retires, at most.
_AHEAD = 4


@dataclass(frozen=True)
class UserStep(Condition):
    """The next instruction is one of process `pid` in user mode, and another one was before."""

    pid: int

    def __str__(self) -> str:
        return f"step of pid {self.pid}"

    @property
    def rules(self) -> Rules:
        return (("mode", Priv.U, Priv.U), ("insn", _SRET, _SRET))

    def record(self, fields: Mapping[str, int], session: KernelSession) -> bool:
        proc = session.kernel.proc
        if proc is None or proc.pid != self.pid or fields["trap"]:
            return False
        return fields["mode"] == Priv.U or fields["insn"] == _SRET


class Stub:
    """Answers packets with what `debugger` says.

    Breakpoints are gdb's as long as it is connected: those of the debugger are put aside.

    Members
    -------
    finished : bool
        gdb has let go of the run.
    quiet : bool
        Packets are not to be acknowledged from now on.

    Parameters
    ----------
    debugger : Debugger
        The run.
    commands : Commands
        What `monitor` carries out, as far as it goes nowhere.
    """

    def __init__(self, debugger: Debugger, commands: Commands):
        self.finished = False
        self.quiet = False
        self._debugger = debugger
        self._commands = commands
        self._description = description(self._state.protection).encode()
        self._numbers: dict[tuple[int, int, int], int] = {}
        self._handlers: dict[str, Callable[[str], list[str]]] = {
            "?": lambda rest: [f"T{_SIGTRAP:02x}thread:1;"],
            "g": lambda rest: [general(self._state)],
            "p": lambda rest: [value(self._state, int(rest, 16))],
            "m": self._memory,
            "G": self._refused,
            "P": self._refused,
            "M": self._refused,
            "H": lambda rest: [_OK],
            "T": lambda rest: [_OK],
            "c": lambda rest: self._go_on(),
            "s": lambda rest: self._step(),
            "bc": lambda rest: self._go_back(),
            "bs": lambda rest: self._step_back(),
            "vCont?": lambda rest: ["vCont;c;C;s;S"],
            "vCont;": self._continue,
            "vKill": self._leave,
            "D": self._leave,
            "k": self._kill,
            "Z": lambda rest: self._breakpoint(rest, True),
            "z": lambda rest: self._breakpoint(rest, False),
            "QStartNoAckMode": self._no_acknowledgements,
            "qSupported": self._features,
            "qXfer:features:read:target.xml:": self._xml,
            "qRcmd,": self._monitor,
            "qAttached": lambda rest: ["1"],
            "qC": lambda rest: ["QC1"],
            "qfThreadInfo": lambda rest: ["m1"],
            "qsThreadInfo": lambda rest: ["l"],
            "qThreadExtraInfo": lambda rest: [self._who().encode().hex()],
            "qSymbol": lambda rest: [_OK],
        }

    def answer(self, packet: bytes) -> list[bytes]:
        """What is to be sent for a packet, in order. What is not known is answered by nothing."""
        text = text_of(packet)
        known = [name for name in self._handlers if text.startswith(name)]
        if not known:
            return [b""]
        name = max(known, key=len)
        try:
            return [each.encode() for each in self._handlers[name](text[len(name) :])]
        except (ValueError, KeyError, IndexError):
            return [_ERROR.encode()]
        except DebugError as error:
            return [f"E.{error}".encode()]

    @property
    def _state(self) -> HartState:
        return HartState(self._debugger.session)

    def _who(self) -> str:
        proc = self._debugger.session.kernel.proc
        return "no process" if proc is None else f"pid {proc.pid} {proc.name}"

    # What is there.

    def _memory(self, rest: str) -> list[str]:
        address, count = (int(word, 16) for word in rest.split(","))
        data = self._state.read(address % (1 << 64), min(count, _MOST))
        return [data.hex()] if data or not count else ["E14"]

    def _refused(self, rest: str) -> list[str]:
        raise DebugError("a run is only looked at: the pipeline has read this before")

    def _features(self, rest: str) -> list[str]:
        features = "qXfer:features:read+;ReverseStep+;ReverseContinue+;vContSupported+"
        return [f"PacketSize={LONGEST:x};{features};QStartNoAckMode+"]

    def _xml(self, rest: str) -> list[str]:
        offset, count = (int(word, 16) for word in rest.split(","))
        part = self._description[offset : offset + min(count, LONGEST - 1)]
        more = "m" if offset + len(part) < len(self._description) else "l"
        return [more + part.decode()]

    def _monitor(self, rest: str) -> list[str]:
        line = bytes.fromhex(rest).decode(errors="replace")
        words = line.split()
        name = self._commands.full_name(words[0]) if words else "help"
        if name == "help" and len(words) < 2:
            told = [f"monitor has these commands: {', '.join(_MONITORED)}"]
        elif name not in (*_MONITORED, "help"):
            told = [f"{name} is for gdb to do; monitor has {', '.join(_MONITORED)}"]
        else:
            try:
                told = list(self._commands.run(line))
            except DebugError as error:
                told = [str(error)]
        return [*_printed(told), _OK]

    def _no_acknowledgements(self, rest: str) -> list[str]:
        self.quiet = True
        return [_OK]

    def _leave(self, rest: str) -> list[str]:
        self.finished = True
        return [_OK]

    def _kill(self, rest: str) -> list[str]:
        self.finished = True
        return []

    # Breakpoints.

    def _breakpoint(self, rest: str, wanted: bool) -> list[str]:
        kind, address, size = (int(word, 16) for word in rest.partition(";")[0].split(","))
        if kind not in (0, 1, *_WATCHED):
            return [""]
        key, breakpoints = (kind, address, size), self._debugger.breakpoints
        number = self._numbers.pop(key, None)
        if number is not None:
            del breakpoints[number]
        if wanted:
            self._numbers[key] = number = max(breakpoints, default=0) + 1
            breakpoints[number] = self._condition(kind, address, size)
        return [_OK]

    @staticmethod
    def _condition(kind: int, address: int, size: int) -> Condition:
        if kind not in _WATCHED:
            return AtPc(address)
        if not 0 < size <= _MOST:
            raise ValueError(size)
        reads, writes, _ = _WATCHED[kind]
        return AccessTo(address, size, reads, writes, faults=False)

    # Motions.

    def _continue(self, rest: str) -> list[str]:
        action = re.match(r"[cCsS]", rest)
        if action is None:
            raise ValueError(rest)
        return self._step() if action[0] in "sS" else self._go_on()

    def _go_on(self) -> list[str]:
        if self._debugger.over:
            return [self._exited()]
        return self._told(self._debugger.forward(None))

    def _go_back(self) -> list[str]:
        stop = self._debugger.back(None)
        watched = [each for each in stop.met if isinstance(each, AccessTo)]
        if not watched:
            return self._told(stop)
        # What is undone is the access: go to before it.
        first = watched[0]
        behind = self._state.read(first.va, first.size)
        for _ in range(_AHEAD):
            self._debugger.back_to(self._steps(), passing=True)
            if not first.writes or self._state.read(first.va, first.size) != behind:
                break
        return self._told(Stop(self._debugger.cycle, stop.why, stop.met))

    def _step(self) -> list[str]:
        if self._debugger.over:
            return [self._exited()]
        return self._told(self._debugger.run_to(self._steps(), passing=False))

    def _step_back(self) -> list[str]:
        return self._told(self._debugger.back_to(self._steps(), passing=False))

    def _steps(self) -> Condition:
        """What a step comes to: in user mode the same process in user mode."""
        proc = self._debugger.session.kernel.proc
        if proc is None or self._state.priv is not Priv.U:
            return OfKind(Kind.INSTRUCTION)
        return UserStep(proc.pid)

    def _exited(self) -> str:
        return f"W{(self._debugger.session.exit_code or 0) & 0xFF:02x}"

    def _told(self, stop: Stop) -> list[str]:
        """A stop as gdb is told of it, behind what the program has printed on the way."""
        printed = list(self._commands.output())
        place, number = "", _SIGTRAP
        if stop.why == "the run begins":
            place = "replaylog:begin;"
        elif self._debugger.over:
            place = "replaylog:end;"
            printed.append(f"{stop.why}; it can be gone back in")
        elif not stop.reached:
            number = _SIGINT
            printed += [stop.why] if stop.why != "interrupted" else []
        for (kind, address, _), breakpoint in self._numbers.items():
            if kind in _WATCHED and self._debugger.breakpoints[breakpoint] in stop.met:
                place = f"{_WATCHED[kind][2]}:{address:x};"
        return [*_printed(printed), f"T{number:02x}{place}thread:1;"]


def _printed(lines: list[str]) -> list[str]:
    """Lines for gdb to show, in packets that are not too long."""
    text = "".join(f"{line}\n" for line in lines).encode()
    return [f"O{text[start : start + _MOST].hex()}" for start in range(0, len(text), _MOST)]
