from sim.checkpoint import Checkpoint
from sim.platform.devices.captured import Captured


def test_input_comes_by_the_line_and_then_ends():
    console = Captured(b"one\ntwo\nlast")
    assert [console.poll(0, 128), console.poll(0, 2), console.poll(0, 128)] == [
        b"one\n",
        b"tw",
        b"o\n",
    ]
    assert (console.wait(0), console.ended(0)) == (True, False)
    assert console.poll(0, 128) == b"last"
    assert (console.wait(0), console.ended(0), console.poll(0, 128)) == (False, True, b"")


def test_a_pipe_neither_echoes_nor_interrupts():
    console = Captured()
    assert (console.echo, console.interrupts, console.next_arrival(0)) == (False, False, None)
    assert console.ended(0)


def test_what_is_printed_is_kept():
    console = Captured()
    console.write(b"a")
    console.write(b"b\n")
    assert console.printed == b"ab\n"


def test_both_return_with_a_checkpoint():
    console = Captured(b"one\ntwo\n")
    console.poll(0, 128)
    console.write(b"kept")
    checkpoint = Checkpoint([console])
    console.poll(0, 128)
    console.write(b"gone")
    checkpoint.put_back()
    assert (console.printed, console.poll(0, 128)) == (b"kept", b"two\n")
