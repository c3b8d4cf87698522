"use strict";
// How full the TLBs are over time, and which pages are in them for long.

const SHOWN_WINDOWS = 240; // points of a line
const SHOWN_PAGES = 12;

// The averages of windows of samples, from the first cycle of the run to its last.
function averaged(table, end) {
  const window = Math.max(1, Math.ceil(table.length / SHOWN_WINDOWS));
  const columns = table.names.map((_, number) => [number ? null : 0]);
  for (let first = 0; first < table.length; first += window) {
    const last = Math.min(table.length, first + window);
    table.names.forEach((name, number) => {
      let sum = 0;
      for (let row = first; row < last; row += 1) sum += table.cells[name][row];
      columns[number].push(sum / (last - first));
    });
  }
  columns.forEach((column, number) => column.push(number ? null : end));
  return columns;
}

function tlbChart(place, run, table, interval) {
  const { scales, cursor, cycles } = overTime(run);
  const line = (label, name) => ({ label, stroke: () => colour(name), width: 1.5, points: { show: false }, spanGaps: true,
    value: (_, value) => (value === null || value === undefined ? "" : rounded(value)) });
  const config = run.config;
  const most = Math.max(config.itlb_entries, config.dtlb_entries, config.walk_cache_entries);
  return chart(place, `Entries in use, looked at every ${many(interval, "cycle")}, averaged`, {
    scales: { ...scales, y: { range: [0, most] } }, cursor, hooks: injectedLines(run),
    axes: [axis("cycles"), axis("entries", { size: LEFT })],
    series: [cycles, line(`fetch TLB, of ${config.itlb_entries}`, "retry"), line(`data TLB, of ${config.dtlb_entries}`, "walk"),
      line(`walk cache, of ${config.walk_cache_entries}`, "path")],
  }, averaged(table, run.cycles), 190);
}

function faultsByPage(faults) {
  const counts = new Map();
  for (let row = 0; row < faults.length; row += 1) {
    const key = `${faults.get("pid", row)} ${BigInt(faults.get("stval", row)) >> 12n}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return counts;
}

function hotPages(run, faults, pages) {
  const names = new Map(run.processes.map((each) => [each.pid, `${each.pid} ${each.name}`]));
  const counts = faultsByPage(faults);
  const share = (cycles) => [cycles ? percent(Math.min(1, cycles / run.cycles)) : "", "number"];
  const longest = Math.max(1, ...pages.map((page) => page.itlb + page.dtlb));
  const row = (page) => [
    el("code", {}, hex(page.va)), page.name || (page.size > PAGE ? `superpage of ${grouped(page.size / PAGE)} pages` : ""),
    page.pid ? names.get(page.pid) ?? String(page.pid) : "the kernel's page table",
    share(page.itlb), share(page.dtlb), [grouped(counts.get(`${page.pid} ${Math.floor(page.va / PAGE)}`) ?? ""), "number"],
    [el("span", { class: "pair" }, el("span", { class: "bar kind-retry", style: { width: percentNumber(page.itlb / longest) } }),
      el("span", { class: "bar kind-walk", style: { width: percentNumber(page.dtlb / longest) } })), "wide"],
  ];
  const heads = ["page", "", "process", ["in the fetch TLB", "number"], ["in the data TLB", "number"], ["page faults", "number"], ["", "wide"]];
  const first = smallTable("Hot pages: the share of the run that a TLB had them", heads, pages.slice(0, SHOWN_PAGES).map(row));
  if (pages.length <= SHOWN_PAGES) return first;
  return [first, el("details", {}, el("summary", {}, `${grouped(pages.length - SHOWN_PAGES)} more`),
    smallTable("Hot pages, further", heads, pages.slice(SHOWN_PAGES).map(row)))];
}

function showTlbs(run, faults, table, { interval, pages }) {
  if (!table.length) {
    byId("entries").append(el("p", { class: "empty" }, "The run was too short to look."));
    return [];
  }
  byId("hot").append(...[hotPages(run, faults, pages)].flat());
  return [tlbChart(byId("entries"), run, table, interval)];
}
