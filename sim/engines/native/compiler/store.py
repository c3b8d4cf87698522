"""What is kept of a model beside its library, so that a second start elaborates nothing."""

import contextlib
import hashlib
import json
import os
import tempfile
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from sim.host.shared_cache import is_kept

__all__ = ["Image", "fingerprint", "load", "save"]

#: Kinds of source files that can change what a model computes.
_SOURCES = (".py", ".cpp")


@dataclass(frozen=True)
class Image:
    """What runs a model: all that Python has to know of it.

    Members
    -------
    library : str
        Name of the shared library, in the same folder.
    initial : list of int
        The words of its state after reset.
    places : dict
        Words of the state by the names that the model's user gave them.
    """

    library: str
    initial: list[int]
    places: dict[str, int]


def fingerprint(packages: Iterable[Path], *facts: object) -> str:
    """A hash of all source files in the folders `packages`, and of `facts` by their `repr`."""
    digest = hashlib.sha256(repr(facts).encode())
    for package in packages:
        for path in sorted(package.rglob("*")):
            if path.suffix in _SOURCES:
                digest.update(f"\0{path.relative_to(package)}\0".encode() + path.read_bytes())
    return digest.hexdigest()[:32]


def load(path: Path) -> Image | None:
    """The image in `path`; None if it is not there, not whole, or its library is gone."""
    with contextlib.suppress(OSError, ValueError, TypeError):
        image = Image(**json.loads(path.read_text())) if is_kept(path) else None
        if image is not None and is_kept(path.parent / image.library):
            return image
    return None


def save(path: Path, image: Image) -> None:
    """Writes `image` to `path` at once, so that another process sees all of it or nothing.

    Who may read it is for the umask to say, as with the library: a checkout may be shared.
    """
    with tempfile.TemporaryDirectory(dir=path.parent) as scratch:
        whole = Path(scratch) / path.name
        whole.write_text(json.dumps(asdict(image)))
        os.replace(whole, path)
