"use strict";
// The walk of a page fault as a tree through the page tables, and page-table entries bit by bit.

const LEVEL_BITS = 9n, PAGE_BITS = 12n;
const TABLES = { 2: "root table", 1: "table", 0: "last table" };
const SIZES = { 2: "1 GiB", 1: "2 MiB", 0: "4 KiB" };

const vpn = (va, level) => Number((BigInt(va) >> (PAGE_BITS + LEVEL_BITS * BigInt(level))) & 511n);
const frameOf = (pte) => ((BigInt(pte) >> 10n) & ((1n << 44n) - 1n)) << PAGE_BITS;
const told = (text, pte) => text?.replace("{pa}", hex(frameOf(pte)));

// The bits of an address, and what each part of them is for.
function addressParts(va) {
  const parts = [["VPN[2]", vpn(va, 2), "38–30"], ["VPN[1]", vpn(va, 1), "29–21"], ["VPN[0]", vpn(va, 0), "20–12"],
    ["offset", hex(BigInt(va) & 4095n), "11–0"]];
  return el("div", { class: "address" }, parts.map(([name, value, bits]) =>
    el("div", {}, el("small", {}, name), el("code", {}, String(value)), el("small", { class: "bits" }, bits))));
}

// The flags of an entry as cells; those that differ from `other` stand out.
function flagCells(pte, other, flags) {
  const bits = [...flags].map((letter, number) => [letter, 1n << BigInt(flags.length - 1 - number)]);
  const text = bits.map(([letter, bit]) => (BigInt(pte) & bit ? letter : "-")).join("");
  return el("span", { class: "flags", role: "img", "aria-label": `flags ${text}` }, bits.map(([letter, bit]) => {
    const is = Boolean(BigInt(pte) & bit);
    const changed = other !== null && is !== Boolean(BigInt(other) & bit);
    return el("span", { class: `flag${is ? " set" : ""}${changed ? " changed" : ""}`, "aria-hidden": "true" }, letter);
  }));
}

function entryLine(name, pte, other, text, flags) {
  return el("div", { class: "entry" }, name ? el("span", { class: "when" }, name) : null,
    el("div", {}, el("code", {}, hex(pte)), flagCells(pte, other, flags), el("span", { class: "told" }, told(text, pte) ?? "")));
}

// What a level has: what was read there, and written.
function levelOf(faults, row, level) {
  const get = (name) => faults.get(name.replace("#", level), row);
  return {
    level,
    address: get("read_#_address") ?? get("written_#_address"),
    cycle: get("read_#_cycle"),
    read: get("read_#_value"),
    readTold: get("read_#_told"),
    before: get("written_#_before"),
    after: get("written_#_after"),
    afterTold: get("written_#_told"),
  };
}

function levelNode(step, va, flags, known) {
  const index = vpn(va, step.level);
  const head = el("div", { class: "node-head" },
    el("span", { class: "level" }, `level ${step.level}`),
    el("span", {}, `${TABLES[step.level]}, entry ${index}`),
    step.address === null || step.address === undefined ? null : el("code", {}, hex(step.address)),
    step.cycle === null || step.cycle === undefined ? null : el("small", {}, `read in cycle ${grouped(step.cycle)}`));
  const lines = [];
  if (step.read !== null && step.read !== undefined) {
    lines.push(entryLine(step.after === null ? "" : "before", step.read, step.after, step.readTold, flags));
  } else if (known) {
    lines.push(el("div", { class: "told" }, "not read: the walk cache knows the next table"));
  } else if (step.before !== null && step.before !== undefined) {
    lines.push(entryLine("before", step.before, step.after, null, flags));
  }
  if (step.after !== null && step.after !== undefined) {
    lines.push(entryLine("after", step.after, step.before ?? 0, step.afterTold, flags));
  }
  const kind = step.read === null || step.read === undefined ? (known ? "known" : "new") : "read";
  return el("div", { class: `node ${kind}` }, head, lines);
}

// The levels one in the other: each entry leads to the next table, the last one to the page.
function walkTree(faults, row) {
  const va = faults.get("stval", row);
  const steps = faults.layout.levels.map((level) => levelOf(faults, row, level));
  const reads = steps.filter((step) => step.read !== null && step.read !== undefined);
  const touched = (step) => step.address !== null && step.address !== undefined;
  if (!steps.some(touched)) return null;
  const highest = Math.max(...reads.map((step) => step.level), -1);
  const shown = steps.filter((step) => touched(step) || (reads.length && step.level > highest));
  const frame = faults.get("frame", row);
  let inner = frame ? el("li", {}, el("div", { class: "node page" },
    el("div", { class: "node-head" }, el("span", { class: "level" }, "page"),
      el("span", {}, `${SIZES[0]} in the new frame`), el("code", {}, hex(frame))))) : null;
  for (const step of [...shown].reverse()) {
    const node = levelNode(step, va, faults.layout.flags, reads.length && step.level > highest);
    inner = el("li", {}, node, inner ? el("ul", {}, inner) : null);
  }
  return el("ul", { class: "tree" }, inner);
}
