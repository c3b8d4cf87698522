"use strict";
// Puts the page of a run together.

function showSummary(run, faults) {
  const killed = wordCount(faults, "outcome", "killed");
  const tiles = [
    ["page faults", grouped(faults.length), killed ? `${grouped(killed)} killed` : null],
    ["cycles", grouped(run.cycles)],
    ["instructions", grouped(run.instructions), run.cycles ? `${(run.instructions / run.cycles).toFixed(3)} a cycle` : null],
    ["heap pages promised", grouped(run.pages_promised)],
    ["heap frames on demand", grouped(run.heap_frames_used)],
    ...(run.area_pages_promised ? [["pages of areas promised", grouped(run.area_pages_promised)],
      ["frames of areas on demand", grouped(run.area_frames_used)]] : []),
    ...(run.superpages ? [["superpages", grouped(run.superpages)]] : []),
    ["exit status", grouped(run.exit_status), run.end === "finished" ? null : run.end],
  ];
  byId("tiles").append(...definitions(tiles));
  const config = run.config;
  byId("subtitle").textContent = `policy ${config.policy}, ${config.svadu ? "Svadu" : "Svade"}, memory latency ` +
    `${config.latency}, ${config.itlb_entries} + ${config.dtlb_entries} TLB entries; Trapline ${run.versions.trapline}, engine ${config.engine}`;
}

function wordCount(faults, name, wanted) {
  let count = 0;
  for (let row = 0; row < faults.length; row += 1) count += faults.get(name, row) === wanted;
  return count;
}

function showRun(run) {
  byId("processes").append(smallTable("Processes", ["pid", "program", ["faults", "number"], ["system calls", "number"],
    ["user cycles", "number"], ["kernel cycles", "number"], ["pages at most", "number"], ["page tables", "number"], ["status", "number"]],
    run.processes.map((each) => [String(each.pid), each.name, [grouped(each.minor_faults + each.fatal_faults), "number"],
      [grouped(each.syscalls), "number"], [grouped(each.user_cycles), "number"], [grouped(each.kernel_cycles), "number"],
      [grouped(each.resident_pages), "number"], [grouped(each.page_tables), "number"],
      [each.exit_status === null ? "has not ended" : String(each.exit_status), "number"]])));
  showCounters(run, factsOf("counted"));
  const facts = { ...run.config, ...Object.fromEntries(Object.entries(run.versions).map(([name, value]) => [`${name} (version)`, value])) };
  byId("configuration").append(el("details", {}, el("summary", {}, "Configuration and versions"),
    smallTable("Configuration and versions", ["name", "value"], flat(facts))));
}

// What the hart has counted, of the run and of each process, if it has.
function showCounters(run, { run: all, processes }) {
  if (!all) return;
  const heads = ["", ...["fetch", "data", "update", "all"].map((name) => [name, "number"])];
  const table = (caption, rows) => smallTable(caption, heads, rows.map(([name, ...cells]) =>
    [name.startsWith(" ") ? el("span", { class: "part" }, name.trim()) : name, ...cells.map((cell) => [cell, "number"])]));
  const names = new Map(run.processes.map((each) => [String(each.pid), each.name]));
  byId("counters").append(table("Counters of the run", all), Object.keys(processes).length > 1 ? el("details", {},
    el("summary", {}, "Counters of each process"), Object.entries(processes).map(([pid, rows]) =>
      table(`pid ${pid} (${names.get(pid) ?? ""})`, rows))) : "");
}

// Members of members as rows.
function flat(value, name = "") {
  return Object.entries(value).flatMap(([key, each]) => {
    const whole = name ? `${name} ${key}` : key;
    if (each !== null && typeof each === "object") return flat(each, whole);
    return [[whole.replaceAll("_", " "), [typeof each === "number" ? grouped(each) : String(each), "number"]]];
  });
}

// Goes to a page fault, though it may not be among those that are searched for.
function showFault(table, row) {
  if (!table.rows.includes(row)) {
    byId("search").value = "";
    byId("search").dispatchEvent(new Event("input"));
  }
  table.choose(table.rows.indexOf(row));
  byId("faults").scrollIntoView();
}

async function showPage() {
  const layout = factsOf("layout"), run = factsOf("run");
  const { tables, words } = await readData(layout);
  const faults = new Faults(tables.faults, words, layout);
  showSummary(run, faults);
  showRun(run);
  let table = null;
  if (faults.length) {
    table = faultTable(byId("table"), faults, (row, go) => showStory(byId("story"), faults, row, go));
    connectSearch(table);
    table.choose(0);
  } else {
    byId("faults").append(el("p", { class: "empty" }, "There was no page fault."));
    document.querySelectorAll("#faults .tools, #faults .split").forEach((each) => each.remove());
  }
  showInjected(byId("injected"), run, faults, (row) => showFault(table, row));
  showPhases(faults);
  whenNear(byId("memory"), () => {
    const memory = showMemory(run, faults, tables, words);
    const tlbs = showTlbs(run, faults, tables.tlbs, factsOf("tlb"));
    zoomByKeys(byId("over-time"), run, () => [...memory.all(), ...tlbs]);
  });
}

show(showPage);
