"use strict";
// One page fault, from the look-up to the retry.

// Rows with bars; the longest one is as wide as there is room.
function bars(parts, style) {
  const longest = Math.max(...parts.map((part) => part.cycles));
  return el("table", { class: "bars" }, el("tbody", {}, parts.map((part) => el("tr", {},
    el("th", { scope: "row" }, part.name), el("td", { class: "number" }, grouped(part.cycles)),
    el("td", { class: "wide" }, el("span", { class: `bar kind-${style ?? KINDS[part.key]}`,
      style: { width: percentNumber(part.cycles / longest) } }))))));
}

function storyHead(faults, row, go) {
  const number = faults.get("number", row);
  return el("header", {},
    el("h3", { id: "story-title" }, `Fault ${grouped(number)}: ${faults.cause(row)} page fault`),
    el("div", { class: "buttons" },
      el("button", { type: "button", onclick: () => go(-1), "aria-label": "The fault before" }, "←"),
      el("button", { type: "button", onclick: () => go(1), "aria-label": "The next fault" }, "→")),
    el("p", { class: "quiet" }, `pid ${faults.get("pid", row)} (${faults.get("program", row)}), ` +
      `raised in cycle ${grouped(faults.get("cycle", row))}`));
}

function overview(faults, row) {
  const total = faults.cycles(row);
  return total ? [stackedBar(faults.phases(row), total, "Cycles"), el("p", { class: "quiet" }, many(total, "cycle"))] : null;
}

function instruction(faults, row) {
  const via = faults.get("via", row);
  if (via) return el("p", {}, `A system call touched the page, in ${via}.`);
  const place = faults.place(row), source = faults.get("source", row);
  const line = place ? el("div", {}, el("span", { class: "where" }, place), el("code", {}, source ?? "")) : null;
  const parts = [hex(faults.get("pc", row)), faults.get("function", row)].filter(Boolean).join("  ");
  return el("div", { class: "instruction" }, line,
    el("div", {}, el("span", { class: "where" }, parts), el("code", {}, faults.get("instruction", row) ?? "")));
}

function lookup(faults, row) {
  const reason = faults.get("no_walk", row);
  return [
    el("h4", {}, "Address ", el("code", {}, hex(faults.get("stval", row)))),
    addressParts(faults.get("stval", row)),
    reason ? el("p", {}, `No walk: ${reason}.`) : null,
    walkTree(faults, row),
  ];
}

function cyclesOf(faults, row) {
  const parts = faults.phases(row), steps = faults.steps(row, "kernel"), others = faults.steps(row, "other"), total = faults.cycles(row);
  if (!total) return null;
  return [
    el("h4", {}, "Cycles"),
    bars(parts),
    steps.length ? [el("h4", {}, "Steps of the kernel"), bars(steps, "kernel")] : null,
    others.length ? [el("h4", {}, "The other work of the same answer"), bars(others, "kernel")] : null,
  ];
}

const sentence = (text) => `${text[0].toUpperCase()}${text.slice(1)}`;

function decision(faults, row) {
  const reason = faults.get("reason", row), kernel = faults.kernel(row);
  const ending = faults.get("ending", row).replace("{retired}", grouped(faults.get("retired_cycle", row)));
  const why = ending.startsWith(kernel) ? null : [`${sentence(reason)}: `, el("strong", {}, kernel), ". "];
  return [el("h4", {}, "The kernel"), el("p", { class: "decision" }, why, `${sentence(ending)}.`)];
}

function showStory(place, faults, row, go) {
  place.replaceChildren(...[
    storyHead(faults, row, go), overview(faults, row), instruction(faults, row), lookup(faults, row),
    decision(faults, row),
    cyclesOf(faults, row),
  ].flat(Infinity).filter(Boolean));
  place.setAttribute("aria-labelledby", "story-title");
}
