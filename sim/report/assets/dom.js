"use strict";
// Elements, numbers and colours. Whatever comes from a run is put in as text, never as HTML.

const SVG = "http://www.w3.org/2000/svg";

function fill(node, properties, children) {
  for (const [name, value] of Object.entries(properties ?? {})) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name === "style") for (const each of Object.entries(value)) node.style.setProperty(...each);
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat(Infinity).filter((each) => each !== null && each !== undefined));
  return node;
}

const el = (tag, properties, ...children) => fill(document.createElement(tag), properties, children);
const svg = (tag, properties, ...children) => fill(document.createElementNS(SVG, tag), properties, children);
const byId = (id) => document.getElementById(id);

// A number is a BigInt where it is too large to be exact otherwise.
const grouped = (value) => (value === null || value === undefined ? "" : value.toLocaleString("en-US"));
// A half goes to the even digit, as in what the terminal shows.
const TENTHS = { minimumFractionDigits: 1, maximumFractionDigits: 1, roundingMode: "halfEven" };
const rounded = (value) => value.toLocaleString("en-US", TENTHS);
const hex = (value) => (value === null || value === undefined ? "" : `0x${value.toString(16)}`);
const many = (count, thing) => `${grouped(count)} ${thing}${count === 1 ? "" : "s"}`;
const percent = (share) => `${rounded(100 * share)} %`;
const percentNumber = (share) => `${Math.max(0, 100 * share).toFixed(3)}%`;

// Each part of a fault is of a kind, which has a colour, here and in the waveform.
const KINDS = {
  walk: "walk", fetch_walk: "walk", data_walk: "walk", raise: "trap", trap_entry: "trap",
  save: "path", switch: "path", switch_back: "path", restore: "path", kernel: "kernel",
  retry: "retry", elsewhere: "away",
};
const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

// Charts are drawn anew when colours or widths change.
const charts = new Set();

function drawAnew() {
  for (const chart of charts) chart.redraw();
}

// What is far below is drawn when it comes near, or is to be printed.
const waiting = new Map();

function whenNear(element, draw) {
  const observer = new IntersectionObserver((entries) => {
    if (entries.some((entry) => entry.isIntersecting)) drawWaiting(element);
  }, { rootMargin: "600px" });
  waiting.set(element, () => {
    observer.disconnect();
    draw();
  });
  observer.observe(element);
}

function drawWaiting(...elements) {
  for (const element of elements.length ? elements : [...waiting.keys()]) {
    const draw = waiting.get(element);
    waiting.delete(element);
    draw?.();
  }
}

function complain(message) {
  const notice = byId("notice");
  notice.textContent = message;
  notice.hidden = false;
}

function definitions(pairs) {
  return pairs.map(([name, value, note]) =>
    el("div", {}, el("dt", {}, name), el("dd", {}, value, note ? el("small", {}, note) : null)));
}

// A table of a few rows: heads are [text, class], cells text, nodes, or [text, class].
function smallTable(caption, heads, rows) {
  const cell = (each, tag, scope) => {
    const [content, style] = Array.isArray(each) ? each : [each];
    return el(tag, { class: style, scope }, content);
  };
  return el("div", { class: "scroll" },
    el("table", {}, el("caption", {}, caption),
      el("thead", {}, el("tr", {}, heads.map((head) => cell(head, "th", "col")))),
      el("tbody", {}, rows.map((row) => el("tr", {}, row.map((each) => cell(each, "td")))))));
}

function watchColours() {
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawAnew);
  const print = (is) => () => {
    document.documentElement.classList.toggle("printing", is);
    drawWaiting();
    drawAnew();
  };
  window.addEventListener("beforeprint", print(true));
  window.addEventListener("afterprint", print(false));
}

// Shows a page, and says when that is done, or why it cannot be.
async function show(page) {
  try {
    if (!("DecompressionStream" in window)) throw new Error("its data can be read by browsers of 2023 and newer");
    await page();
    watchColours();
    document.documentElement.dataset.ready = "true";
  } catch (error) {
    complain(`The page cannot be shown: ${error.message}`);
    throw error;
  }
}
