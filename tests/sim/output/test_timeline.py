import random

from sim.output.timeline import Stretch, Timeline


def values(stretches, cycles):
    line = Timeline([Stretch(*each) for each in stretches], "")
    return [line.at(cycle) for cycle in cycles]


def test_a_stretch_begins_with_its_first_cycle_and_does_not_hold_its_end():
    assert values([(2, 4, "a")], range(6)) == ["", "", "a", "a", "", ""]


def test_what_began_last_is_the_case_and_then_what_still_is():
    nested = [(0, 9, "outer"), (3, 5, "inner"), (4, 7, "late")]
    assert values(nested, [2, 3, 4, 5, 6, 7, 8, 9]) == [
        "outer",
        "inner",
        "late",
        "late",
        "late",
        "outer",
        "outer",
        "",
    ]


def test_what_is_empty_is_never_the_case():
    assert values([(3, 3, "a")], range(5)) == [""] * 5
    assert Timeline([], 0).at(10) == 0


def test_cycles_may_be_left_out_and_changes_are_those_where_the_value_is_another():
    stretches = [Stretch(1, 2, "a"), Stretch(2, 3, "a"), Stretch(5, 9, "b")]
    assert Timeline(stretches, "").changes == [(1, "a"), (3, ""), (5, "b"), (9, "")]
    assert values(stretches, [0, 8]) == ["", "b"]


def test_any_stretches_are_as_a_search_through_all_of_them_says():
    generator = random.Random(4)
    for _ in range(50):
        stretches = []
        for number in range(generator.randrange(8)):
            start = generator.randrange(30)
            stretches.append((start, start + generator.randrange(12), number))
        line = Timeline([Stretch(*each) for each in stretches], None)
        for cycle in range(45):
            around = [each for each in stretches if each[0] <= cycle < each[1]]
            # Of those that began together, that which was given last.
            last = max(around, key=lambda each: (each[0], each[2]), default=(0, 0, None))
            assert line.at(cycle) == last[2]
