"""The state of Python objects as data that JSON has, and back: for files that others may read.

A value that JSON has no word for is a list whose first item says what it is:

    ["bytes", "base64"]    ["bytearray", "base64"]
    ["list", item, ...]    ["tuple", item, ...]    ["set", item, ...]
    ["deque", maxlen, item, ...]    ["dict", [key, value], ...]
    ["object", n, "Class", {"attribute": value, ...}]    ["same", n]

`n` numbers the objects as they come, so that one that is referred to twice is one again.
"""

import base64
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from enum import Enum
from typing import Any

__all__ = ["attributes", "decode", "encode", "set_attributes"]

_ITEMS: dict[str, Callable[[Iterator[Any]], Any]] = {"list": list, "tuple": tuple, "set": set}
_BYTES: dict[str, Callable[[bytes], Any]] = {"bytes": bytes, "bytearray": bytearray}


def encode(value: Any, classes: tuple[type, ...] = (), seen: dict[int, int] | None = None) -> Any:
    """`value` as such data; objects are those of `classes`. Raises TypeError for another."""
    seen = {} if seen is None else seen

    def inner(each: Any) -> Any:
        return encode(each, classes, seen)

    kind = type(value).__name__
    match value:
        case Enum():
            return inner(value.value)
        case None | bool() | int() | float() | str():
            return value
        case bytes() | bytearray():
            return [kind, base64.b64encode(value).decode()]
        case list() | tuple() | set():
            return [kind, *map(inner, value)]
        case deque():
            return [kind, value.maxlen, *map(inner, value)]
        case dict():
            return [kind, *([inner(key), inner(each)] for key, each in value.items())]
    if type(value) not in classes:
        raise TypeError(f"what is the state of {value!r}?")
    if id(value) in seen:
        return ["same", seen[id(value)]]
    number = seen[id(value)] = len(seen)
    return ["object", number, kind, {name: inner(each) for name, each in attributes(value).items()}]


def decode(data: Any, classes: tuple[type, ...] = (), made: dict[int, Any] | None = None) -> Any:
    """The value that `data` is of. Raises ValueError for what is none; KeyError, TypeError."""
    made = {} if made is None else made
    if not isinstance(data, list):
        return data

    def inner(each: Any) -> Any:
        return decode(each, classes, made)

    kind, *rest = data
    if kind in _BYTES:
        return _BYTES[kind](base64.b64decode(rest[0], validate=True))
    if kind in _ITEMS:
        return _ITEMS[kind](map(inner, rest))
    match kind, *rest:
        case "deque", most, *items:
            return deque(map(inner, items), maxlen=most)
        case "dict", *pairs:
            return {inner(key): inner(each) for key, each in pairs}
        case "same", number:
            return made[number]
        case "object", number, str(name), dict(members):
            cls = {each.__name__: each for each in classes}[name]
            new: Any = object.__new__(cls)
            made[number] = new
            set_attributes(new, {name: inner(each) for name, each in members.items()})
            return new
    raise ValueError(f"{kind!r} is no kind of value")


def attributes(each: object) -> dict[str, Any]:
    """The attributes of an object by name, with and without slots."""
    slots = [name for cls in type(each).__mro__ for name in cls.__dict__.get("__slots__", ())]
    return {**getattr(each, "__dict__", {}), **{name: getattr(each, name) for name in slots}}


def set_attributes(each: object, values: Mapping[str, Any]) -> None:
    """Gives an object attributes."""
    for name, value in values.items():
        setattr(each, name, value)
