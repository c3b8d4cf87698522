"""Where compiled files are kept: in the checkout for all who use it, else with each user.

A checkout that belongs to somebody else may only be read. What its owner has compiled serves the
others all the same: it is copied to their own cache.

A full disk, a crash or a copy that was cut off leaves files that are not whole. A damaged library
would kill the process that loads it, so each file ends with a seal, the hash of what stands before
it, and is checked before it is used.
"""

import contextlib
import hashlib
import os
import shutil
import sys
import tempfile
from pathlib import Path

__all__ = ["SEAL", "checkout_cache", "content", "is_kept", "keep", "user_cache"]

#: How a seal begins; 64 hexadecimal digits follow. Loaders and linkers do not look behind what the
#: headers of a file describe. It is part of what the names of files are hashed from.
SEAL = b"\ntrapline sha256 "
_DIGITS = 64


def checkout_cache() -> Path | None:
    """The cache of this checkout; None if Trapline is installed otherwise."""
    root = Path(__file__).resolve().parents[2]
    return root / "build" / "cache" if (root / "pyproject.toml").is_file() else None


def user_cache() -> Path:
    """The cache of whoever may not write to the checkout."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "trapline"


def keep(made: Path, path: Path) -> None:
    """Moves the new file `made` to `path`, in a cache on the same disk, at once and with a seal.

    Whoever looks there sees all of it or nothing.
    """
    digest = hashlib.sha256(made.read_bytes()).hexdigest()
    with made.open("ab") as file:
        file.write(SEAL + digest.encode())
    os.replace(made, path)


def content(path: Path) -> bytes:
    """What was kept at `path`. Raises ValueError if it is not whole, and OSError."""
    sealed = path.read_bytes()
    data, seal = sealed[: -len(SEAL) - _DIGITS], sealed[-len(SEAL) - _DIGITS :]
    if seal != SEAL + hashlib.sha256(data).hexdigest().encode():
        raise ValueError(f"{path} is damaged")
    return data


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
    with contextlib.suppress(OSError), tempfile.TemporaryDirectory(dir=path.parent) as scratch:
        copy = Path(shutil.copy(shared / path.name, scratch))
        if _is_whole(copy):
            os.replace(copy, path)
            return True
    return False


def _is_whole(path: Path) -> bool:
    with contextlib.suppress(OSError, ValueError):
        content(path)
        return True
    return False
