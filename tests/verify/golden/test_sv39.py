"""The golden model on accesses worked out by hand; `tests/verify/oracle` compares it with Spike."""

import dataclasses

import pytest

from tests.verify.golden.sv39 import ACCESSES, Request, Response, respond

V, R, W, X, U, G, A, D = (1 << i for i in range(8))
ALL = V | R | W | X | A | D
#: Indices 1, 2 and 3, and offset 0x678.
VA = 1 << 30 | 2 << 21 | 3 << 12 | 0x678
#: Where its PTEs are: root table in frame 0x80000, the next two in 0x80001 and 0x80002.
ROOT, MIDDLE, LEAF = 0x8000_0008, 0x8000_1010, 0x8000_2018


def pte(frame, flags):
    return frame << 10 | flags


def tables(leaf_flags=ALL):
    return {
        ROOT: pte(0x80001, V),
        MIDDLE: pte(0x80002, V),
        LEAF: pte(0x80ABC, leaf_flags),
    }


def asked(memory, **request):
    return respond(Request(**{"va": VA, **request}), lambda address: memory.get(address, 0))


def test_page_of_4_kib():
    assert asked(tables()) == Response("ok", 0x80ABC_678, reads=(ROOT, MIDDLE, LEAF))


def test_page_of_2_mib():
    memory = {**tables(), MIDDLE: pte(0x80A00, ALL)}

    assert asked(memory) == Response("ok", 0x80A03_678, reads=(ROOT, MIDDLE))


def test_page_of_1_gib():
    assert asked({ROOT: pte(0x80000, ALL)}) == Response("ok", 0x80403_678, reads=(ROOT,))


def test_upper_half_of_the_address_space():
    memory = {0x8000_0FF8: pte(0x80000, ALL)}

    assert asked(memory, va=(1 << 64) - 0x4000_0000).pa == 0x8000_0000


@pytest.mark.parametrize("access", ACCESSES)
def test_faults_have_the_type_of_the_access(access):
    page, refused, misaligned = {
        "FETCH": (12, 1, None),
        "LOAD": (13, 5, 4),
        "LR": (13, 5, 4),
        "STORE": (15, 7, 6),
        "SC": (15, 7, 6),
        "AMO": (15, 7, 6),
    }[access]

    assert asked({}, access=access).cause == page
    assert asked({ROOT: pte(0x1000, V)}, access=access).cause == refused
    assert asked(tables(), access=access, va=VA + 4, size=8).cause == misaligned
    assert asked({}, access=access).tval == VA


@pytest.mark.parametrize("kind", ["A", "D"])
def test_update_sets_what_the_access_needs(kind):
    flags = ALL & ~{"A": A | D, "D": D}[kind]

    assert asked(tables(flags), access="STORE").kind == "page"
    response = asked(tables(flags), access="STORE", adue=1)

    assert (response.kind, response.leaf) == ("update", LEAF)
    assert response.written == pte(0x80ABC, ALL)
    load = asked(tables(flags), adue=1)
    assert load.kind == ("update" if kind == "A" else "ok")
    assert load.written in (0, pte(0x80ABC, ALL & ~D))


def test_mprv_is_for_data_only():
    machine = dict(priv="M", mprv=1, mpp="S")

    assert asked(tables(), **machine).pa == 0x80ABC_678
    assert asked(tables(), access="FETCH", **machine) == Response("access", VA, cause=1, tval=VA)
    assert asked(tables(), **{**machine, "mprv": 0}) == Response("ok", VA, device=True)


def test_refused_read_is_an_access_fault():
    response = respond(Request(VA), lambda address: None)

    assert response == Response("access", reads=(ROOT,), cause=5, tval=VA)


@pytest.mark.parametrize(
    "priv, flags, changes, allowed",
    [
        ("U", ALL, {}, ""),
        ("U", ALL | U, {}, "FETCH LOAD STORE LR SC AMO"),
        ("S", ALL | U, {}, ""),
        ("S", ALL | U, {"sum_": 1}, "LOAD STORE LR SC AMO"),
        ("S", ALL & ~X, {}, "LOAD STORE LR SC AMO"),
        ("S", ALL & ~W, {}, "FETCH LOAD LR"),
        ("S", ALL & ~(R | W), {}, "FETCH"),
        ("S", ALL & ~(R | W), {"mxr": 1}, "FETCH LOAD LR"),
        ("S", ALL & ~R, {"mxr": 1}, ""),
    ],
)
def test_permissions(priv, flags, changes, allowed):
    request = Request(VA, priv=priv, **changes)
    for access in ACCESSES:
        response = respond(dataclasses.replace(request, access=access), tables(flags).get)
        assert response.kind == ("ok" if access in allowed.split() else "page"), access
