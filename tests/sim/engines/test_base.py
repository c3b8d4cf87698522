from sim.engines.base import CYCLE_FS


def test_a_cycle_of_a_waveform_is_a_microsecond():
    assert CYCLE_FS * 10**6 == 10**15
