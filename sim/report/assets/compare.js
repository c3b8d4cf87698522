"use strict";
// Two runs beside each other.

const whole = (value) => (value === null ? "–" : grouped(value));
const average = (value) => (value === null ? "–" : rounded(value));
// What is nothing, or next to nothing, is not shown.
const unlessZero = (text) => (/[1-9]/.test(text) ? text : "");
const sign = (value) => (value > 0 ? "+" : "−");
const signed = (value, number = whole) => (value ? unlessZero(sign(value) + number(Math.abs(value))) : "");
const moreShare = (share) => (share ? unlessZero(sign(share) + percent(Math.abs(share))) : "");
const right = (text) => [text, "number"];

function measureTable(caption, names, measures, first = (each) => each.name, number = whole) {
  const more = (value) => signed(value, number);
  return smallTable(caption, ["", right(swatch(0, names[0])), right(swatch(1, names[1])), right("difference"), ["share", "number some"]],
    measures.map((each) => [first(each), right(number(each.first)), right(number(each.second)),
      right(more(each.difference)), [more(each.difference) && moreShare(each.share), "number some"]]));
}

// Each run has a colour of its own.
const RUN_KINDS = ["first", "second"], RUN_COLOURS = ["touched", "walk"];
const swatch = (run, name) => el("span", {}, el("span", { class: `swatch kind-${RUN_KINDS[run]}` }), name);

function settingsTable(names, settings) {
  if (!settings.length) return el("p", { class: "empty" }, "Both runs were set alike.");
  const text = (value) => (value === null ? "–" : Array.isArray(value) ? value.join(", ") : String(value));
  return smallTable("Settings and versions that differ", ["", right(names[0]), right(names[1])],
    settings.map((each) => [each.name.replaceAll("_", " "), right(text(each.first)), right(text(each.second))]));
}

// A bar beside others, the longest of which has the whole width.
const scaledBar = (parts, total, longest, name) =>
  el("div", { style: { width: percentNumber(total / longest) } }, stackedBar(parts, total, name));

// The average faults as bars on one scale, and the lengths of all.
function showAverages({ names, phases }, runs) {
  const total = phases[phases.length - 1];
  if (!total) {
    byId("averages").append(el("p", { class: "empty" }, "No instruction of a process has faulted and retired."));
    return;
  }
  const keys = new Map(runs[0].layout.parts.map((part) => [part.name, part.key]));
  const longest = Math.max(total.first ?? 0, total.second ?? 0);
  ["first", "second"].forEach((side, run) => {
    if (total[side] === null) return;
    const parts = phases.slice(0, -1).filter((part) => part[side]).map((part) => ({ name: part.name, key: keys.get(part.name), cycles: part[side] }));
    byId("averages").append(el("p", {}, `${names[run]}: average of ${many(wholeRows(runs[run]).length, "page fault")}: `,
      el("strong", {}, `${rounded(total[side])} cycles`)),
      scaledBar(parts, total[side], longest, names[run]));
  });
  byId("averages").append(legend());
  byId("spread").append(measureTable("Cycles of the average page fault", names, phases, (each) =>
    el("span", {}, keys.has(each.name) ? el("span", { class: `swatch kind-${KINDS[keys.get(each.name)]}` }) : null, each.name), average));
  const groups = runs.map((faults, run) => ({ name: names[run], colour: RUN_COLOURS[run],
    lengths: Float64Array.from(wholeRows(faults), (row) => faults.cycles(row)).sort() })).filter((group) => group.lengths.length);
  histogram(byId("lengths"), groups);
}

// How many faults there were by each cycle.
function showComing({ names, runs: facts }, runs) {
  const steps = (faults, run) => [
    ...Array.from({ length: faults.length }, (_, row) => faults.get("cycle", row)).sort((a, b) => a - b).map((cycle, count) => [cycle, count + 1]),
    [facts[run].cycles, faults.length],
  ];
  const end = Math.max(...facts.map((run) => run.cycles));
  const { scales, cycles } = overTime({ cycles: end });
  const columns = together(runs.map(steps), end);
  facts.forEach((run, number) => columns[number + 1].forEach((_, place) => {
    if (columns[0][place] > run.cycles) columns[number + 1][place] = null;
  }));
  chart(byId("coming"), "Page faults so far", {
    scales, axes: [axis("cycles"), axis("page faults", { size: 60 })], cursor: { drag: { x: true, y: false } },
    series: [cycles, ...names.map((name, run) => stepped(name, RUN_COLOURS[run]))],
  }, columns, 200);
}

// A fault of the same page in both runs, or in one.
class Pairs {
  constructor(table, runs, names) {
    this.places = ["first", "second"].map((side) => table.cells[side]);
    this.runs = runs;
    this.names = names;
    this.length = table.length;
  }

  of(run, row, get) {
    const place = this.places[run][row];
    return place === null ? null : get(this.runs[run], place);
  }

  // What is the same in both.
  common(row, get) {
    return this.of(0, row, get) ?? this.of(1, row, get);
  }

  difference(row) {
    const [one, other] = [0, 1].map((run) => this.of(run, row, (faults, place) => faults.cycles(place)));
    return one === null || other === null ? null : other - one;
  }

  only(row) {
    const missing = this.places.findIndex((places) => places[row] === null);
    return missing < 0 ? "" : `only in ${this.names[1 - missing]}`;
  }
}

function pairTable(pairs, chosen) {
  const common = (get) => (row) => pairs.common(row, get) ?? "";
  const value = (run, get) => (row) => pairs.of(run, row, get) ?? -1;
  const shown = (each) => (each === -1 || each === null ? "" : grouped(each));
  const where = (faults, row) => faults.get("function", row) ?? faults.get("via", row) ?? hex(faults.get("pc", row));
  const columns = [
    { name: "#", style: "number", of: (row) => row + 1, show: grouped },
    { name: "process", style: "some", of: common((faults, row) => `${faults.get("pid", row)} ${faults.get("program", row)}`) },
    { name: "function", style: "some", of: common(where) },
    { name: "cause", style: "some", of: common((faults, row) => faults.cause(row)) },
    { name: "stval", style: "number mono", of: common((faults, row) => faults.get("stval", row)), show: hex },
    ...pairs.names.map((name, run) => ({ name: `${name} cycles`, style: "number", of: value(run, (faults, row) => faults.cycles(row)), show: shown })),
    { name: "difference", style: "number", of: (row) => pairs.difference(row) ?? -Infinity, show: (each) => (Number.isFinite(each) ? signed(each) : "") },
    { name: "", style: "most", of: (row) => pairs.only(row) },
  ];
  const text = (row) => [...columns.slice(1, 5).map((column) => (column.show ?? String)(column.of(row))),
    pairs.common(row, (faults, place) => `#${row + 1} pid:${faults.get("pid", place)} ${faults.place(place)}`), pairs.only(row)].join(" ").toLowerCase();
  return new RowTable(byId("table"), { columns, length: pairs.length, text, chosen, isMarked: (row) => pairs.only(row) !== "", label: "Page faults of both runs" });
}

// The phases of both faults, part by part.
function showPair(pairs, row, go) {
  const get = (name) => pairs.common(row, (faults, place) => faults.get(name, place));
  const phases = [0, 1].map((run) => pairs.of(run, row, (faults, place) => faults.phases(place)) ?? []);
  const parts = pairs.runs[0].layout.parts.map((part) => {
    const [first, second] = phases.map((own) => own.find((each) => each.key === part.key)?.cycles ?? null);
    return { name: part.name, key: part.key, first, second, difference: first === null || second === null ? null : second - first, share: null };
  }).filter((part) => part.first !== null || part.second !== null);
  const longest = Math.max(1, ...parts.flatMap((part) => [part.first ?? 0, part.second ?? 0]));
  const totals = [0, 1].map((run) => pairs.of(run, row, (faults, place) => faults.cycles(place)));
  byId("story").replaceChildren(
    el("header", {}, el("h3", {}, `${pairs.common(row, (faults, place) => faults.cause(place))} page fault at ${hex(get("stval"))}`),
      el("div", { class: "buttons" }, el("button", { type: "button", onclick: () => go(-1), "aria-label": "The fault before" }, "←"),
        el("button", { type: "button", onclick: () => go(1), "aria-label": "The next fault" }, "→")),
      el("p", { class: "quiet" }, `pid ${get("pid")} (${get("program")})${pairs.only(row) ? `, ${pairs.only(row)}` : ""}`)),
    ...[0, 1].filter((run) => phases[run].length).map((run) => {
      const said = pairs.of(run, row, (faults, place) => `fault ${grouped(faults.get("number", place))}, raised in cycle ${grouped(faults.get("cycle", place))}`);
      return el("div", {}, el("p", {}, swatch(run, pairs.names[run]), `: ${said}, `, el("strong", {}, many(totals[run], "cycle"))),
        scaledBar(phases[run], totals[run], Math.max(...totals), pairs.names[run]));
    }),
    smallTable("Cycles", ["", ...pairs.names.map(right), right("difference"), ["", "wide"]], parts.map((part) => [
      part.name, right(whole(part.first)), right(whole(part.second)), right(signed(part.difference)),
      [el("span", { class: "pair" }, RUN_KINDS.map((kind) => el("span", { class: `bar kind-${kind}`, style: { width: percentNumber((part[kind] ?? 0) / longest) } }))), "wide"],
    ])));
}

function showProcesses({ names, runs }) {
  const pids = [...new Set(runs.flatMap((run) => run.processes.map((each) => each.pid)))].sort((a, b) => a - b);
  const shown = [["faults", "minor_faults"], ["system calls", "syscalls"], ["user cycles", "user_cycles"], ["kernel cycles", "kernel_cycles"], ["pages at most", "resident_pages"]];
  const rows = pids.flatMap((pid) => runs.flatMap((run, side) => {
    const own = run.processes.find((each) => each.pid === pid);
    return own ? [[String(pid), own.name, swatch(side, names[side]), ...shown.map(([, key]) => right(grouped(own[key])))]] : [];
  }));
  byId("processes").append(smallTable("Processes of both runs", ["pid", "program", "run", ...shown.map(([name]) => right(name))], rows));
}

async function showPage() {
  const layout = factsOf("layout"), comparison = factsOf("comparison");
  const { tables, words } = await readData(layout);
  const runs = [tables.first_faults, tables.second_faults].map((table) => new Faults(table, words, layout));
  const { names } = comparison;
  byId("subtitle").textContent = `${names[1]} compared with ${names[0]}`;
  byId("measures").append(measureTable("Both runs", names, comparison.measures));
  byId("settings").append(settingsTable(names, comparison.settings));
  showAverages(comparison, runs);
  showComing(comparison, runs);
  const pairs = new Pairs(tables.pairs, runs, names);
  if (pairs.length) {
    const table = pairTable(pairs, (row, go) => showPair(pairs, row, go));
    connectSearch(table);
    table.choose(0);
  } else {
    byId("faults").append(el("p", { class: "empty" }, "There was no page fault."));
    document.querySelectorAll("#faults .tools, #faults .split").forEach((each) => each.remove());
  }
  showProcesses(comparison);
}

show(showPage);
