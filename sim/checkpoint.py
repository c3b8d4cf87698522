"""Puts Python objects back to what they were, in place: whoever refers to them goes on doing so.

A copy of an object would not do. What watches the kernel, say, would still look at the one of
before, and see nothing any more.
"""

import functools
import io
import re
import types
from collections import deque
from collections.abc import Callable, Iterable
from enum import Enum
from pathlib import PurePath
from typing import Any, Protocol, runtime_checkable

__all__ = ["Checkpoint", "Restorable"]

_CONSTANTS = (type(None), bool, int, float, complex, str, bytes, range, slice, type(...), Enum)
_FUNCTIONS = (
    types.BuiltinFunctionType,
    types.MethodDescriptorType,
    types.WrapperDescriptorType,
    types.ModuleType,
    type,
)
#: What never changes, and what is no state of a simulation: it stays as it is.
_OPAQUE = (*_CONSTANTS, *_FUNCTIONS, PurePath, re.Pattern, io.IOBase, BaseException)


@runtime_checkable
class Restorable(Protocol):
    """An object that knows itself how it is put back, such as one with a file behind it.

    What its state refers to is not looked at.
    """

    def save_state(self) -> Any:
        """What `load_state` needs."""

    def load_state(self, state: Any) -> None:
        """Becomes again what it was."""


class Checkpoint:
    """The state of all objects that `roots` lead to: by attributes, containers, and closures.

    Functions and classes themselves, files, and what never changes are left alone; so is whatever
    is in `apart`. Raises TypeError for an object of which it is not known what its state is: better
    that than to forget it in silence.
    """

    def __init__(self, roots: Iterable[object], apart: Iterable[object] = ()):
        self._seen: dict[int, object] = {id(each): each for each in apart}
        self._undo: list[Callable[[], None]] = []
        waiting = list(roots)
        while waiting:
            each = waiting.pop()
            if isinstance(each, _OPAQUE) or id(each) in self._seen:
                continue
            self._seen[id(each)] = each
            waiting += self._record(each)

    def __len__(self) -> int:
        """How many objects' states it holds."""
        return len(self._undo)

    def put_back(self) -> None:
        """Gives each object the state that it had; as often as one likes."""
        for undo in self._undo:
            undo()

    def _record(self, each: Any) -> Iterable[object]:
        """Remembers what `each` is now; returns what it refers to."""
        if _restores_itself(type(each)):
            self._undo.append(functools.partial(each.load_state, each.save_state()))
            return ()
        match each:
            case dict():
                return (*self._record_dict(each), *self._record_members(each))
            case set() | deque() | list():
                return (*self._record_items(each), *self._record_members(each))
            case bytearray():
                self._undo.append(functools.partial(each.__setitem__, slice(None), bytes(each)))
                return ()
            case tuple() | frozenset():
                return each
            case types.FunctionType():
                return self._record_cells(each)
            case types.MethodType():
                return (each.__self__, each.__func__)
            case functools.partial():
                return (each.func, each.args, each.keywords)
        return self._record_attributes(each)

    def _record_dict(self, each: dict[Any, Any]) -> Iterable[object]:
        saved = dict(each)

        def undo() -> None:
            each.clear()
            each.update(saved)

        self._undo.append(undo)
        return (*saved.keys(), *saved.values(), getattr(each, "default_factory", None))

    def _record_items(self, each: set[Any] | deque[Any] | list[Any]) -> Iterable[object]:
        items = tuple(each)
        add = each.update if isinstance(each, set) else each.extend

        def undo() -> None:
            each.clear()
            add(items)

        self._undo.append(undo)
        return items

    def _record_members(self, each: object) -> Iterable[object]:
        """What a container of a class of its own has besides its items."""
        return self._record_attributes(each) if hasattr(each, "__dict__") else ()

    def _record_cells(self, function: types.FunctionType) -> Iterable[object]:
        """The variables of the functions around it; each may be bound anew."""
        cells = [cell for cell in function.__closure__ or () if id(cell) not in self._seen]
        values = []
        for cell in cells:
            self._seen[id(cell)] = cell
            try:
                value = cell.cell_contents
            except ValueError:  # not bound yet
                continue
            self._undo.append(functools.partial(setattr, cell, "cell_contents", value))
            values.append(value)
        return (*values, *(function.__defaults__ or ()))

    def _record_attributes(self, each: object) -> Iterable[object]:
        slots = [name for cls in type(each).__mro__ for name in _slots(cls)]
        members = getattr(each, "__dict__", None)
        if members is None and not slots:
            question = f"what is the state of a {type(each).__qualname__}?"
            raise TypeError(f"no checkpoint of {each!r}: {question}")
        held = {name: getattr(each, name) for name in slots if hasattr(each, name)}
        saved = dict(members or {})

        def undo() -> None:
            if members is not None:
                members.clear()
                members.update(saved)
            for name in slots:
                if name in held:
                    object.__setattr__(each, name, held[name])
                elif hasattr(each, name):
                    object.__delattr__(each, name)

        self._undo.append(undo)
        return (*saved.values(), *held.values())


def _restores_itself(kind: type) -> bool:
    """Its objects are `Restorable`; a protocol that is asked takes most of a snapshot's time."""
    return hasattr(kind, "save_state") and hasattr(kind, "load_state")


def _slots(cls: type) -> Iterable[str]:
    slots = cls.__dict__.get("__slots__", ())
    names = (slots,) if isinstance(slots, str) else slots
    return [name for name in names if name not in ("__dict__", "__weakref__")]
