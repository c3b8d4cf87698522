"use strict";
// Charts, by uPlot: their colours are the page's, and their width is that of their place.

// Steps between the ticks of whole numbers.
const WHOLE = Array.from({ length: 12 }, (_, power) => [1, 2, 5].map((each) => each * 10 ** power)).flat();
// So wide are the axes on the left of charts over time: they stand one over the other.
const LEFT = 98;
// Pixels between ticks: room for the longest number side by side, for a line one over the other.
// A digit has up to 7.7 pixels, a comma half of that.
function room(_, side, low, high) {
  const number = grouped(Math.ceil(high));
  return side ? 30 : 3.85 * (number.length + number.replaceAll(",", "").length) + 8;
}

function axis(label, more) {
  return {
    label,
    stroke: () => colour("quiet"),
    grid: { stroke: () => colour("line"), width: 1 },
    ticks: { stroke: () => colour("line"), width: 1, size: 4 },
    font: "12px system-ui, sans-serif",
    labelFont: "12px system-ui, sans-serif",
    labelSize: 20,
    incrs: WHOLE,
    size: 34,
    space: room,
    values: (_, ticks) => ticks.map((tick) => (Number.isInteger(tick) ? grouped(tick) : "")),
    ...more,
  };
}

// Takes options without sizes; `height` is in CSS pixels.
function chart(place, title, options, data, height = 220) {
  const size = () => ({ width: Math.max(240, place.clientWidth), height });
  place.append(el("h3", {}, title));
  const plot = new uPlot({ ...size(), ...options }, data, place);
  plot.root.setAttribute("role", "img");
  plot.root.setAttribute("aria-label", title);
  new ResizeObserver(() => {
    if (plot.width !== size().width) plot.setSize(size());
  }).observe(place);
  charts.add(plot);
  return plot;
}

// How many of each group's `lengths`, which are sorted, are in each of some classes.
function histogram(place, groups) {
  const least = Math.min(...groups.map((group) => group.lengths[0]));
  const most = Math.max(...groups.map((group) => group.lengths[group.lengths.length - 1]));
  const step = niceStep((most - least + 1) / 40);
  // With an empty class on either side.
  const first = Math.floor(least / step) - 1;
  const count = Math.floor(most / step) - first + 2;
  const starts = Array.from({ length: count }, (_, number) => (first + number) * step);
  const counts = groups.map((group) => {
    const numbers = new Array(count).fill(0);
    for (const length of group.lengths) numbers[Math.floor(length / step) - first] += 1;
    return numbers;
  });
  const middles = starts.map((start) => start + (step - 1) / 2);
  return chart(place, `How long page faults take, in classes of ${many(step, "cycle")}`, {
    scales: { x: { time: false, range: (_, low, high) => [low, high] }, y: { range: (_, low, high) => [0, high * 1.05] } },
    axes: [axis("cycles from the look-up to the retry"), axis("page faults", { size: 60 })],
    cursor: { drag: { x: true, y: false } },
    series: [
      { label: "cycles", value: (_, value) => (value === null ? "" : `${grouped(value - (step - 1) / 2)} to ${grouped(value + (step - 1) / 2)}`) },
      ...groups.map((group, number) => ({
        label: group.name,
        stroke: () => colour(group.colour),
        fill: () => colour(group.colour) + (groups.length > 1 ? "80" : "c0"),
        width: 1,
        points: { show: false },
        paths: uPlot.paths.bars({ size: [0.9, 60], align: 0 }),
        value: (_, value) => grouped(value),
      })),
    ],
  }, [middles, ...counts], 200);
}

// The smallest of 1, 2, 5, 10… that is not below `least`.
function niceStep(least) {
  const power = 10 ** Math.floor(Math.log10(Math.max(1, least)));
  return [1, 2, 5, 10].map((each) => each * power).find((each) => each >= least);
}
