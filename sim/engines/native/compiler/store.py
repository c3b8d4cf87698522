"""What is kept of a model beside its library, so that a second start elaborates nothing."""

import contextlib
import hashlib
import json
import sys
from collections.abc import Iterable
from dataclasses import Field, asdict, dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, ClassVar, Protocol, TypeVar

from sim.host.shared_cache import SEAL, content, is_kept, keep, scratch

__all__ = ["ALL_STALE", "STALE", "StoredModel", "fingerprint", "load", "save"]

#: Kinds of source files that can change what a model computes.
_SOURCES = (".py", ".cpp")
#: Among the places: the word that says that rarely changing state was changed, and what to write
#: there if that was done from outside.
STALE = "stale"
ALL_STALE = (1 << 64) - 1


@dataclass(frozen=True)
class StoredModel:
    """What runs a model: all that Python has to know of it.

    Members
    -------
    library : str
        Name of the shared library, in the same folder.
    initial : list of int
        The words of its state after reset.
    places : dict
        Words of the state by the names that the model's user gave them.
    exhibits : dict
        Of each signal that is to be shown the first word behind `native_show`, and its width.
    shown_words : int
        Words that `native_show` writes.
    """

    library: str
    initial: list[int]
    places: dict[str, int]
    exhibits: dict[str, list[int]] = field(default_factory=dict)
    shown_words: int = 0


class _HasLibrary(Protocol):
    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]

    @property
    def library(self) -> str: ...


T = TypeVar("T", bound=_HasLibrary)


def fingerprint(packages: Iterable[Path], *facts: object) -> str:
    """A hash of all source files in the folders `packages`, and of `facts` by their `repr`."""
    digest = hashlib.sha256(SEAL + repr(facts).encode())
    for package in packages:
        for path in sorted(package.rglob("*")):
            if path.suffix in _SOURCES:
                digest.update(f"\0{path.relative_to(package)}\0".encode() + path.read_bytes())
    return digest.hexdigest()[:32]


def load(path: Path, kind: type[T]) -> T | None:
    """The image of that `kind` in `path`; None if it, or its library, is not there or not whole."""
    with contextlib.suppress(OSError, ValueError, TypeError):
        image = kind(**json.loads(content(path))) if is_kept(path) else None
        if image is not None and is_kept(path.parent / image.library):
            return image
    return None


def save(path: Path, image: _HasLibrary) -> None:
    """Keeps `image`, any dataclass with a `library`, in `path`.

    Who may read it is for the umask to say, as with the library: a checkout may be shared. If it
    cannot be kept, that is told, and no reason not to run what was made.
    """
    try:
        with scratch(path.parent) as folder:
            whole = folder / path.name
            whole.write_text(json.dumps(asdict(image)))
            keep(whole, path)
    except OSError as error:
        _tell(path.parent, error.strerror)


@cache
def _tell(folder: Path, reason: str | None) -> None:
    """Once."""
    print(f"trapline: cannot keep files in {folder}: {reason}", file=sys.stderr)
