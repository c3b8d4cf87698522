"use strict";
// The faults that the run was given on command, and where they are seen on the page.

// The page fault of process `pid` that lasts in `cycle`, as its row, or -1.
function faultIn(faults, pid, cycle) {
  for (let row = faults.length - 1; row >= 0; row -= 1) {
    const begin = faults.get("begin", row);
    if (faults.get("pid", row) === pid && begin <= cycle && cycle <= begin + faults.cycles(row)) return row;
  }
  return -1;
}

// Told in a table; `go` is called with the row of the page fault that somebody has chosen.
function showInjected(place, run, faults, go) {
  if (!run.injected.length) return;
  const moment = (pid, cycle) => {
    if (cycle === null) return "";
    const row = faultIn(faults, pid, cycle);
    const link = row < 0 ? null : el("button", { type: "button", onclick: () => go(row) }, `fault ${grouped(faults.get("number", row))}`);
    return el("span", {}, `${grouped(cycle)} `, link);
  };
  const rows = run.injected.map(({ option, cycle, pid, what, followed, followed_cycle: then }) => [
    [option, "mono"], moment(pid, cycle), pid ? String(pid) : "", [cycle === null ? `it has not happened: ${what}` : what, "told"],
    moment(pid, then), [followed || (cycle === null ? "" : "the kernel has noticed nothing of it"), "told"]]);
  place.append(smallTable("Faults on command", ["option", "cycle", "pid", "what is done", "cycle", "what follows first"], rows));
}

// What charts over time draw besides: a line where one has happened.
const injectedLines = (run) => ({ draw: [(plot) => {
  const { ctx, bbox } = plot;
  ctx.save();
  ctx.strokeStyle = colour("trap");
  ctx.setLineDash([4, 4]);
  for (const { cycle } of run.injected) {
    const x = cycle === null ? -1 : plot.valToPos(cycle, "x", true);
    if (x < bbox.left || x > bbox.left + bbox.width) continue;
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
  }
  ctx.restore();
}] });
