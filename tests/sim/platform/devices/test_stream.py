import io
import os
import socket
import threading
import time

import pytest

from sim.checkpoint import Checkpoint
from sim.platform.devices.stream import Stream


class Pipe:
    """A pipe, with a `Stream` at the end that is read."""

    def __init__(self):
        self.fd, self._writing = os.pipe()
        self.stream = Stream(self.fd)

    def write(self, data):
        os.write(self._writing, data)

    def hang_up(self):
        if self._writing is not None:
            os.close(self._writing)
            self._writing = None


@pytest.fixture
def pipe():
    pipe = Pipe()
    yield pipe
    pipe.hang_up()
    os.close(pipe.fd)


def test_what_has_not_come_is_not_waited_for(pipe):
    assert pipe.stream.poll(0, 9) == b""
    assert not pipe.stream.ended(0)
    assert pipe.stream.interactive


def test_lines_come_one_by_one_and_the_last_without_an_end(pipe):
    pipe.write(b"one\ntwo\nth")
    assert [pipe.stream.poll(0, 99) for _ in range(4)] == [b"one\n", b"two\n", b"th", b""]
    pipe.write(b"ree\n")
    assert pipe.stream.poll(0, 99) == b"ree\n"


def test_what_does_not_fit_comes_later(pipe):
    pipe.write(b"abcde\n")
    assert [pipe.stream.poll(0, 4) for _ in range(2)] == [b"abcd", b"e\n"]


def test_it_ends_when_all_has_been_given(pipe):
    pipe.write(b"last")
    pipe.hang_up()
    assert pipe.stream.poll(0, 2) == b"la"
    assert not pipe.stream.ended(0)
    assert pipe.stream.poll(0, 9) == b"st"
    assert pipe.stream.poll(0, 9) == b""
    assert pipe.stream.ended(0)
    assert not pipe.stream.interactive
    assert not pipe.stream.wait(0)


def test_patience_is_how_long_it_waits_at_most(pipe):
    pipe.stream.patience = lambda: 60.0
    threading.Timer(0.05, pipe.write, [b"late\n"]).start()
    start = time.monotonic()
    assert pipe.stream.poll(0, 9) == b"late\n"
    assert time.monotonic() - start < 30

    pipe.stream.patience = lambda: 0.05
    start = time.monotonic()
    assert pipe.stream.poll(0, 9) == b""
    assert time.monotonic() - start >= 0.05


def test_waiting_ends_with_input(pipe):
    threading.Timer(0.05, pipe.write, [b"x"]).start()
    assert pipe.stream.wait(0)
    assert pipe.stream.wait(0)
    assert pipe.stream.poll(0, 9) == b"x"


def test_it_is_no_terminal_and_comes_by_itself(pipe):
    assert (pipe.stream.echo, pipe.stream.interrupts) == (False, True)
    assert pipe.stream.next_arrival(0) is None


def test_a_checkpoint_takes_back_nothing_of_it(pipe):
    pipe.write(b"one\ntwo\n")
    checkpoint = Checkpoint([pipe.stream])
    assert pipe.stream.poll(0, 9) == b"one\n"
    checkpoint.put_back()
    assert pipe.stream.poll(0, 9) == b"two\n"


def test_pipes_and_sockets_can_be_such_a_source(pipe, tmp_path):
    ends = socket.socketpair()
    with os.fdopen(os.dup(pipe.fd)) as file, ends[0], ends[1], ends[0].makefile() as other:
        assert Stream.possible(file)
        assert Stream.possible(other)
    (tmp_path / "file").touch()
    with (tmp_path / "file").open() as regular, open(os.devnull) as null:
        assert not Stream.possible(regular)
        assert not Stream.possible(null)
    assert not Stream.possible(regular)  # which is closed
    assert not Stream.possible(io.TextIOWrapper(io.BytesIO()))
    assert not Stream.possible(None)
