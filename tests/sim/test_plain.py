"""Values become data that JSON has, and are the same again."""

import json
from collections import deque
from dataclasses import dataclass, field
from enum import IntEnum

import pytest

from sim.plain import decode, encode


@dataclass
class Box:
    content: object
    others: list = field(default_factory=list)


@dataclass(slots=True)
class Slotted:
    number: int


class Colour(IntEnum):
    RED = 3


CLASSES = (Box, Slotted)


def again(value):
    return decode(json.loads(json.dumps(encode(value, CLASSES))), CLASSES)


@pytest.mark.parametrize(
    "value",
    [
        *(None, True, False, 0, -1, 1 << 70, 2.5, "", "text", "\udc80"),
        *(b"", b"\0\xff", bytearray(b"ab"), [], [1, [2]], (), (1, (b"x",)), set(), {1, 2}),
        *({}, {1: 2, "a": b"b", (1, 2): [3]}, deque([1, 2]), deque([1], maxlen=3)),
        *(Box(1), Box(Box(b"x")), Slotted(7), [Slotted(1), Box({})], ["list", "bytes"]),
    ],
)
def test_what_goes_in_comes_out(value):
    found = again(value)
    assert found == value
    assert type(found) is type(value)
    if isinstance(value, deque):
        assert found.maxlen == value.maxlen


def test_a_member_of_an_enum_is_its_value():
    assert again({Colour.RED: Colour.RED}) == {3: 3}


def test_an_object_that_is_meant_twice_is_one_again():
    shared = Slotted(1)
    first, second = again([shared, Box(shared)])
    assert first is second.content


@pytest.mark.parametrize("value", [print, object(), Box, [lambda: None], 1j])
def test_what_is_no_state_is_refused(value):
    with pytest.raises(TypeError, match="what is the state of"):
        encode(value, CLASSES)


@pytest.mark.parametrize(
    "data",
    [
        *([], ["what"], ["bytes"], ["bytes", "?"], ["bytes", 7], ["deque"], ["dict", 1]),
        *(["same", 0], ["object", 0, "Box"], ["object", 0, "Other", {}], ["object", 0, "Box", 1]),
    ],
)
def test_what_was_never_encoded_is_refused(data):
    with pytest.raises((ValueError, TypeError, LookupError)):
        decode(data, CLASSES)
