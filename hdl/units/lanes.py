"""Byte lanes: how a value of 1, 2, 4 or 8 bytes lies in the 64-bit word of a memory port.

Functions from values to values; `size` is the log2 of the access's bytes (2 bits), `low` the
address bits 2:0. `store_lanes` and `load_value` expect a naturally aligned access; those of any
other reach into the next word, by `reached_lanes` and `rotate_lanes`.
"""

from amaranth.hdl import C, Cat, Mux, Value, ValueLike

__all__ = ["is_misaligned", "load_value", "reached_lanes", "rotate_lanes", "store_lanes"]


def is_misaligned(low: ValueLike, size: ValueLike) -> Value:
    """Whether the access is not naturally aligned (1 bit)."""
    low, size = Value.cast(low), Value.cast(size)
    return (low & Cat(size.any(), size[1], size.all())).any()


def store_lanes(low: ValueLike, size: ValueLike, data: ValueLike) -> tuple[Value, Value]:
    """The write data (64 bits) and the strobe (8 bits) that store the low bytes of `data`.

    The bytes are repeated over all lanes; the strobe picks those the address means.
    """
    low, size, data = Value.cast(low), Value.cast(size), Value.cast(data)
    # What repeats half of the lanes is chosen once for all of them.
    half = Cat(data[:8], Mux(size == 0, data[:8], data[8:16]))
    word = Cat(half, Mux(size[1], data[16:32], half))
    lanes = Cat(word, Mux(size == 3, data[32:64], word))
    strobe = _by_size(size, C(0x01, 8), C(0x03, 8), C(0x0F, 8), C(0xFF, 8)) << low
    return lanes, strobe[:8]


def load_value(low: ValueLike, size: ValueLike, unsigned: ValueLike, word: ValueLike) -> Value:
    """The value (64 bits) at `low` inside `word` (64 bits), sign-extended unless `unsigned`."""
    low, size, unsigned = Value.cast(low), Value.cast(size), Value.cast(unsigned)
    word = Value.cast(word)

    def extend(log2: int) -> Value:
        part = word.word_select(low[log2:], 8 << log2)
        return Mux(unsigned, part, part.as_signed())

    return _by_size(size, extend(0), extend(1), extend(2), word)[:64]


def reached_lanes(low: ValueLike, size: ValueLike) -> Value:
    """The bytes of an access of any alignment (16 bits): those of its word, then of the next."""
    low, size = Value.cast(low), Value.cast(size)
    return (_by_size(size, C(0x01, 16), C(0x03, 16), C(0x0F, 16), C(0xFF, 16)) << low)[:16]


def rotate_lanes(word: ValueLike, by: ValueLike) -> Value:
    """`word` (64 bits) rotated by `by` bytes (its low 3 bits count) towards the upper lanes."""
    word, by = Value.cast(word), Value.cast(by)
    return Cat(word.word_select((lane - by)[:3], 8) for lane in range(8))


def _by_size(size: Value, byte: Value, half: Value, word: Value, double: Value) -> Value:
    return Mux(size[1], Mux(size[0], double, word), Mux(size[0], half, byte))
