"""Who waits for something, and what it sees when that has come."""

from collections.abc import Iterable
from typing import Any

from amaranth.hdl import Signal

from sim.engines.internals import ChangedTrigger, EdgeTrigger, ProcessContext, SampleTrigger

__all__ = ["tells_time"]

_WAITS = (EdgeTrigger, ChangedTrigger)


def tells_time(combination: Any, state: Any, clocks: set[int]) -> bool:
    """Whether who waits for a combination of triggers can tell that logic takes its time.

    That is who waits for other than `clocks`, which are the signals' ids, and waits for what logic
    drives or samples that; or is a process, which may set a clock in answer. At the edge of a
    clock, as after a delay, all has settled.
    """
    triggers = combination._triggers
    for trigger in triggers:
        if type(trigger) in _WAITS and id(trigger.signal) not in clocks:
            break
    else:
        return False
    if isinstance(combination._process.context, ProcessContext):
        return True
    try:
        signals = [signal for trigger in triggers for signal in _signals_of(trigger)]
    except NotImplementedError:  # a row of a memory tells nothing of its signals
        return True
    return any(state.slots[state.get_signal(signal)].is_comb for signal in signals)


def _signals_of(trigger: Any) -> Iterable[Signal]:
    if type(trigger) in _WAITS:
        return [trigger.signal]
    if isinstance(trigger, SampleTrigger):
        signals: Iterable[Signal] = trigger.value._rhs_signals()
        return signals
    return []
