"""The events that the hart counts, in plain Python: a name and a number for each.

An event's number is its bit in `Hart.probe.events`. It happens once in a cycle at most; when it
does is said to the cycle in docs/counters.md.
"""

from enum import IntEnum

__all__ = ["Event"]


class Event(IntEnum):
    """Numbers of events: those of the TLBs by side and page size, of the walker, and stalls."""

    #: A TLB had the page of a fetch or of a data access.
    ITLB_HIT_4K = 0
    ITLB_HIT_2M = 1
    ITLB_HIT_1G = 2
    DTLB_HIT_4K = 3
    DTLB_HIT_2M = 4
    DTLB_HIT_1G = 5
    #: It had not: by the size of the page that the walk has found, or by how that ended.
    ITLB_MISS_4K = 6
    ITLB_MISS_2M = 7
    ITLB_MISS_1G = 8
    ITLB_MISS_FAULT = 9
    ITLB_MISS_SQUASHED = 10
    DTLB_MISS_4K = 11
    DTLB_MISS_2M = 12
    DTLB_MISS_1G = 13
    DTLB_MISS_FAULT = 14
    DTLB_MISS_SQUASHED = 15
    #: A page had to make room for another one.
    ITLB_EVICTION_4K = 16
    ITLB_EVICTION_2M = 17
    ITLB_EVICTION_1G = 18
    DTLB_EVICTION_4K = 19
    DTLB_EVICTION_2M = 20
    DTLB_EVICTION_1G = 21
    #: A walk begins; it begins at a table that the walk cache knows.
    FETCH_WALK = 22
    DATA_WALK = 23
    UPDATE_WALK = 24
    WALK_CACHE_HIT = 25
    #: Memory takes a read of a page-table entry, by its level, or the write of its A or D bit.
    PTE_READ_2 = 26
    PTE_READ_1 = 27
    PTE_READ_0 = 28
    PTE_UPDATE = 29
    #: A cycle in which a stage waits for the MMU.
    FETCH_STALL = 30
    DATA_STALL = 31
    UPDATE_STALL = 32
