"use strict";
// What memory is in use over time: a process's pages, a map of its addresses, and free frames.

const PAGE = 4096;
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

// Ticks of a logarithmic axis that has 0 as well.
const powers = (_, __, low, high) => [0, ...Array.from({ length: 15 }, (_, power) => 10 ** power).filter((each) => each <= high)];

function pagesChart(place, run, faults, sizes, pid) {
  const { scales, cursor, cycles } = overTime(run);
  const own = sizes.filter((row) => row.pid === pid);
  const size = own.map((row) => [row.cycle, row.pages]);
  const resident = own.map((row) => [row.cycle, row.resident]);
  const counts = faultSteps(faults, pid);
  const most = (steps) => steps.reduce((high, step) => Math.max(high, step[1]), 0);
  const wide = most(size) > 100 * Math.max(1, most(resident), most(counts));
  return chart(place, "Pages and page faults", {
    cursor, hooks: injectedLines(run), axes: [axis("cycles"), axis(wide ? "pages, faults (log.)" : "pages, faults", wide ? { size: LEFT, splits: powers } : { size: LEFT })],
    scales: { ...scales, y: { distr: wide ? 4 : 1, range: (_, low, high) => [0, Math.max(1, high) * (wide ? 2 : 1.05)] } },
    series: [cycles, stepped("pages of size and areas", "promised-line", { fill: () => `${colour("promised")}60` }),
      stepped("resident pages", "touched", { fill: () => `${colour("touched")}40` }), stepped("page faults so far", "trap")],
  }, together([size, resident, counts], run.cycles));
}

function framesChart(place, run, frames) {
  const { scales, cursor, cycles } = overTime(run);
  const steps = frames.map((row) => [row.cycle, row.free]);
  const [times, free] = together([steps], run.cycles);
  if (steps.length) free.forEach((_, number) => { if (times[number] < steps[0][0]) free[number] = null; });
  return chart(place, "Free frames", {
    cursor, hooks: injectedLines(run), scales: { ...scales, y: { range: (_, low, high) => [Math.max(0, low - 1), high + 1] } },
    axes: [axis("cycles"), axis("frames", { size: LEFT })],
    series: [cycles, stepped("free frames", "retry")],
  }, [times, free], 160);
}

function showMemory(run, faults, tables, words) {
  const [sizes, frames, changes, owners] = [tables.sizes, tables.frames, tables.map, tables.owners].map((table) => rowsOf(table, run.cycles));
  owners.forEach((row) => { row.name = words[row.owner]; });
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
    plots = [pagesChart(pages, run, faults, sizes, pid), mapChart(map, run, ...[changes, owners].map((rows) => rows.filter((row) => row.pid === pid)))];
  };
  choice.append(...pids.map((pid) => el("option", { value: pid }, `${pid} ${names.get(pid) ?? ""}`)));
  const counts = new Map(pids.map((pid) => [pid, faultSteps(faults, pid).length]));
  choice.value = pids.reduce((best, pid) => (counts.get(pid) > counts.get(best) ? pid : best), pids[0]);
  choice.addEventListener("change", show);
  if (pids.length) show();
  const common = framesChart(byId("frames"), run, frames);
  return { all: () => [...plots, common] };
}
