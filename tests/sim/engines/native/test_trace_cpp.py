"""Waveforms of trace.cpp and fields.cpp, from states that are made by hand."""

import ctypes
import errno
import fcntl
import os
import random
import signal
import threading
import time

import pytest

from tests.sim.engines.native.handmade import library, u64

FS = 10**9
_pointer = ctypes.c_void_p
_Decode = ctypes.CFUNCTYPE(None, u64)


def configured():
    """The library, with the types of what is called here."""
    found = library(traced=True)
    found.trace_new.restype = found.trace_values.restype = found.ring_new.restype = _pointer
    found.trace_new.argtypes = (ctypes.c_int, ctypes.c_char_p, _Decode)
    found.trace_group.argtypes = (_pointer, u64)
    found.trace_variable.argtypes = (_pointer, u64, ctypes.c_uint, ctypes.c_char_p, ctypes.c_int)
    found.trace_copy.argtypes = (_pointer, u64, u64, u64)
    found.trace_say.argtypes = (_pointer, ctypes.c_char_p)
    found.trace_values.argtypes = found.trace_end.argtypes = (_pointer,)
    found.trace_error.argtypes = found.ring_free.argtypes = (_pointer,)
    found.trace_begin.argtypes = found.ring_keep.argtypes = (_pointer, _pointer, u64)
    found.trace_touch.argtypes = (_pointer, _pointer)
    found.ring_new.argtypes = (u64, u64, u64)
    found.ring_write.argtypes = (_pointer, _pointer, u64, u64)
    return found


class Tracer:
    """Writes a waveform of states, lists of words, to the descriptor `file`.

    `groups` are lists of variables, each (lowest bit in the group's words, width, whether it is
    text); `sizes` are the words of each group. Codes are `v0`, `v1` and so on. A text shows its
    value with its digits in the order of the words. The last `copied` words are not what
    `native_show` shows, but copied from the state.
    """

    def __init__(self, file, groups, sizes, *, copied=0):
        self.library, self.size = configured(), sum(sizes)
        self.groups, self.texts, self.asked = groups, [], 0
        self._decode = _Decode(self._say)
        self.address = self.library.trace_new(file, b"clk", self._decode)
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
        ring = self.library.ring_new(0, self.size, 1)
        self.library.ring_keep(ring, self._state(words), cycle)
        self.library.ring_write(ring, self.address, 0, 1)
        self.library.ring_free(ring)

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


class Expected:
    """What `Tracer` is to write."""

    def __init__(self, groups, sizes):
        self.text, self.high, self.cycle = "", False, 0
        self.places, number, first = [], 0, 0
        for variables, size in zip(groups, sizes, strict=True):
            for low, width, text in variables:
                self.places.append((64 * first + low, width, f"v{number}", text))
                number += 1
            first += size

    def begin(self, words, cycle):
        self.words, self.cycle, self.high = words, cycle, cycle != 0

    def touch(self, words):
        if self.high:
            self._fall()
        else:
            self._time()
        self._changes(words)

    def rise(self, words, cycle):
        if self.high:
            self._fall()
        self.cycle, self.high = cycle, True
        self.text += f"#{cycle * FS}\n1clk\n"
        self._changes(words)

    def end(self):
        self.high = False
        self._time()

    def _fall(self):
        self.high = False
        self._time()
        self.text += "0clk\n"

    def _time(self):
        self.text += f"#{self.cycle * FS + (FS // 2 if self.cycle and not self.high else 0)}\n"

    def _changes(self, words):
        for low, width, code, text in self.places:
            old, new = bits(self.words, low, width), bits(words, low, width)
            if old == new:
                continue
            if not text:
                self.text += f"{new}{code}\n" if width == 1 else f"b{new:b} {code}\n"
            elif text_of(old, code) != text_of(new, code):
                self.text += text_of(new, code) + "\n"
        self.words = words


def bits(words, low, width):
    value = sum(word << 64 * number for number, word in enumerate(words))
    return value >> low & (1 << width) - 1


def text_of(value, code):
    """Some values have the same text."""
    return f"sT{value // 2:x} {code}"


#: Groups of words; each field (bit, width, text).
SIZES = (1, 1, 2, 1, 3, 1, 4)
GROUPS = (
    [(0, 1, 0), (1, 1, 0), (63, 1, 0), (0, 64, 0), (3, 60, 0)],
    [(0, 63, 0), (1, 63, 0), (5, 3, 0), (10, 8, 0), (10, 9, 0), (0, 3, 1), (60, 4, 1)],
    [(0, 65, 0), (0, 128, 0), (60, 8, 0), (63, 2, 0), (1, 64, 0), (62, 64, 1), (63, 65, 0)],
    [],
    [(0, 129, 0), (60, 128, 0), (0, 192, 0), (127, 2, 0), (64, 64, 0), (32, 65, 0), (70, 70, 1)],
    [(0, 64, 1), (63, 1, 1), (0, 1, 1)],
    [(0, 255, 0), (0, 256, 0), (1, 192, 0), (60, 196, 1), (250, 6, 0)],
)


def mutated(choose, words):
    """Other words: most stay, some lose or gain a bit, some are anything or have few digits."""
    words = list(words)
    for number in range(len(words)):
        kind = choose.random()
        if kind < 0.3:
            words[number] ^= 1 << choose.choice((0, 1, 31, 62, 63, choose.randrange(64)))
        elif kind < 0.4:
            words[number] = choose.getrandbits(choose.randrange(65))
        elif kind < 0.5:
            words[number] = choose.choice((0, (1 << 64) - 1))
    return words


@pytest.mark.parametrize("seed, first", [(0, 0), (1, 1), (2, 5), (3, 123456)])
def test_random_states_are_shown_as_python_says(tmp_path, seed, first):
    choose, size = random.Random(seed), sum(SIZES)
    expected = Expected(GROUPS, SIZES)
    words, cycle = mutated(choose, [0] * size), first
    with open(tmp_path / "it.vcd", "wb") as file:
        tracer = Tracer(file.fileno(), GROUPS, SIZES, copied=5)
        for sink in (tracer, expected):
            sink.begin(words, cycle)
        for _ in range(300):
            words = mutated(choose, words)
            if choose.random() < 0.2:
                for sink in (tracer, expected):
                    sink.touch(words)
                continue
            cycle += choose.choice((1, 1, 1, 50))
            for sink in (tracer, expected):
                sink.rise(words, cycle)
        assert tracer.end() == 0
        expected.end()
    text = (tmp_path / "it.vcd").read_text()
    assert len(text) > 3 << 16, "more than a buffer"
    assert text == expected.text


@pytest.mark.parametrize("width", [1, 2, 7, 8, 9, 16, 31, 33, 56, 57, 63, 64, 65, 127, 128, 129])
@pytest.mark.parametrize("low", [0, 1, 60, 63])
def test_every_digit_of_every_width(tmp_path, width, low):
    groups, sizes = [[(low, width, 0)]], [4]
    expected = Expected(groups, sizes)
    with open(tmp_path / "it.vcd", "wb") as file:
        tracer = Tracer(file.fileno(), groups, sizes)
        for sink in (tracer, expected):
            sink.begin([0] * 4, 1)
        for bit in range(256):
            for sink in (tracer, expected):
                value = 1 << bit | (1 if bit % 3 else 0)
                sink.rise([value >> 64 * number & (1 << 64) - 1 for number in range(4)], bit + 2)
        tracer.end()
        expected.end()
    assert (tmp_path / "it.vcd").read_text() == expected.text


def test_texts_of_up_to_a_word_are_asked_for_once():
    groups, sizes = [[(0, 8, 1), (0, 100, 1)]], [2]
    with open(os.devnull, "wb") as file:
        tracer = Tracer(file.fileno(), groups, sizes)
        tracer.begin([0, 0], 1)
        assert tracer.asked == 2
        for cycle in range(2, 42):
            tracer.rise([cycle % 4, 0], cycle)
        assert tracer.asked == 2 + 3 + 40
        tracer.end()


def test_a_value_longer_than_the_buffer(tmp_path):
    groups, sizes = [[(0, 100_000, 0), (3, 5, 0)], [(0, 3, 0)]], [1600, 1]
    expected = Expected(groups, sizes)
    with open(tmp_path / "it.vcd", "wb") as file:
        tracer = Tracer(file.fileno(), groups, sizes)
        for sink in (tracer, expected):
            sink.begin([0] * 1601, 0)
        for cycle in range(1, 4):
            for sink in (tracer, expected):
                sink.rise([(1 << 64) - cycle] * 1601, cycle)
        assert tracer.end() == 0
        expected.end()
    assert (tmp_path / "it.vcd").read_text() == expected.text


@pytest.mark.parametrize("cycles", [1, 3000])
def test_a_full_disk_is_told_at_the_end_or_before(cycles):
    with open("/dev/full", "wb", buffering=0) as file:
        tracer = Tracer(file.fileno(), [[(0, 64, 0)]], [1])
        tracer.begin([0], 0)
        for cycle in range(1, cycles + 1):
            tracer.rise([cycle], cycle)
        told = tracer.library.trace_error(tracer.address)
        assert told == (errno.ENOSPC if cycles > 1000 else 0)
        assert tracer.end() == errno.ENOSPC


def test_writes_that_are_interrupted_or_take_a_part_go_on():
    """To a pipe of a page that is read late, while signals come in."""
    groups, sizes = [[(0, 64, 0)]], [1]
    expected, got = Expected(groups, sizes), []
    out, into = os.pipe()
    fcntl.fcntl(into, fcntl.F_SETPIPE_SZ, 4096)

    def read():
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGALRM})
        time.sleep(0.05)
        while part := os.read(out, 1 << 20):
            got.append(part)
            time.sleep(0.001)

    before = signal.signal(signal.SIGALRM, lambda *_: None)
    reader = threading.Thread(target=read)
    reader.start()
    signal.setitimer(signal.ITIMER_REAL, 0.005, 0.005)
    try:
        tracer = Tracer(into, groups, sizes)
        for sink in (tracer, expected):
            sink.begin([0], 0)
            for cycle in range(1, 1500):
                sink.rise([(1 << 63) + cycle], cycle)
        assert tracer.end() == 0
        expected.end()
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        os.close(into)
        reader.join()
        os.close(out)
        signal.signal(signal.SIGALRM, before)
    assert b"".join(got).decode() == expected.text
