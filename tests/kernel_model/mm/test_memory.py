"""What the kernel asks of memory, of the RAM that it runs on and of the one in its unit tests."""

import random

import pytest

from hdl.arch import PAGE_SIZE
from kernel_model.facts.memlayout import KERNBASE
from kernel_model.mm.memory import AccessFault, is_memory
from sim.platform.ram import Ram
from tests.kernel_model.support import Memory

SIZE = 2 * PAGE_SIZE
END = KERNBASE + SIZE


@pytest.fixture(params=[lambda: Ram(KERNBASE, SIZE), lambda: Memory(SIZE)], ids=["Ram", "Memory"])
def memory(request):
    return request.param()


def test_it_says_where_it_is(memory):
    assert (memory.base, memory.size) == (KERNBASE, SIZE)


def test_words_are_little_endian_and_unsigned(memory):
    memory.write(KERNBASE + 8, bytes.fromhex("0807060504030281"))
    assert memory.read_u64(KERNBASE + 8) == 0x8102_0304_0506_0708
    memory.write_u64(END - 8, (1 << 64) - 2)
    assert memory.read(END - 8, 8) == b"\xfe" + b"\xff" * 7


def test_what_is_read_does_not_change_later(memory):
    memory.write(KERNBASE, b"before")
    data = memory.read(KERNBASE, 6)
    memory.write(KERNBASE, b"behind")
    assert data == b"before"
    assert isinstance(data, bytes)


@pytest.mark.parametrize("seed", range(3))
def test_an_access_touches_its_bytes_and_no_others(memory, seed):
    rng = random.Random(seed)
    model = bytearray(SIZE)
    memory.zero(KERNBASE, SIZE)
    for _ in range(200):
        start = rng.randrange(SIZE)
        n = rng.choice([0, 1, 7, 8, 9, PAGE_SIZE])
        n = min(n, SIZE - start)
        match rng.choice(["write", "zero", "write_u64"]):
            case "write":
                data = rng.randbytes(n)
                memory.write(KERNBASE + start, data)
                model[start : start + n] = data
            case "zero":
                memory.zero(KERNBASE + start, n)
                model[start : start + n] = bytes(n)
            case "write_u64":
                start &= ~7
                value = rng.getrandbits(64)
                memory.write_u64(KERNBASE + start, value)
                model[start : start + 8] = value.to_bytes(8, "little")
        assert memory.read(KERNBASE, SIZE) == model, f"seed {seed}"
    assert any(model)


@pytest.mark.parametrize(
    "access",
    [
        lambda memory: memory.read(KERNBASE - 1, 2),
        lambda memory: memory.read(END - 1, 2),
        lambda memory: memory.read(0, 8),
        lambda memory: memory.write(END, b"x"),
        lambda memory: memory.write(KERNBASE - 1, b"xy"),
        lambda memory: memory.zero(END - PAGE_SIZE, PAGE_SIZE + 1),
        lambda memory: memory.read_u64(END),
        lambda memory: memory.read_u64(KERNBASE - 8),
        lambda memory: memory.write_u64(END, 0),
        lambda memory: memory.read_u64(KERNBASE + 4),
        lambda memory: memory.write_u64(KERNBASE + 1, 0),
    ],
)
def test_what_is_outside_or_not_aligned_raises(memory, access):
    before = memory.read(KERNBASE, SIZE)
    with pytest.raises((IndexError, AssertionError)):
        access(memory)
    assert memory.read(KERNBASE, SIZE) == before


def test_an_access_outside_is_a_fault_and_what_is_inside_is_memory(memory):
    for pa, count, inside in [
        (KERNBASE, SIZE, True),
        (KERNBASE - 8, 8, False),
        (END - 8, 8, True),
        (END - 8, 16, False),
        (END, 8, False),
    ]:
        assert is_memory(memory, pa, count) == inside
        if not inside:
            with pytest.raises((AccessFault, AssertionError)):
                memory.read(pa, count)
