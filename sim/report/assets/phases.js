"use strict";
// The average of the page faults, how far they are from it, and a distribution of their lengths.

function wholeRows(faults) {
  return Array.from({ length: faults.length }, (_, row) => row).filter((row) => faults.isWhole(row));
}

// Of each part the cycles in all of `rows`, in order of size.
function spreadOf(faults, rows) {
  return faults.layout.parts
    .map((part) => {
      const column = faults.table.cells[`${part.key}_cycles`];
      const cycles = Float64Array.from(rows, (row) => column[row] ?? 0).sort();
      return { ...part, cycles, sum: cycles.reduce((sum, each) => sum + each, 0) };
    })
    .filter((part) => part.sum > 0);
}

const quantile = (sorted, share) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];

function stackedBar(parts, total, label) {
  const text = parts.map((part) => `${part.name} ${rounded(part.cycles)}`).join(", ");
  return el("div", { class: "stack", role: "img", "aria-label": `${label}: ${text}` },
    parts.map((part) => el("span", {
      class: `kind-${KINDS[part.key]}`,
      title: `${part.name}: ${rounded(part.cycles)} cycles`,
      style: { "flex-grow": part.cycles / total },
    })));
}

function legend() {
  const names = { walk: "page-table walk", trap: "trap", path: "the hart's way to the kernel and back",
    kernel: "kernel", retry: "retry", away: "another process" };
  return el("ul", { class: "legend" }, Object.entries(names).map(([kind, name]) =>
    el("li", {}, el("span", { class: `swatch kind-${kind}` }), name)));
}

// From the least to the most, with the middle half and the median, on a logarithmic scale.
function spreadPicture(cycles, most) {
  const place = (value) => 200 * Math.log1p(value) / Math.log1p(most);
  const [least, low, middle, high, last] = [0, 0.25, 0.5, 0.75, 1].map((share) => place(quantile(cycles, share)));
  return svg("svg", { viewBox: "0 0 204 14", class: "spread", "aria-hidden": "true" },
    svg("line", { x1: least + 2, x2: last + 2, y1: 7, y2: 7, class: "whisker" }),
    svg("rect", { x: low + 1, width: Math.max(2, high - low + 2), y: 2, height: 10, rx: 1, class: "box" }),
    svg("line", { x1: middle + 2, x2: middle + 2, y1: 1, y2: 13, class: "median" }));
}

function showPhases(faults) {
  const rows = wholeRows(faults);
  if (!rows.length) {
    byId("average").append(el("p", { class: "empty" }, "No instruction of a process has faulted and retired."));
    return;
  }
  const spread = spreadOf(faults, rows);
  const total = spread.reduce((sum, part) => sum + part.sum, 0);
  const most = Math.max(...spread.map((part) => part.cycles[part.cycles.length - 1]));
  const averages = spread.map((part) => ({ ...part, cycles: part.sum / rows.length }));
  byId("average").append(
    el("p", {}, `Average of ${many(rows.length, "page fault")}, from the look-up to the retry: `,
      el("strong", {}, `${rounded(total / rows.length)} cycles`)),
    stackedBar(averages, total / rows.length, "Average"), legend());
  byId("spread").append(smallTable("Cycles of each phase",
    ["phase", ["average", "number"], ["share", "number"], ["least", "number"], ["median", "number"],
      ["most", "number"], ["spread, logarithmic", "wide"]],
    spread.map((part) => [
      el("span", {}, el("span", { class: `swatch kind-${KINDS[part.key]}` }), part.name),
      [rounded(part.sum / rows.length), "number"], [percent(part.sum / total), "number"],
      [grouped(part.cycles[0]), "number"], [grouped(quantile(part.cycles, 0.5)), "number"],
      [grouped(part.cycles[part.cycles.length - 1]), "number"], [spreadPicture(part.cycles, most), "wide"],
    ])));
  const lengths = Float64Array.from(rows, (row) => faults.cycles(row)).sort();
  histogram(byId("lengths"), [{ name: "page faults", lengths, colour: "kernel" }]);
}
