"""Waveforms of trace.cpp and fields.cpp, from states that are made by hand."""

import errno
import fcntl
import os
import random
import signal
import threading
import time

import pytest

from tests.sim.engines.native.machine.tracer import Tracer, bits, text_of

FS = 10**9


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
@pytest.mark.parametrize("helpers", [0, 1, 3])
def test_random_states_are_shown_as_python_says(tmp_path, seed, first, helpers):
    choose, size = random.Random(seed), sum(SIZES)
    expected = Expected(GROUPS, SIZES)
    words, cycle = mutated(choose, [0] * size), first
    with open(tmp_path / "it.vcd", "wb") as file:
        tracer = Tracer(file.fileno(), GROUPS, SIZES, copied=5, helpers=helpers)
        for sink in (tracer, expected):
            sink.begin(words, cycle)
        for _ in range(700):
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
    assert len(text) > 6 << 16, "many chunks"
    assert text == expected.text


@pytest.mark.parametrize("count", [7, 8, 20])
def test_one_word_of_many_changes_and_may_become_what_its_neighbours_are(tmp_path, count):
    """Words are compared eight at a time; those of few values are often equal to others."""
    choose = random.Random(count)
    groups, sizes = [[(0, 64, 0)]] * count, (1,) * count
    expected, words = Expected(groups, sizes), [choose.randrange(3) for _ in range(count)]
    with open(tmp_path / "it.vcd", "wb") as file:
        tracer = Tracer(file.fileno(), groups, sizes, copied=0)
        for sink in (tracer, expected):
            sink.begin(words, 0)
        for cycle in range(1, 1_000):
            words = list(words)
            words[choose.randrange(count)] = choose.randrange(3)
            for sink in (tracer, expected):
                sink.rise(words, cycle)
        assert tracer.end() == 0
        expected.end()
    assert (tmp_path / "it.vcd").read_text() == expected.text


@pytest.mark.parametrize("width", [1, 2, 7, 8, 9, 16, 31, 33, 56, 57, 63, 64, 65, 127, 128, 129])
@pytest.mark.parametrize("low", [0, 1, 60, 63])
@pytest.mark.parametrize("plain", [False, True])
def test_every_digit_of_every_width(tmp_path, width, low, plain):
    groups, sizes = [[(low, width, 0)]], [4]
    expected = Expected(groups, sizes)
    with open(tmp_path / "it.vcd", "wb") as file:
        tracer = Tracer(file.fileno(), groups, sizes, plain=plain)
        for sink in (tracer, expected):
            sink.begin([0] * 4, 1)
        for bit in range(256):
            for sink in (tracer, expected):
                value = 1 << bit | (1 if bit % 3 else 0)
                sink.rise([value >> 64 * number & (1 << 64) - 1 for number in range(4)], bit + 2)
        tracer.end()
        expected.end()
    assert (tmp_path / "it.vcd").read_text() == expected.text


@pytest.mark.parametrize("helpers", [0, 1, 2])
@pytest.mark.parametrize("size", [1, 7, 2000, 3000, 200_000])
def test_chunks_of_any_number_of_cycles(tmp_path, size, helpers):
    """They have the fewer cycles, the larger a state is."""
    groups, sizes = [[(0, 20, 0), (3, 5, 1)], []], [1, size]
    expected, words = Expected(groups, sizes), [0] * (1 + size)
    with open(tmp_path / "it.vcd", "wb") as file:
        tracer = Tracer(file.fileno(), groups, sizes, helpers=helpers)
        for sink in (tracer, expected):
            sink.begin(words, 0)
        for cycle in range(1, 10 if size > 100_000 else 150):
            words = [cycle * cycle, *words[1:]]
            for sink in (tracer, expected):
                sink.rise(words, cycle)
        assert tracer.end() == 0
        expected.end()
    assert (tmp_path / "it.vcd").read_text() == expected.text


@pytest.mark.parametrize("helpers", [0, 2])
@pytest.mark.parametrize("cycles", [1, 63, 64, 65, 128, 1000])
def test_what_has_been_handed_over_is_in_the_file(tmp_path, cycles, helpers):
    """Goes on behind that, or once more from there."""
    groups, sizes = [[(0, 64, 0)]], [1]
    expected = Expected(groups, sizes)
    with open(tmp_path / "it.vcd", "wb") as file:
        tracer = Tracer(file.fileno(), groups, sizes, helpers=helpers)
        for sink in (tracer, expected):
            sink.begin([0], 0)
        for turn in range(3):
            for cycle in range(turn * cycles + 1, (turn + 1) * cycles + 1):
                for sink in (tracer, expected):
                    sink.rise([3 * cycle], cycle)
            tracer.flush()
            assert (tmp_path / "it.vcd").read_text() == expected.text
        tracer.begin([7], 5)
        expected.begin([7], 5)
        for sink in (tracer, expected):
            sink.rise([8], 6)
        assert tracer.end() == 0
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
        tracer.end()
        assert tracer.asked == 2 + 3 + 40


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
@pytest.mark.parametrize("helpers", [0, 1, 3])
def test_a_full_disk_is_told_at_the_end_or_before(cycles, helpers):
    """Before, if there have been more chunks than may be on their way."""
    with open("/dev/full", "wb", buffering=0) as file:
        tracer = Tracer(file.fileno(), [[(0, 64, 0)]], [1], helpers=helpers)
        tracer.begin([0], 0)
        for cycle in range(1, cycles + 1):
            tracer.rise([cycle], cycle)
        told = tracer.library.trace_error(tracer.address)
        assert told == (errno.ENOSPC if cycles > 1000 else 0)
        assert tracer.end() == errno.ENOSPC


@pytest.mark.parametrize("helpers", [0, 1])
def test_after_a_write_that_failed_nothing_is_written(helpers):
    """Not even if it could be: here somebody has emptied the pipe that was full."""
    out, into = os.pipe()
    os.set_blocking(into, False)
    os.set_blocking(out, False)
    tracer = Tracer(into, [[(0, 64, 0)]], [1], helpers=helpers)
    tracer.begin([0], 0)
    try:
        for cycle in range(1, 3000):
            tracer.rise([(1 << 63) + cycle], cycle)
        tracer.flush()
        assert tracer.library.trace_error(tracer.address) == errno.EAGAIN
        while len(os.read(out, 1 << 20)) == 1 << 20:
            pass
        tracer.rise([1], 3000)
        tracer.flush()
        assert tracer.end() == errno.EAGAIN
        with pytest.raises(BlockingIOError):
            os.read(out, 1)
    finally:
        os.close(into)
        os.close(out)


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
