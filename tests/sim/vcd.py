"""Reads VCDs whole, for tests that compare them."""

from dataclasses import dataclass

__all__ = ["Contents", "read_vcd"]


@dataclass
class Contents:
    """What a VCD says.

    `variables` maps identifier codes to lists of (full name, type, width). `changes` maps times to
    {identifier code: value as it is written}.
    """

    variables: dict[str, list[tuple[str, str, str]]]
    changes: dict[int, dict[str, str]]

    def of(self, name):
        """{time: value} of the variable `name`."""
        (code,) = (c for c, v in self.variables.items() if name in (full for full, _, _ in v))
        return {t: values[code] for t, values in self.changes.items() if code in values}


def read_vcd(path):
    """The `Contents` of the file `path`."""
    with path.open() as file:
        variables = _read_header(file)
        changes, now = {}, None
        for line in map(str.strip, file):
            if line[0] == "#":
                now = changes.setdefault(int(line[1:]), {})
            elif line[0] in "bs":
                value, code = line.split()
                now[code] = value[1:]
            elif line[0] != "$":
                now[line[1:]] = line[0]
    return Contents(variables, changes)


def _read_header(file):
    variables, scopes = {}, []
    for words in map(str.split, file):
        if words[0] == "$scope":
            scopes.append(words[2])
        elif words[0] == "$upscope":
            scopes.pop()
        elif words[0] == "$var":
            _, kind, width, code, name, _ = words
            variables.setdefault(code, []).append((".".join([*scopes, name]), kind, width))
        elif words[0] == "$enddefinitions":
            break
    return variables
