"use strict";
// The map of an address space: cycles from left to right, addresses from below.

const STATES = ["given", "promised", "touched", "shared"];
const STATE_NAMES = ["given back", "promised", "touched", "shared"];
const WHOLE_PAGES = 8; // so many pages of a stretch are as high as single ones
const HOLE = 3; // so many pages is a hole high, however large it is
const LABEL = 12; // pixels

// Where pages are on the map. Those that are always in the same state as their neighbours make a
// stretch; a long one is shortened, or it would leave no room for the others.
class Heights {
  constructor(changes, owners) {
    this.pages = [...new Set([0, ...[...changes, ...owners].flatMap(({ page, count }) => [page, page + count])])].sort((a, b) => a - b);
    const holes = this.holes(changes);
    this.heights = [0];
    this.isShortened = false;
    for (let number = 1; number < this.pages.length; number += 1) {
      const length = this.pages[number] - this.pages[number - 1];
      const whole = length <= WHOLE_PAGES ? length : WHOLE_PAGES + 4 * Math.log2(length / WHOLE_PAGES);
      const height = holes.has(this.pages[number - 1]) ? Math.min(HOLE, whole) : whole;
      this.isShortened ||= length > WHOLE_PAGES;
      this.heights.push(this.heights[number - 1] + height);
    }
    this.of = new Map(this.pages.map((page, number) => [page, this.heights[number]]));
    this.all = this.heights[this.heights.length - 1] || 1;
  }

  // Where stretches begin that are never anybody's.
  holes(changes) {
    const spans = changes.map(({ page, count }) => [page, page + count]).sort((a, b) => a[0] - b[0]);
    const holes = new Set();
    let owned = 0, next = 0;
    for (const page of this.pages) {
      while (next < spans.length && spans[next][0] <= page) owned = Math.max(owned, spans[next++][1]);
      if (page >= owned) holes.add(page);
    }
    return holes;
  }

  // The page at a height.
  page(height) {
    let low = 0, high = this.heights.length - 1;
    while (low + 1 < high) {
      const middle = (low + high) >> 1;
      if (this.heights[middle] <= height) low = middle;
      else high = middle;
    }
    const share = (height - this.heights[low]) / (this.heights[high] - this.heights[low] || 1);
    return Math.floor(this.pages[low] + share * (this.pages[high] - this.pages[low]));
  }

  // Where stretches begin, as far as there is room for their addresses.
  ticks() {
    const ticks = [];
    for (const height of this.heights) {
      if (!ticks.length || height - ticks[ticks.length - 1] >= this.all / 9) ticks.push(height);
    }
    return ticks;
  }
}

// Each change is painted from its cycle to the right; what comes later is painted over it.
function paintMap(plot, changes, heights) {
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
    const low = plot.valToPos(heights.of.get(page), "y", true), high = plot.valToPos(heights.of.get(page + count), "y", true);
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

// The names of regions, each where it is largest, from when it is.
function paintNames(plot, owners, heights) {
  const { ctx, bbox } = plot;
  const largest = new Map();
  for (const each of owners) {
    const key = `${each.name} ${each.page}`;
    if (!(largest.get(key)?.count >= each.count)) largest.set(key, each);
  }
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  ctx.font = `${LABEL * devicePixelRatio}px sans-serif`;
  [ctx.textAlign, ctx.textBaseline] = ["left", "middle"];
  ctx.fillStyle = colour("text");
  ctx.strokeStyle = colour("back");
  ctx.lineWidth = 3 * devicePixelRatio;
  for (const { cycle, page, count, name } of largest.values()) {
    const low = plot.valToPos(heights.of.get(page), "y", true), high = plot.valToPos(heights.of.get(page + count), "y", true);
    if (low - high < LABEL * devicePixelRatio) continue;
    const place = [Math.max(bbox.left, plot.valToPos(cycle, "x", true)) + 4 * devicePixelRatio, (low + high) / 2];
    if (bbox.left + bbox.width - place[0] < ctx.measureText(name).width) continue;
    ctx.strokeText(name, ...place);
    ctx.fillText(name, ...place);
  }
  ctx.restore();
}

function mapLegend(changes, heights) {
  const shown = ["promised", "touched", "shared", "given"].filter((name) => name !== "shared" || changes.some((each) => each.state === 3));
  return el("ul", { class: "legend" }, shown.map((name) =>
    el("li", {}, el("span", { class: `swatch kind-${name}` }), STATE_NAMES[STATES.indexOf(name)])),
    el("li", {}, "point at a page for its owner"),
    heights.isShortened ? el("li", {}, "stretches of pages that are alike are shortened") : null);
}

function mapChart(place, run, changes, owners) {
  const { scales, cursor, cycles } = overTime(run);
  const heights = new Heights(changes, owners);
  const said = el("p", { class: "quiet said" }, " ");
  const tell = (plot) => {
    const { left, top } = plot.cursor;
    if (left === null || left < 0) { said.textContent = " "; return; }
    const cycle = Math.floor(plot.posToVal(left, "x")), page = heights.page(plot.posToVal(top, "y"));
    const found = page >= 0 && stateAt(changes, cycle, page);
    const whose = page >= 0 && stateAt(owners, cycle, page);
    said.textContent = found ? `Page ${hex(page * PAGE)} in cycle ${grouped(cycle)}: ${whose ? `${whose.name}, ` : ""}` +
      `${STATE_NAMES[found.state]}, since cycle ${grouped(found.cycle)}` : " ";
  };
  const plot = chart(place, "Map of the address space", {
    cursor: { ...cursor, points: { show: false }, y: true }, legend: { show: false },
    scales: { ...scales, y: { range: () => [0, heights.all] } },
    axes: [axis("cycles"), axis("address", {
      size: LEFT, splits: () => heights.ticks(), values: (_, ticks) => ticks.map((tick) => hex(heights.page(tick) * PAGE)) })],
    series: [cycles, { label: "pages", stroke: "transparent", points: { show: false } }],
    hooks: { ...injectedLines(run), drawAxes: [(plot) => { paintMap(plot, changes, heights); paintNames(plot, owners, heights); }], setCursor: [tell] },
  }, [[0, run.cycles], [0, heights.all]], 280);
  place.append(mapLegend(changes, heights), said);
  return plot;
}
