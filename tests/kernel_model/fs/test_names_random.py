"""Operations on names of files by chance, beside a model that is a dictionary."""

import random

import pytest

from kernel_model.calls.sysfile import O_RDWR, O_TRUNC
from kernel_model.facts.param import NINODES
from tests.kernel_model.files import User, make_files, references


@pytest.mark.parametrize("seed", range(6))
def test_random_operations_agree_with_a_simple_model(seed):
    """Files are bytes in a dict, names too; afterwards everything is deleted and nothing is left.

    Inodes and blocks run out on the way: then the operation fails and the model does not change.
    """
    rng = random.Random(seed)
    user = User(make_files())
    kernel = user.kernel
    model = Model()
    kernel.fs.free_blocks = free = 120
    failed = 0
    for _ in range(400):
        failed += not step(rng, user, model)
        assert kernel.fs.free_blocks >= 0
    assert failed > 0, f"seed {seed}: nothing ran out"
    for path, data in model.contents().items():
        assert user.load(path) == data, f"seed {seed}: {path}"
    for path in sorted(model.names, reverse=True):
        assert user.unlink(path) == 0, f"seed {seed}: {path}"
    for fd, held in model.open.items():
        assert user.read(fd, 0) == 0
        assert user.proc.ofile[fd].ip.data == held
        user.close(fd)
    user.exit()
    assert kernel.fs.free_inodes == NINODES - 3
    assert kernel.fs.free_blocks == free
    assert references(kernel) == {}
    assert kernel.ftable == []


class Model:
    """Names of files and directories; what is open."""

    def __init__(self):
        self.names = {}  # path -> bytearray, or None for a directory
        self.open = {}  # descriptor -> bytearray

    def contents(self):
        return {path: bytes(data) for path, data in self.names.items() if data is not None}

    def files(self):
        return sorted(self.contents())

    def directories(self):
        return ["", *sorted(path for path, data in self.names.items() if data is None)]

    def empty(self, path):
        return not any(name.startswith(path + "/") for name in self.names)


def step(rng, user, model):
    """One operation on both; whether it succeeded."""
    operation = rng.choice([make_file, make_file, make_directory, grow, link, remove, keep, drop])
    return operation(rng, user, model)


def new_path(rng, model):
    return f"{rng.choice(model.directories())}/{rng.choice('abcdefgh')}"


def make_file(rng, user, model):
    path, data = new_path(rng, model), rng.randbytes(rng.choice([0, 10, 1024, 5000, 15000]))
    there = model.names.get(path, b"")
    fd = user.open(path, 0x202 | O_TRUNC)
    if there is None:
        assert fd == -1
        return True
    if fd == -1:
        assert path not in model.names
        return False
    held = model.names.setdefault(path, bytearray())
    held.clear()
    result = user.write(fd, data)
    stored = user.proc.ofile[fd].ip.size
    held += data[:stored]
    user.close(fd)
    assert result == (len(data) if stored == len(data) else -1)
    return result == len(data)


def make_directory(rng, user, model):
    path = new_path(rng, model)
    result = user.mkdir(path)
    if path in model.names:
        assert result == -1
        return True
    if result == 0:
        model.names[path] = None
    return result == 0


def grow(rng, user, model):
    """Overwrite the start of a file, and sometimes more."""
    files = model.files()
    if not files:
        return True
    path, data = rng.choice(files), rng.randbytes(rng.randrange(3000))
    fd = user.open(path, O_RDWR)
    result = user.write(fd, data)
    written = user.proc.ofile[fd].off
    model.names[path][:written] = data[:written]
    user.close(fd)
    return result == len(data)


def link(rng, user, model):
    files = model.files()
    if not files:
        return True
    old, new = rng.choice(files), new_path(rng, model)
    result = user.link(old, new)
    if new in model.names:
        assert result == -1
        return True
    if result == 0:
        model.names[new] = model.names[old]
    return result == 0


def remove(rng, user, model):
    path = new_path(rng, model)
    allowed = path in model.names and (model.names[path] is not None or model.empty(path))
    assert user.unlink(path) == (0 if allowed else -1)
    if allowed:
        del model.names[path]
    return True


def keep(rng, user, model):
    """Open a file that may be unlinked later."""
    files = model.files()
    if files and len(model.open) < 8:
        path = rng.choice(files)
        model.open[user.open(path)] = model.names[path]
    return True


def drop(rng, user, model):
    if model.open:
        fd = rng.choice(sorted(model.open))
        assert user.proc.ofile[fd].ip.data == model.open.pop(fd)
        assert user.close(fd) == 0
    return True
