"""Adds variables to a VCD that has been written: values that are told from those of its signals.

The file is read once, cycle by cycle, and written anew beside itself, so memory does not grow with
it; a cycle of the hart takes some 40 µs.
"""

import contextlib
import re
import shutil
import tempfile
from collections import deque
from collections.abc import Container, Iterator, Sequence
from itertools import count, groupby, islice
from pathlib import Path
from typing import BinaryIO, NamedTuple, Protocol

from sim.engines.base import CYCLE_FS
from sim.output.waveform import definitions, header_of

__all__ = ["Narrator", "Value", "Variable", "annotate"]

#: Bytes that are read at once.
_CHUNK = 1 << 20
#: Characters of a variable's code: those that can be printed.
_FIRST, _CODES = 33, 94
#: What has another meaning in a text; pyvcd's `StringVariable` escapes the same.
_ESCAPES = str.maketrans({" ": r"\x20", "\t": r"\t", "\n": r"\n", "\r": r"\r", "\\": r"\\"})
#: A change: of a vector, of a text, or of a bit; and the variable's code.
_CHANGE = re.compile(rb"^(?:b([01]+) |s(\S*) |([01]))(\S+)$", re.M)

#: Of a variable: a text, where its width is 0, or a number.
Value = str | int


class Variable(NamedTuple):
    """A variable to add; `width` is in bits, and 0 for a text."""

    scope: str
    name: str
    width: int = 0

    @property
    def full_name(self) -> str:
        """With its scope."""
        return f"{self.scope}.{self.name}"


class Narrator(Protocol):
    """Tells what the added variables are in each cycle."""

    #: Full names of the signals of the VCD that it wants to know.
    signals: Sequence[str]
    #: What it tells; those of a scope follow each other.
    variables: Sequence[Variable]
    #: Cycles in which it has to be asked even if no signal changes, in order.
    moments: Sequence[int]

    def tell(self, cycle: int, values: Sequence[Value]) -> Sequence[Value]:
        """The variables in `cycle`, where the signals have `values`; cycles come in order."""


def annotate(vcd: Path, narrator: Narrator) -> None:
    """Writes what `narrator` tells into the VCD `vcd`, whose cycles are of `CYCLE_FS`.

    Raises OSError; then the file is as it was.
    """
    # What a link leads to, and not the link, is written anew.
    vcd = vcd.resolve()
    handle, name = tempfile.mkstemp(dir=vcd.parent, prefix=f"{vcd.name}.")
    written = Path(name)
    try:
        with open(handle, "wb") as target, vcd.open("rb") as source:
            _Annotation(narrator, source, target).run()
        shutil.copymode(vcd, written)
        written.replace(vcd)
    except BaseException:
        with contextlib.suppress(OSError):
            written.unlink()
        raise


class _Annotation:
    """The work of `annotate`, from `source` to `target`."""

    def __init__(self, narrator: Narrator, source: BinaryIO, target: BinaryIO):
        self._narrator, self._source, self._target = narrator, source, target
        self._values: list[Value] = [0] * len(narrator.signals)
        self._told: list[Value | None] = [None] * len(narrator.variables)
        self._moments = deque(narrator.moments)
        #: Of each code the places in `_values` of the signals that have it.
        self._places: dict[bytes, list[int]] = {}
        self._codes: list[str] = []

    def run(self) -> None:
        """Writes the whole file."""
        self._write_header()
        cycle, lines, rest = None, b"", b""
        for time, changes in _blocks(self._source):
            this = time // CYCLE_FS
            if this == cycle:
                # Python has changed something in the middle of the cycle, or the clock falls.
                rest += b"#%d\n%s" % (time, changes)
            else:
                if cycle is not None:
                    self._write_cycle(cycle, lines, rest)
                    self._write_between(cycle, this)
                cycle, lines, rest = this, b"#%d\n%s" % (time, changes), b""
            self._take(changes)
        if cycle is not None:
            self._write_cycle(cycle, lines, rest)

    def _write_header(self) -> None:
        """Copies the definitions, and adds those of the variables."""
        header = header_of(self._source)
        known = list(definitions(header))
        places = {name: place for place, name in enumerate(self._narrator.signals)}
        for each in known:
            if each.name in places:
                self._places.setdefault(each.code.encode(), []).append(places[each.name])
        taken = {each.code for each in known}
        self._codes = list(islice(_unused(taken), len(self._narrator.variables)))
        self._target.writelines(header[:-1])
        for scope, variables in groupby(
            zip(self._narrator.variables, self._codes, strict=True), lambda each: each[0].scope
        ):
            names = scope.split(".")
            lines = [f"$scope module {name} $end" for name in names]
            lines += [_definition(variable, code) for variable, code in variables]
            lines += ["$upscope $end"] * len(names)
            self._target.write("".join(f"{line}\n" for line in lines).encode())
        self._target.write(header[-1])

    def _take(self, changes: bytes) -> None:
        """Takes the values of the signals from the lines of a time."""
        values, places = self._values, self._places
        for vector, text, bit, code in _CHANGE.findall(changes):
            found = places.get(code)
            if found is None:
                continue
            value = int(vector, 2) if vector else int(bit) if bit else text.decode()
            for place in found:
                values[place] = value

    def _write_cycle(self, cycle: int, lines: bytes, rest: bytes) -> None:
        """Writes the changes at the cycle's beginning, what is told of it, and later changes."""
        while self._moments and self._moments[0] <= cycle:
            self._moments.popleft()
        self._target.write(lines + self._tell(cycle) + rest)

    def _write_between(self, cycle: int, following: int) -> None:
        """Writes what is told of the moments between two cycles that are in the file."""
        while self._moments and self._moments[0] < following:
            moment = self._moments.popleft()
            self._target.write(b"#%d\n%s" % (moment * CYCLE_FS, self._tell(moment)))

    def _tell(self, cycle: int) -> bytes:
        """The lines of the variables that are others now."""
        told = self._narrator.tell(cycle, self._values)
        lines = []
        for place, value in enumerate(told):
            if value != self._told[place]:
                self._told[place] = value
                lines.append(_line(value, self._codes[place]))
        return "".join(lines).encode()


def _blocks(file: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """Each time of a VCD behind its definitions, with the lines of its changes."""
    rest = b"\n"
    while data := file.read(_CHUNK):
        *whole, rest = (rest + data).split(b"\n#")
        yield from map(_block, filter(None, whole))
    if rest.strip():
        yield _block(rest)


def _block(text: bytes) -> tuple[int, bytes]:
    time, _, lines = text.partition(b"\n")
    return int(time), lines if lines.endswith(b"\n") or not lines else lines + b"\n"


def _unused(taken: Container[str]) -> Iterator[str]:
    """Codes that are none of `taken`."""
    for number in count():
        code = ""
        while number or not code:
            number, digit = divmod(number, _CODES)
            code += chr(_FIRST + digit)
        if code not in taken:
            yield code


def _definition(variable: Variable, code: str) -> str:
    if variable.width:
        return f"$var wire {variable.width} {code} {variable.name} $end"
    return f"$var string 1 {code} {variable.name} $end"


def _line(value: Value, code: str) -> str:
    if isinstance(value, int):
        return f"b{value:b} {code}\n"
    text = value.translate(_ESCAPES).encode("ascii", "replace").decode()
    return f"s{text} {code}\n"
