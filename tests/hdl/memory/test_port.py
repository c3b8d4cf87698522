"""The memory port's shape: what its rules rest on."""

from amaranth.hdl import Module
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from hdl.memory.port import ID_BITS, MemoryPort, RequestSignature, ResponseSignature, Source


def widths(signature):
    return {name: (member.flow, len(value)) for name, member, value in leaves(signature)}


def leaves(signature):
    for path, member, value in signature.flatten(signature.create()):
        yield "_".join(path), member, value


def test_request():
    assert widths(RequestSignature()) == {
        "valid": (Out, 1),
        "ready": (In, 1),
        "address": (Out, 56),
        "write": (Out, 1),
        "data": (Out, 64),
        "strobe": (Out, 8),
        "size": (Out, 2),
        "source": (Out, 2),
        "level": (Out, 2),
        "lock": (Out, 1),
        "id": (Out, ID_BITS),
    }


def test_response_cannot_be_refused():
    expected = {"valid": (In, 1), "data": (In, 64), "error": (In, 1)}
    assert widths(ResponseSignature()) == expected


def test_port_is_seen_from_the_initiator():
    port = widths(MemoryPort())
    assert port["request_valid"] == (Out, 1)
    assert port["request_ready"] == (In, 1)
    assert port["response_valid"] == (In, 1)
    assert len(port) == len(RequestSignature().members) + len(ResponseSignature().members)


def test_initiator_and_target_connect():
    initiator, target = MemoryPort().create(path=("a",)), MemoryPort().flip().create(path=("b",))
    wiring.connect(Module(), initiator, target)


def test_sources():
    assert {source.name: source.value for source in Source} == {"FETCH": 0, "DATA": 1, "WALK": 2}
