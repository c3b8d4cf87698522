"""What a design is, told from the constructed component, without elaborating it.

A compiled model may serve another component only if both are the same design. Whoever made it, with
whatever parameters: a component holds all that it was given, so everything that can be reached from
it is described, and what stands in the modules whose code elaborates it. Where any of that code is
not known to be that of the source files, there is no description, and the design has to be
elaborated to know it.
"""

import contextlib
import dataclasses
import hashlib
import sys
from collections.abc import Callable, Collection
from enum import Enum
from functools import cache
from operator import itemgetter
from pathlib import Path
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType

from amaranth.hdl import Signal

import hdl

__all__ = ["identify"]

#: Packages whose code stands for itself: the caller's key has Amaranth's version, and `_SOURCES`.
_TRUSTED = frozenset(sys.stdlib_module_names) | {"amaranth"}
#: The package whose components can be described: the caller's key has all of its sources.
_SOURCES = Path(hdl.__file__).resolve().parent
#: Where the code of its functions stands; what a dataclass generates has no file, or the library's.
_FILES = (f"{_SOURCES}/", "<string>", dataclasses.__file__)
#: Attributes that say where and when something was made, and whether it was used.
_NO_PART = frozenset({"src_loc", "_src_loc", "_MustUse__context", "_MustUse__used", "duid"})
_PLAIN = (bool, int, float, str, bytes, type(None), type(Ellipsis))


class _UnknownError(Exception):
    """Something whose code is not known."""


def identify(roots: object, data: Collection[Signal] = ()) -> str | None:
    """A hash of the designs that can be reached from `roots`, which also tells them apart in it.

    Two lists of components, signals and memories have the same hash only if they elaborate to the
    same design and their members have the same places in it. The initial values of the signals in
    `data` make no difference. None if something is not described: a class or a function that is
    neither of `hdl/` nor of Amaranth or Python, or one of `hdl/` that was replaced.
    """
    description = _Description({id(signal) for signal in data})
    try:
        for name in sorted(sys.modules):
            if name == "hdl" or name.startswith("hdl."):
                description.module(sys.modules[name])
        description.add(roots)
    except (_UnknownError, RecursionError):
        return None
    return hashlib.sha256("\0".join(description.facts).encode()).hexdigest()


class _Description:
    """Facts about all that was added, each object once and by number when it comes again."""

    def __init__(self, data: Collection[int]):
        self.facts: list[str] = []
        self._data = data
        self._numbers: dict[int, int] = {}
        # A number stands for an object as long as that lives.
        self._kept: list[object] = []

    def module(self, module: ModuleType) -> None:
        """What stands in a module of `hdl/`: constants may have been changed."""
        self.facts.append(module.__name__)
        for name, value in sorted(vars(module).items()):
            if not name.startswith("__") and not isinstance(value, ModuleType):
                self.facts.append(name)
                self.add(value)

    def add(self, value: object) -> None:
        """Describes `value` and all that it holds."""
        kind = type(value)
        if kind in _PLAIN:
            self.facts.append(f"{kind.__name__} {value!r}")
        elif not self._seen(value):
            if kind is Signal:
                self._signal(value)
            elif isinstance(value, type):
                self._class(value)
            elif isinstance(value, Enum):
                self.facts.append(value.name)
                self.add(kind)
            elif isinstance(value, FunctionType | MethodType | BuiltinFunctionType):
                self._function(value)
            elif isinstance(value, ModuleType):
                _require(_is_trusted(value.__name__), value)
            else:
                self._object(value, kind)

    def _seen(self, value: object) -> bool:
        """Whether `value` was described before; it has a number from now on."""
        number = self._numbers.get(id(value))
        if number is not None:
            self.facts.append(f"again {number}")
            return True
        self._numbers[id(value)] = len(self._kept)
        self._kept.append(value)
        return False

    def _signal(self, signal: Signal) -> None:
        """All of a signal that matters to what is computed; most objects are signals."""
        init = None if id(signal) in self._data else signal.init
        self.facts.append(f"{signal.name} {signal.shape()} {init} {signal.reset_less}")

    def _object(self, value: object, kind: type) -> None:
        self.add(kind)
        if isinstance(value, dict):
            self._items(value)
        elif isinstance(value, list | tuple):
            self.facts.append(str(len(value)))
            for item in value:
                self.add(item)
        elif isinstance(value, set | frozenset):
            _require(all(isinstance(item, int | str) for item in value), value)
            self.facts.append(repr(sorted(value)))
        for name, held in _attributes(value):
            self.facts.append(name)
            self.add(held)

    def _items(self, mapping: dict[object, object]) -> None:
        self.facts.append(str(len(mapping)))
        for key, item in mapping.items():
            self.add(key)
            self.add(item)

    def _class(self, cls: type) -> None:
        self.facts.append(f"{cls.__module__} {cls.__qualname__}")
        if _is_trusted(cls.__module__):
            return
        _require(_is_ours(cls.__module__), cls)
        for base in cls.__mro__[1:]:
            self.add(base)
        for name, held in sorted(vars(cls).items()):
            if isinstance(held, FunctionType | property) or not name.startswith("_"):
                self.facts.append(name)
                self.add((held.fget, held.fset) if isinstance(held, property) else held)

    def _function(self, function: FunctionType | MethodType | BuiltinFunctionType) -> None:
        self.facts.append(f"{function.__module__} {function.__qualname__}")
        plain: Callable[..., object] = function
        if isinstance(function, MethodType):
            self.add(function.__self__)
            plain = function.__func__
        if isinstance(plain, BuiltinFunctionType) or _is_trusted(plain.__module__ or ""):
            return
        if not isinstance(plain, FunctionType) or not _is_ours(plain.__module__):
            raise _UnknownError(plain)
        _require(plain.__code__.co_filename.startswith(_FILES), plain)
        self.add(plain.__defaults__)
        self.add(plain.__kwdefaults__)
        for cell in plain.__closure__ or ():
            self.add(cell.cell_contents)


def _attributes(value: object) -> list[tuple[str, object]]:
    """Names and values of what an object holds, in order."""
    try:
        held = dict(object.__getattribute__(value, "__dict__"))
    except AttributeError:
        held = {}
    # mypy asks whether instances have a hash.
    for name in _slots(type(value)):  # type: ignore[arg-type]
        with contextlib.suppress(AttributeError):
            held[name] = object.__getattribute__(value, name)
    return sorted((item for item in held.items() if item[0] not in _NO_PART), key=itemgetter(0))


@cache
def _slots(cls: type) -> tuple[str, ...]:
    """The slots of a class, as they are called from outside of it."""
    slots = [(owner, owner.__dict__.get("__slots__", ())) for owner in cls.__mro__]
    return tuple(
        f"_{owner.__name__.lstrip('_')}{name}" if name.startswith("__") else name
        for owner, names in slots
        for name in ((names,) if isinstance(names, str) else names)
        if name not in ("__dict__", "__weakref__")
    )


def _is_trusted(module: str) -> bool:
    return module.partition(".")[0] in _TRUSTED


def _is_ours(module: str) -> bool:
    return module.partition(".")[0] == _SOURCES.name


def _require(known: bool, what: object) -> None:
    if not known:
        raise _UnknownError(what)
