"""The numbers of events: bits without gaps, and those that docs/counters.md tells."""

import re

from hdl.events import Event
from hdl.pipeline.probe import EVENTS
from tests.docs import ROOT


def test_the_numbers_are_the_bits_of_the_probe():
    assert sorted(Event) == list(range(len(Event)))
    assert [(name, field.offset) for name, field in EVENTS] == [
        (event.name.lower(), event) for event in Event
    ]


def test_the_documentation_has_them_all():
    page = (ROOT / "docs" / "counters.md").read_text()
    rows = re.findall(r"^\| (\d+) \| `(\w+)` \|", page, re.MULTILINE)
    assert rows == [(str(event.value), event.name.lower()) for event in Event]
