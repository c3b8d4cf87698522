import pytest

from sim.injection import (
    BusError,
    FailedKalloc,
    FlippedBit,
    InjectionError,
    SkippedFences,
    read_bus_error,
    read_fail,
    read_skipped,
)


def test_faults_are_read_from_words():
    assert read_fail("kalloc:1,000") == FailedKalloc(1000)
    assert read_fail("pte:0x4000:V@fault:3") == FlippedBit(0x4000, 0, 3)
    assert read_fail("pte:16384:63@fault:1") == FlippedBit(0x4000, 63, 1)
    assert read_skipped("7") == SkippedFences(7, 7)
    assert read_skipped("trap:2") == SkippedFences(5, 6)
    assert read_bus_error("0x80001000@2") == BusError(0x8000_1000, 2)


def test_a_bit_has_its_flag_s_name():
    assert [FlippedBit(0, bit, 1).name for bit in (0, 7, 8)] == ["V", "D", "bit 8"]


@pytest.mark.parametrize(
    "read, text, message",
    [
        (read_fail, "kfree:1", "must be kalloc:N or pte:VA:BIT@fault:N, not 'kfree:1'"),
        (read_fail, "kalloc:0", "kalloc:N needs a number N from 1 on, not 'kalloc:0'"),
        (read_fail, "kalloc:1,,2", "kalloc:N needs a number N from 1 on, not 'kalloc:1,,2'"),
        (read_fail, "kalloc:1_", "kalloc:N needs a number N from 1 on, not 'kalloc:1_'"),
        (read_fail, "kalloc:", "kalloc:N needs a number N from 1 on, not 'kalloc:'"),
        (
            read_fail,
            "pte:0x4000:Z@fault:1",
            "pte:VA:BIT needs a BIT of V, R, W, X, U, G, A, D, or 0 to 63, "
            "not 'pte:0x4000:Z@fault:1'",
        ),
        (
            read_fail,
            "pte:0x4000:64@fault:1",
            "pte:VA:BIT needs a BIT of V, R, W, X, U, G, A, D, or 0 to 63, "
            "not 'pte:0x4000:64@fault:1'",
        ),
        (
            read_fail,
            "pte:0x4000000000:V@fault:1",
            "pte:VA:BIT needs a VA below 0x4000000000, not 'pte:0x4000000000:V@fault:1'",
        ),
        (
            read_fail,
            "pte:0:V@fault:0",
            "fault:N needs a number N from 1 on, not 'pte:0:V@fault:0'",
        ),
        (read_skipped, "0", "must be N or trap:K, from 1 on, not '0'"),
        (read_skipped, "trap:x", "must be N or trap:K, from 1 on, not 'trap:x'"),
        (read_skipped, "-1", "must be N or trap:K, from 1 on, not '-1'"),
        (
            read_bus_error,
            "0x80000000",
            "must be ADDRESS@N, N from 1 on, and a physical address of 56 bits, not '0x80000000'",
        ),
        (
            read_bus_error,
            "0x100000000000000@1",
            "must be ADDRESS@N, N from 1 on, and a physical address of 56 bits, "
            "not '0x100000000000000@1'",
        ),
        (read_bus_error, "0@0", "must be ADDRESS@N, N from 1 on, not '0@0'"),
    ],
)
def test_what_is_none_is_refused_in_one_line(read, text, message):
    with pytest.raises(InjectionError) as caught:
        read(text)
    assert str(caught.value) == message
