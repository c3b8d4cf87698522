import pytest

from hdl.arch import Cause, Pte, make_pte
from kernel_model.facts.doorbell import Register
from kernel_model.facts.memlayout import DOORBELL
from sim.output.words import (
    Bus,
    Now,
    privilege,
    root_of,
    scause,
    stval,
    tlb,
    translation_register,
    trap_status,
    trap_vector,
    walker,
)

#: A cycle in which nothing happens.
QUIET = Now(*([0] * len(Now._fields)))._replace(
    priv="U", walker="IDLE", walk_side="FETCH", source="DATA", data_fault="NONE", ready=1
)
LEAF = make_pte(0x8000_5000, Pte.V | Pte.R | Pte.W | Pte.U | Pte.A | Pte.D)
POINTER = make_pte(0x8000_4000, Pte.V)


@pytest.mark.parametrize(
    "asked, words",
    [
        ((0, 0, "NONE", 0x1000), ""),
        ((1, 0, "NONE", 0x1234), "hit 0x1234"),
        ((0, 1, "NONE", 0x1234), "miss 0x1234"),
        ((0, 0, "PAGE", 0x1234), "refused 0x1234: page fault"),
        ((0, 0, "ACCESS", 0x1234), "refused 0x1234: access fault"),
    ],
)
def test_a_side_of_the_tlb(asked, words):
    assert tlb(*asked) == words


@pytest.mark.parametrize(
    "changed, words",
    [
        ({}, ""),
        (
            {"walk": 1, "walk_side": "DATA", "walk_level": 2, "data_va": 0x5678},
            "L2: walk of 0x5678 begins",
        ),
        (
            {"walk": 1, "walk_level": 0, "fetch_va": 0x240},
            "L0: walk of 0x240 begins, the table known from the walk cache",
        ),
        ({"walker": "OFFER", "walker_level": 1}, "L1: waits for memory"),
        ({"walker": "READ", "walker_level": 1}, "L1: waits for memory"),
        (
            {"walker": "READ", "walker_level": 1, "response": 1, "response_data": POINTER},
            f"L1 points to table 0x80004000, PTE {POINTER:#x} -------V",
        ),
        (
            {"walker": "READ", "response": 1, "response_data": LEAF},
            f"L0 4 KiB page at 0x80005000, PTE {LEAF:#x} DA-U-WRV",
        ),
        (
            {"walker": "READ", "response": 1, "response_data": 0},
            "L0 V = 0: not valid, PTE 0x0",
        ),
        ({"walker": "READ", "response": 1, "error": 1}, "L0: no memory there"),
        ({"walker": "COMPARE"}, "L0: sets A and D"),
        ({"walker": "DONE", "walker_fault": "PAGE"}, "page fault"),
        ({"walker": "DONE", "walker_fault": "NONE"}, "done"),
    ],
)
def test_the_walker(changed, words):
    assert walker(QUIET._replace(**changed)) == words


def said(bus, **changed):
    return bus.tell(QUIET._replace(**changed))


@pytest.mark.parametrize(
    "request_, words",
    [
        ({"address": 0x8000_1000}, "load 0x80001000"),
        ({"address": 0x8000_1000, "write": 1}, "store 0x80001000"),
        ({"address": 0x8000_1000, "source": "WALK", "level": 2}, "L2 PTE 0x80001000"),
        (
            {"address": 0x8000_1000, "source": "WALK", "write": 1},
            "L0 PTE 0x80001000, store",
        ),
        ({"address": DOORBELL, "write": 1}, "ring the doorbell"),
        ({"address": DOORBELL + Register.ACTION}, "load from the doorbell: action"),
        ({"address": DOORBELL + Register.TIME, "write": 1}, "store to the doorbell: time"),
        ({"address": DOORBELL + 0x800}, "load 0x7000800"),
        ({"address": 0x8000_1000, "ready": 0}, "load 0x80001000: busy"),
    ],
)
def test_what_is_asked_of_the_bus(request_, words):
    assert said(Bus(True), request=1, **request_) == words


def test_without_a_kernel_there_is_no_doorbell():
    assert said(Bus(False), request=1, write=1, address=DOORBELL) == "store 0x7000000"


def test_what_is_under_way_is_told_until_its_response():
    bus = Bus(True)
    assert said(bus) == ""
    assert said(bus, request=1, address=0x8000_0000) == "load 0x80000000"
    assert said(bus) == "load 0x80000000: no answer yet"
    assert said(bus, request=1, address=0x8000_0008) == "load 0x80000008"
    assert said(bus, response=1) == "load 0x80000008: no answer yet"
    # With its response the next request may come.
    assert said(bus, response=1, request=1, address=0x8000_0010) == "load 0x80000010"
    assert said(bus, response=1) == ""


def test_what_was_not_taken_is_not_under_way():
    bus = Bus(True)
    said(bus, request=1, ready=0, address=0x8000_0000)
    assert said(bus) == ""


def test_registers_by_their_fields():
    satp = 8 << 60 | 0x12 << 44 | 0x8000B
    assert translation_register(satp) == "Sv39, ASID 18, root 0x8000b000"
    assert translation_register(0x8000B) == "Bare"
    assert (root_of(satp), root_of(0x8000B)) == (0x8000_B000, 0)
    assert trap_status(0, 1, 0, 1, 0) == "SPP U, SPIE 1, SIE 0, SUM 1, MXR 0"
    assert trap_status(1, 0, 1, 0, 1) == "SPP S, SPIE 0, SIE 1, SUM 0, MXR 1"
    assert trap_vector(0x1001, "uservec") == "0x1000 uservec, vectored"
    assert trap_vector(0x1000, None) == "0x1000, direct"


def test_the_last_trap_is_told_once_there_was_one():
    assert (scause(0), stval(0, 0x1234)) == ("", "")
    assert scause(Cause.LOAD_PAGE) == "load page fault"
    assert scause(1 << 63 | 5) == "supervisor timer interrupt"
    assert stval(Cause.LOAD_PAGE, 0x1234) == "0x1234"


def test_privilege_modes_have_their_names():
    assert [privilege(letter) for letter in "USM"] == ["user", "supervisor", "machine"]
