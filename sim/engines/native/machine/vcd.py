"""Waveforms: pysim's header, and for trace.cpp where each of its variables is found.

The header is made by Amaranth's own writer from the same design, so that names, hierarchy, types
and formats are pysim's. Variables that are the same wire share one code, which makes the file
several times smaller.
"""

import contextlib
import ctypes
import io
import os
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TextIO

from amaranth.hdl import Format, MemoryData, Shape, Signal, Value

from sim.engines.base import CYCLE_FS
from sim.engines.internals import PyEngineState, VCDWriter, ast, eval_format, eval_value
from sim.engines.native.compiler.circuit import WORD
from sim.engines.native.compiler.model import Model
from sim.host.output_files import open_output

__all__ = ["VcdWriter", "helpers", "locate"]

#: With more of them one thread cannot simulate as fast as they write.
_MOST_HELPERS = 7

_u64, _pointer = ctypes.c_uint64, ctypes.c_void_p
_DECODE = ctypes.CFUNCTYPE(None, _u64)
#: Functions of trace.cpp: what they return, and their arguments.
_FUNCTIONS = {
    "native_show": (None, _pointer, _pointer),
    "trace_new": (_pointer, ctypes.c_int, ctypes.c_char_p, _DECODE, _u64, _u64, _u64),
    "trace_group": (None, _pointer, _u64),
    "trace_variable": (None, _pointer, _u64, ctypes.c_uint, ctypes.c_char_p, ctypes.c_int),
    "trace_copy": (None, _pointer, _u64, _u64, _u64),
    "trace_begin": (None, _pointer, _pointer, _u64),
    "trace_say": (None, _pointer, ctypes.c_char_p),
    "trace_values": (_pointer, _pointer),
    "trace_touch": (None, _pointer, _pointer),
    "trace_flush": (None, _pointer),
    "trace_error": (ctypes.c_int, _pointer),
    "trace_end": (ctypes.c_int, _pointer),
}


def helpers() -> int:
    """Threads that make a waveform's lines besides the one that simulates."""
    if hasattr(os, "sched_getaffinity"):
        processors = len(os.sched_getaffinity(0))
    else:
        processors = os.cpu_count() or 1
    return min(processors - 1, _MOST_HELPERS)


def locate(value: Any) -> tuple[Signal | MemoryData._Row, int] | None:
    """The signal or row of a memory that `value` is bits of, and its lowest bit there.

    None if it is computed.
    """
    match value:
        case Signal() | MemoryData._Row():
            return value, 0
        case ast.Slice():
            found = locate(value.value)
            return found and (found[0], found[1] + value.start)
        case ast.Operator(operator="u" | "s", operands=(operand,)):
            return locate(operand)
    return None


class VcdWriter:
    """A VCD that compiled code writes; its header and first values are there already.

    Members
    -------
    address : int
        The `Trace` of trace.cpp.

    Parameters
    ----------
    model : Model
        With `everything`, and trace.cpp in its library.
    path : Path
        The file; OSError is raised if it cannot be written.
    state : int
        Address of the state of the first cycle.
    cycle : int
        Its number.
    end : int or None
        The file is there, and goes on behind so many bytes, which `position` told in this cycle.
    """

    def __init__(self, model: Model, path: Path, state: int, cycle: int, end: int | None = None):
        self._library = library = model.library
        for name, (result, *arguments) in _FUNCTIONS.items():
            function = getattr(library, name)
            function.restype, function.argtypes = result, arguments
        self.path = path
        self._model = model
        self._clock = model.design.fragment.domains["sync"].clk
        self._simulated = PyEngineState()
        self._set_all(state, cycle)
        #: Of each text its VCD variable, what it shows, of which signal or row, and the first word.
        self._texts: list[tuple[Any, Any, Any, int]] = []
        #: Codes of variables that are the same wire as another, and the code of that.
        self._aliases: dict[str, str] = {}
        header = io.StringIO()
        writer = self._make_header(header, cycle)
        # Kept here, because ctypes does not.
        self._decode = _DECODE(self._say)
        self._file = open_output(path) if end is None else path.open("r+")
        ((clock, _),) = writer.vcd_signal_vars[self._clock]
        self.address = library.trace_new(
            self._file.fileno(),
            clock.ident.encode(),
            self._decode,
            *model.layout.own_words(),
            helpers(),
        )
        self._describe(writer)
        try:
            lines = list(_share_codes(header.getvalue(), self._aliases))
            if end is None:
                self._file.writelines(lines)
                self._file.flush()
        except OSError:
            with contextlib.suppress(OSError):
                self.close()
            raise
        if end is None:
            library.trace_begin(self.address, state, cycle)
        else:
            self.return_to(end, state, cycle)

    def _make_header(self, file: TextIO, cycle: int) -> VCDWriter:
        writer = VCDWriter(self._simulated, self._model.design, vcd_file=file)
        now = writer.vcd_writer._timestamp = cycle * CYCLE_FS
        # Without this, states of FSMs would begin with their initial names.
        for signal in writer.vcd_signal_vars:
            writer.update_signal(now, signal)
        writer.vcd_writer.flush()
        return writer

    def touch(self, state: int) -> None:
        """Python has changed inputs or registers of `state` since the last cycle."""
        self._library.trace_touch(self.address, state)

    def position(self) -> int:
        """The bytes that the file has so far."""
        self._library.trace_flush(self.address)
        return os.lseek(self._file.fileno(), 0, os.SEEK_CUR)

    def return_to(self, end: int, state: int, cycle: int) -> None:
        """Takes out what the file has behind `end`; the machine is in that cycle once more."""
        self._library.trace_flush(self.address)
        os.ftruncate(self._file.fileno(), end)
        os.lseek(self._file.fileno(), end, os.SEEK_SET)
        self._library.trace_begin(self.address, state, cycle)

    def check(self) -> None:
        """Raises OSError if the file could not be written."""
        self._raise(self._library.trace_error(self.address))

    def close(self) -> None:
        """Ends the file; raises OSError if it could not be written."""
        error = self._library.trace_end(self.address)
        self._file.close()
        self._raise(error)

    def _raise(self, error: int) -> None:
        if error:
            raise OSError(error, os.strerror(error), str(self.path))

    def _set_all(self, state: int, cycle: int) -> None:
        """Gives the simulator's slots the values of a cycle."""
        model = self._model
        shown = (_u64 * model.shown_words)()
        self._library.native_show(state, shown)
        for signal, (first, _) in model.shown.items():
            self._set(signal, shown, first)
        for memory, index in model.circuit.memories.items():
            first, words = model.layout.memories[index]
            rows = (_u64 * (words * memory.depth)).from_address(state + 8 * first)
            for number, row in enumerate(memory):
                self._set(Value.cast(row), rows, words * number)
        self._slot(self._clock).curr = int(cycle > 0)

    def _slot(self, signal: Signal) -> Any:
        simulated = self._simulated
        return simulated.slots[simulated.get_signal(signal)]

    def _set(self, root: Any, words: ctypes.Array[ctypes.c_uint64], first: int) -> None:
        """Gives a signal or row the value that begins with number `first` of `words`."""
        shape = Shape.cast(root.shape())
        value = 0
        for number in range(-(-shape.width // WORD)):
            value |= words[first + number] << number * WORD
        if shape.signed and value >> shape.width - 1:
            value -= 1 << shape.width
        if isinstance(root, Signal):
            self._slot(root).curr = value
        else:
            simulated = self._simulated
            simulated.slots[simulated.get_memory(root._memory)].data[root._index] = value

    def _describe(self, writer: VCDWriter) -> None:
        """Tells the compiled side about all variables, in the order of their words."""
        model, end = self._model, 0
        groups = defaultdict(list)
        for signal, (first, _) in model.shown.items():
            if len(signal):
                groups[first].append(signal)
        for first, signals in groups.items():
            assert first == end
            variables = [
                (signal, *variable)
                for signal in signals
                if signal is not self._clock
                for variable in writer.vcd_signal_vars.get(signal, ())
            ]
            end = self._group(first, variables, len(signals[0]))
        for memory, rows in writer.vcd_memory_vars.items():
            start = end
            for row, variables in zip(map(Value.cast, memory), rows, strict=True):
                end = self._group(end, [(row, *variable) for variable in variables], len(row))
            first, _ = model.layout.memories[model.circuit.memories[memory]]
            self._library.trace_copy(self.address, first, start, end - start)

    def _group(self, first: int, variables: Iterable[tuple[Any, Any, Any]], width: int) -> int:
        """Describes the variables of a value of `width` bits; returns the word behind it.

        `variables` are of the form (signal or row, VCD variable, what it shows).
        """
        words = -(-width // WORD)
        self._library.trace_group(self.address, words)
        codes: dict[tuple[int, int, bool], str] = {}
        for root, variable, shown in variables:
            low, bits, is_text = place = _bits_of(shown, width)
            if not bits:
                continue
            if is_text:
                self._texts.append((variable, shown, root, first))
            elif place in codes:
                self._aliases[variable.ident] = codes[place]
                continue
            codes[place] = variable.ident
            self._library.trace_variable(
                self.address, first * WORD + low, bits, variable.ident.encode(), is_text
            )
        return first + words

    def _say(self, number: int) -> None:
        """Makes the line of a text from the values of now."""
        variable, shown, root, first = self._texts[number]
        address = self._library.trace_values(self.address)
        words = (_u64 * (first + -(-len(root) // WORD))).from_address(address)
        self._set(root, words, first)
        if isinstance(shown, Value):
            value = eval_value(self._simulated, shown)
        elif isinstance(shown, Format | Format.Enum):
            value = eval_format(self._simulated, shown)
        else:  # a decoder
            value = shown(eval_value(self._simulated, root))
        self._library.trace_say(self.address, variable.format_value(value).encode())


def _share_codes(header: str, aliases: Mapping[str, str]) -> Iterator[str]:
    """The lines of a VCD's header and first values with the codes of `aliases` replaced."""
    in_values = False
    for line in header.splitlines(keepends=True):
        words = line.split()
        if words[0] == "$var" and words[3] in aliases:
            words[3] = aliases[words[3]]
            line = " ".join(words) + "\n"
        elif in_values and _code_of(words) in aliases:
            continue
        in_values |= words[0] == "$dumpvars"
        yield line


def _code_of(words: Sequence[str]) -> str:
    """The code in a line with a value."""
    return words[1] if len(words) > 1 else words[0][1:]


def _bits_of(shown: Any, width: int) -> tuple[int, int, bool]:
    """Which bits of its signal a variable depends on (lowest, count), and whether it is text."""
    if isinstance(shown, Format.Enum) and (found := locate(shown._value)):
        return found[1], len(shown._value), True
    if isinstance(shown, Value) and (found := locate(shown)):
        return found[1], len(shown), False
    return 0, width, True
