"use strict";
// What memory is in use over time: a process's pages, a map of its addresses, and free frames.

const PAGE = 4096;
const STATES = ["given", "promised", "touched", "shared"];
const STATE_NAMES = ["given back", "promised", "touched", "shared"];

// What has changed by the end of the run: the kernel's last answer may come after it.
const rowsOf = (table, end) => Array.from({ length: table.length }, (_, row) =>
  Object.fromEntries(table.names.map((name) => [name, table.cells[name][row]]))).filter((row) => row.cycle <= end);

// How many of the faults of a process there were by each cycle.
function faultSteps(faults, pid) {
  const steps = [];
  for (let row = 0; row < faults.length; row += 1) {
    if (faults.get("pid", row) === pid) steps.push([faults.get("cycle", row), steps.length + 1]);
  }
  return steps.sort((a, b) => a[0] - b[0]).map(([cycle], number) => [cycle, number + 1]);
}

function pagesChart(place, run, faults, sizes, pid) {
  const { scales, cursor, cycles } = overTime(run);
  const own = sizes.filter((row) => row.pid === pid);
  const size = own.map((row) => [row.cycle, Math.ceil(row.size / PAGE)]);
  const resident = own.map((row) => [row.cycle, row.resident]);
  const counts = faultSteps(faults, pid);
  const most = (steps) => steps.reduce((high, step) => Math.max(high, step[1]), 0);
  const wide = most(size) > 100 * Math.max(1, most(resident), most(counts));
  return chart(place, "Pages and page faults", {
    cursor, axes: [axis("cycles"), axis(wide ? "pages, faults (logarithmic)" : "pages, faults", { size: LEFT })],
    scales: { ...scales, y: { distr: wide ? 4 : 1, range: wide ? undefined : (_, low, high) => [0, Math.max(1, high) * 1.05] } },
    series: [cycles, stepped("size in pages", "promised-line", { fill: () => `${colour("promised")}60` }),
      stepped("resident pages", "touched", { fill: () => `${colour("touched")}40` }), stepped("page faults so far", "trap")],
  }, together([size, resident, counts], run.cycles));
}

function framesChart(place, run, frames) {
  const { scales, cursor, cycles } = overTime(run);
  const steps = frames.map((row) => [row.cycle, row.free]);
  const [times, free] = together([steps], run.cycles);
  if (steps.length) free.forEach((_, number) => { if (times[number] < steps[0][0]) free[number] = null; });
  return chart(place, "Free frames", {
    cursor, scales: { ...scales, y: { range: (_, low, high) => [Math.max(0, low - 1), high + 1] } },
    axes: [axis("cycles"), axis("frames", { size: LEFT })],
    series: [cycles, stepped("free frames", "retry")],
  }, [times, free], 160);
}

// Each change is painted from its cycle to the right; what comes later is painted over it.
function paintMap(plot, changes) {
  const { ctx, bbox } = plot;
  const colours = STATES.map(colour);
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  const right = bbox.left + bbox.width;
  for (const { cycle, page, count, state } of changes) {
    const left = Math.max(bbox.left, plot.valToPos(cycle, "x", true));
    if (left > right) continue;
    const low = plot.valToPos(page, "y", true), high = plot.valToPos(page + count, "y", true);
    ctx.fillStyle = colours[state];
    ctx.fillRect(left, high, right - left, Math.max(1, low - high));
  }
  ctx.restore();
}

// What is the case of a page in a cycle: the last change of it.
function stateAt(changes, cycle, page) {
  for (let number = changes.length - 1; number >= 0; number -= 1) {
    const each = changes[number];
    if (each.cycle <= cycle && each.page <= page && page < each.page + each.count) return each;
  }
  return null;
}

function mapChart(place, run, changes) {
  const { scales, cursor, cycles } = overTime(run);
  const pages = changes.reduce((most, { page, count }) => Math.max(most, page + count), 1);
  const said = el("p", { class: "quiet said" }, " ");
  const tell = (plot) => {
    const { left, top } = plot.cursor;
    if (left === null || left < 0) { said.textContent = " "; return; }
    const cycle = Math.floor(plot.posToVal(left, "x")), page = Math.floor(plot.posToVal(top, "y"));
    const found = page >= 0 && stateAt(changes, cycle, page);
    said.textContent = found ? `Page ${hex(page * PAGE)} in cycle ${grouped(cycle)}: ${STATE_NAMES[found.state]}, since cycle ${grouped(found.cycle)}` : " ";
  };
  const plot = chart(place, "Map of the address space", {
    cursor: { ...cursor, points: { show: false }, y: true }, legend: { show: false },
    scales: { ...scales, y: { range: () => [0, pages] } },
    axes: [axis("cycles"), axis("address", {
      size: LEFT, values: (_, ticks) => ticks.map((tick) => hex(Math.round(tick) * PAGE)),
      incrs: Array.from({ length: 28 }, (_, power) => 2 ** power) })],
    series: [cycles, { label: "pages", stroke: "transparent", points: { show: false } }],
    hooks: { drawAxes: [(plot) => paintMap(plot, changes)], setCursor: [tell] },
  }, [[0, run.cycles], [0, pages]], 280);
  place.append(el("ul", { class: "legend" }, ["promised", "touched", "shared", "given"].filter((name) =>
    name !== "shared" || changes.some((each) => each.state === 3)).map((name) =>
    el("li", {}, el("span", { class: `swatch kind-${name}` }), STATE_NAMES[STATES.indexOf(name)]))), said);
  return plot;
}

function showMemory(run, faults, tables) {
  const [sizes, frames, changes] = [tables.sizes, tables.frames, tables.map].map((table) => rowsOf(table, run.cycles));
  const pids = [...new Set(sizes.map((row) => row.pid))].sort((a, b) => a - b);
  const names = new Map(run.processes.map((each) => [each.pid, each.name]));
  const choice = byId("process"), place = byId("of-process");
  let plots = [];
  const show = () => {
    plots.forEach((plot) => { charts.delete(plot); plot.destroy(); });
    place.replaceChildren();
    const pid = Number(choice.value);
    const [pages, map] = [el("div", { class: "chart" }), el("div", { class: "chart" })];
    place.append(pages, map);
    plots = [pagesChart(pages, run, faults, sizes, pid), mapChart(map, run, changes.filter((row) => row.pid === pid))];
  };
  choice.append(...pids.map((pid) => el("option", { value: pid }, `${pid} ${names.get(pid) ?? ""}`)));
  const counts = new Map(pids.map((pid) => [pid, faultSteps(faults, pid).length]));
  choice.value = pids.reduce((best, pid) => (counts.get(pid) > counts.get(best) ? pid : best), pids[0]);
  choice.addEventListener("change", show);
  if (pids.length) show();
  const common = framesChart(byId("frames"), run, frames);
  return { all: () => [...plots, common] };
}
