"use strict";
// The table of the page faults of a run.

const FAULT_COLUMNS = [
  { name: "#", style: "number", of: (faults, row) => faults.get("number", row), show: grouped },
  { name: "raised", style: "number", of: (faults, row) => faults.get("cycle", row), show: grouped },
  { name: "process", style: "some", of: (faults, row) => `${faults.get("pid", row)} ${faults.get("program", row)}` },
  { name: "function", style: "some", of: (faults, row) => faults.get("function", row) ?? faults.get("via", row) ?? hex(faults.get("pc", row)) },
  { name: "line", style: "most", of: (faults, row) => faults.place(row) },
  { name: "cause", style: "", of: (faults, row) => faults.cause(row) },
  { name: "stval", style: "number mono", of: (faults, row) => faults.get("stval", row), show: hex },
  { name: "cycles", style: "number", of: (faults, row) => faults.cycles(row), show: grouped },
  { name: "frame", style: "most wide", of: (faults, row) => faults.kernel(row).replace(/^mapped frame /, "") },
];

function faultTable(place, faults, chosen) {
  const places = new Map();
  // Most of it is the same wherever the instruction is.
  const text = (row) => {
    const get = (name) => faults.get(name, row);
    const key = `${get("pid")} ${faults.table.get("program", row)} ${get("pc")} ${get("cause")} ${get("via")}`;
    if (!places.has(key)) {
      places.set(key, [`pid:${get("pid")}`, get("program"), get("function"), faults.place(row), faults.cause(row),
        get("via"), hex(get("pc")), get("instruction"), get("source")].join(" ").toLowerCase());
    }
    return `#${get("number")} ${places.get(key)} ${hex(get("stval"))} ${faults.kernel(row)}`;
  };
  return new RowTable(place, {
    columns: FAULT_COLUMNS.map((column) => ({ ...column, of: (row) => column.of(faults, row) })),
    length: faults.length,
    text,
    chosen,
    isMarked: (row) => faults.get("outcome", row) === "killed",
    label: "Page faults",
  });
}
