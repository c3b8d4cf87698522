"""Packets are found in a stream however it is cut, and nothing else is."""

import random

import pytest

from sim.debug.gdb.packets import LONGEST, Reader, framed


def read(data, **parts):
    return list(Reader().feed(data))


def test_the_manuals_example():
    assert framed(b"OK") == b"$OK#9a"
    assert read(b"$OK#9a") == [(b"OK", b"+")]


def test_special_bytes_are_escaped():
    data = bytes(range(256))
    packet = framed(data)
    assert packet.count(b"$") == packet.count(b"#") == 1
    assert read(packet) == [(data, b"+")]


def test_any_cut_makes_the_same_packets():
    choose = random.Random(5)
    packets = [choose.randbytes(choose.randrange(40)) for _ in range(50)]
    stream = b"+".join(map(framed, packets))
    reader, found = Reader(), []
    while stream:
        count = choose.randrange(1, 30)
        found += [packet for packet, _ in reader.feed(stream[:count])]
        stream = stream[count:]
    assert found == packets


def test_a_damaged_one_is_asked_for_again():
    assert read(b"$OK#00$OK#9a") == [(None, b"-"), (b"OK", b"+")]


def test_an_interrupt_is_no_packet():
    assert read(b"\x03$g#67") == [(None, b""), (b"g", b"+")]


@pytest.mark.parametrize("noise", [b"+++", b"-", b"hello", b"\n" * 100, bytes(range(0x24))])
def test_noise_is_skipped(noise):
    assert read(noise + b"$g#67")[-1] == (b"g", b"+")


def test_what_has_no_end_is_given_up():
    reader = Reader()
    assert list(reader.feed(b"$" + b"x" * (3 * LONGEST))) == []
    assert list(reader.feed(b"$g#67"))[-1] == (b"g", b"+")


def test_without_acknowledgements_none_is_sent():
    reader = Reader()
    reader.acknowledging = False
    assert list(reader.feed(b"$g#00")) == [(b"g", b"")]


def test_a_packet_of_0x4000_bytes_is_the_longest_wherever_it_is_cut():
    data = b"x" * 0x4000
    packet = framed(data)
    for cut in (1, len(packet) - 4, len(packet) - 3, len(packet) - 2, len(packet) - 1):
        reader = Reader()
        found = [*reader.feed(packet[:cut]), *reader.feed(packet[cut:])]
        assert found == [(data, b"+")], cut
    assert read(framed(data + b"x")) == []


def test_one_that_says_nothing_is_a_packet():
    assert read(b"$#00") == [(b"", b"+")]


def test_any_byte_behind_an_escape_is_flipped_and_none_stands_for_itself():
    assert read(b"$}a#de") == [(b"A", b"+")]
    assert read(b"$}#7d") == [(b"}", b"+")]
