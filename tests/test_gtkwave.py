from tests import gtkwave


def test_rows_with_a_line_are_counted():
    black, green, grey = bytes(4), bytes([0, 255, 0, 0]), bytes([99, 99, 99, 0])
    width, line = 300, [black * 300] * 100
    for y in (12, 30, 31, 55):
        line[y] = green * width
    line[75] = grey * width

    assert gtkwave.Screenshot(tuple(line)).rows_drawn(10, 10) == 3
