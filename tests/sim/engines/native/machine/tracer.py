"""Waveforms of trace.cpp from states that are made by hand, without a model."""

import ctypes

from sim.engines.native.machine.structs import MachineStruct
from tests.sim.engines.native.machine.handmade import library, u64

__all__ = ["Tracer", "bits", "text_of"]

_pointer = ctypes.c_void_p
_Decode = ctypes.CFUNCTYPE(None, u64)


def _configured(plain):
    """The library, with the types of what is called here."""
    found = library(traced=True, plain=plain)
    found.trace_new.restype = found.trace_values.restype = found.ring_new.restype = _pointer
    found.trace_new.argtypes = (ctypes.c_int, ctypes.c_char_p, _Decode, u64, u64, u64)
    found.trace_group.argtypes = (_pointer, u64)
    found.trace_variable.argtypes = (_pointer, u64, ctypes.c_uint, ctypes.c_char_p, ctypes.c_int)
    found.trace_copy.argtypes = (_pointer, u64, u64, u64)
    found.trace_say.argtypes = (_pointer, ctypes.c_char_p)
    found.trace_values.argtypes = found.trace_end.argtypes = (_pointer,)
    found.trace_error.argtypes = found.ring_free.argtypes = (_pointer,)
    found.trace_begin.argtypes = found.ring_keep.argtypes = (_pointer, _pointer, u64)
    found.trace_flush.argtypes = (_pointer,)
    found.trace_touch.argtypes = (_pointer, _pointer)
    found.ring_new.argtypes = (_pointer, u64, u64, u64, u64, u64)
    found.ring_write.argtypes = (_pointer, _pointer, u64, u64)
    return found


class Tracer:
    """Writes a waveform of states, lists of words, to the descriptor `file`.

    `groups` are lists of variables, each (lowest bit in the group's words, width, whether it is
    text); `sizes` are the words of each group. Codes are `v0`, `v1` and so on. A text shows its
    value with its digits in the order of the words. The last `copied` words are not what
    `native_show` shows, but copied from the state. There are `helpers` besides who writes. `plain`
    is as in `library`.
    """

    def __init__(self, file, groups, sizes, *, copied=0, helpers=1, plain=False):
        self.library, self.size = _configured(plain), sum(sizes)
        self.groups, self.texts, self.asked = groups, [], 0
        self._decode, self._machine = _Decode(self._say), MachineStruct()
        self.address = self.library.trace_new(file, b"clk", self._decode, 0, self.size, helpers)
        number, first = 0, 0
        for variables, size in zip(groups, sizes, strict=True):
            self.library.trace_group(self.address, size)
            for low, width, text in variables:
                if text:
                    self.texts.append((64 * first + low, width, f"v{number}"))
                self.library.trace_variable(
                    self.address, 64 * first + low, width, f"v{number}".encode(), text
                )
                number += 1
            first += size
        shown = self.size - copied
        if copied:
            self.library.trace_copy(self.address, shown, shown, copied)
        self.library.set_shown(u64(shown))

    def begin(self, words, cycle):
        self.library.trace_begin(self.address, self._state(words), cycle)

    def touch(self, words):
        self.library.trace_touch(self.address, self._state(words))

    def rise(self, words, cycle):
        size, never = self.size, (1 << 64) - 1
        ring = self.library.ring_new(ctypes.byref(self._machine), 0, size, size, never, 1)
        self.library.ring_keep(ring, self._state(words), cycle)
        self.library.ring_write(ring, self.address, 0, 1)
        self.library.ring_free(ring)

    def flush(self):
        self.library.trace_flush(self.address)

    def end(self):
        return self.library.trace_end(self.address)

    def _state(self, words):
        self._kept = (u64 * self.size)(*words)
        return ctypes.addressof(self._kept)

    def _say(self, number):
        low, width, code = self.texts[number]
        self.asked += 1
        address = self.library.trace_values(self.address)
        words = (u64 * self.size).from_address(address)
        self.library.trace_say(self.address, text_of(bits(words, low, width), code).encode())


def bits(words, low, width):
    value = sum(word << 64 * number for number, word in enumerate(words))
    return value >> low & (1 << width) - 1


def text_of(value, code):
    """Some values have the same text."""
    return f"sT{value // 2:x} {code}"
