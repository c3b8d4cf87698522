"""Where compiled files are kept: in the checkout for all who use it, else with each user.

A checkout that belongs to somebody else may only be read. What its owner has compiled serves the
others all the same: it is copied to their own cache.

A full disk, a crash or a copy that was cut off leaves files that are not whole. A damaged library
would kill the process that loads it, so each file ends with a seal, the hash of its name and of
what stands before it, and is checked before it is used. The name tells what the content is made of.
"""

import contextlib
import hashlib
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

__all__ = ["SEAL", "checkout_cache", "content", "is_kept", "keep", "scratch", "user_cache"]

#: How a seal begins; 64 hexadecimal digits follow. Loaders and linkers do not look behind what the
#: headers of a file describe. It is part of what the names of files are hashed from.
SEAL = b"\ntrapline named sha256 "
_DIGITS = 64
#: How folders are called in which something is being made.
_MAKING = "making-"
#: Seconds after which such a folder is no longer in use: nobody compiles for so long.
_FORGOTTEN = 24 * 3600


def checkout_cache() -> Path | None:
    """The cache of this checkout; None if Trapline is installed otherwise."""
    root = Path(__file__).resolve().parents[2]
    return root / "build" / "cache" if (root / "pyproject.toml").is_file() else None


def user_cache() -> Path:
    """The cache of whoever may not write to the checkout."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "trapline"


@contextlib.contextmanager
def scratch(directory: Path) -> Iterator[Path]:
    """A folder for what is being made, on the disk of the cache `directory`, for a while.

    What processes have left there that were killed yesterday or before is taken away.
    """
    directory.mkdir(parents=True, exist_ok=True)
    for left in directory.glob(f"{_MAKING}*"):
        with contextlib.suppress(OSError):  # another process may do the same
            if left.stat().st_mtime < time.time() - _FORGOTTEN:
                shutil.rmtree(left)
    with tempfile.TemporaryDirectory(prefix=_MAKING, dir=directory) as folder:
        yield Path(folder)


def keep(made: Path, path: Path) -> None:
    """Moves the new file `made` to `path`, in a cache on the same disk, at once and with a seal.

    Whoever looks there sees all of it or nothing.
    """
    seal = _seal(path, made.read_bytes())
    with made.open("ab") as file:
        file.write(seal)
    os.replace(made, path)


def content(path: Path) -> bytes:
    """What was kept at `path`. Raises ValueError if it is not whole or not that, and OSError."""
    sealed = path.read_bytes()
    data, seal = sealed[: -len(SEAL) - _DIGITS], sealed[-len(SEAL) - _DIGITS :]
    if seal != _seal(path, data):
        raise ValueError(f"{path} is damaged")
    return data


def _seal(path: Path, data: bytes) -> bytes:
    return SEAL + hashlib.sha256(path.name.encode() + b"\0" + data).hexdigest().encode()


def is_kept(path: Path) -> bool:
    """Whether the file `path` of a cache is there, and whole.

    One that is damaged is taken away, which is told. One of the user's cache that only the
    checkout's has is copied: names of files tell all that determines their content.
    """
    if path.is_file():
        if _is_whole(path):
            return True
        print(f"trapline: {path} is damaged and is made anew", file=sys.stderr)
        with contextlib.suppress(OSError):
            path.unlink()
    shared = checkout_cache()
    if shared is None or path.parent != user_cache():
        return False
    # Not there, or not to be read; and another process may be copying the same.
    with contextlib.suppress(OSError), scratch(path.parent) as folder:
        copy = Path(shutil.copy(shared / path.name, folder))
        if _is_whole(copy):
            os.replace(copy, path)
            return True
    return False


def _is_whole(path: Path) -> bool:
    with contextlib.suppress(OSError, ValueError):
        content(path)
        return True
    return False
