"""Reads VCDs whole, for tests that compare them."""

from dataclasses import dataclass

__all__ = ["Contents", "read_vcd"]


@dataclass
class Contents:
    """What a VCD says.

    `variables` maps full names to (type, width). `changes` maps times to {full name: value as it is
    written}; they do not tell which variables share an identifier code.
    """

    variables: dict[str, tuple[str, str]]
    changes: dict[int, dict[str, str]]

    def of(self, name):
        """{time: value} of the variable `name`."""
        return {t: values[name] for t, values in self.changes.items() if name in values}


def read_vcd(path):
    """The `Contents` of the file `path`."""
    with path.open() as file:
        variables, names = _read_header(file)
        changes, now = {}, None
        for line in map(str.strip, file):
            if line[0] == "#":
                now = changes.setdefault(int(line[1:]), {})
            elif line[0] in "bs":
                value, code = line.split()
                now.update(dict.fromkeys(names[code], value[1:]))
            elif line[0] != "$":
                now.update(dict.fromkeys(names[line[1:]], line[0]))
    return Contents(variables, changes)


def _read_header(file):
    variables, names, scopes = {}, {}, []
    for words in map(str.split, file):
        if words[0] == "$scope":
            scopes.append(words[2])
        elif words[0] == "$upscope":
            scopes.pop()
        elif words[0] == "$var":
            _, kind, width, code, name, _ = words
            full = ".".join([*scopes, name])
            variables[full] = (kind, width)
            names.setdefault(code, []).append(full)
        elif words[0] == "$enddefinitions":
            break
    return variables, names
