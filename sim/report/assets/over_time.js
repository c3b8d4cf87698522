"use strict";
// Charts over time: steps, and how they are zoomed together.

// Steps with times of their own, as columns with one time; `end` is the last cycle of all.
function together(series, end) {
  const times = [...new Set([0, ...series.flatMap((steps) => steps.map(([cycle]) => cycle)), end])].sort((a, b) => a - b);
  const columns = series.map((steps) => {
    let next = 0, value = 0;
    return times.map((time) => {
      while (next < steps.length && steps[next][0] <= time) value = steps[next++][1];
      return value;
    });
  });
  return [times, ...columns];
}

const stepped = (label, name, more) => ({
  label, stroke: () => colour(name), width: 1.5, points: { show: false }, paths: uPlot.paths.stepped({ align: 1 }),
  value: (_, value) => grouped(value), ...more,
});

// What all charts over time have: the cycles, moved together.
const overTime = (run) => ({
  scales: { x: { time: false, range: (_, low, high) => (low === null ? [0, run.cycles] : [low, high]) } },
  cursor: { sync: { key: "time", scales: ["x", null] }, drag: { x: true, y: false }, points: { size: 6 } },
  cycles: { label: "cycle", value: (_, value) => grouped(value) },
});

// Plus and minus, arrows and 0 do what the mouse does, for all charts over time.
function zoomByKeys(place, run, plots) {
  place.addEventListener("keydown", (event) => {
    if (!plots().length || event.target.closest("select")) return;
    const { min, max } = plots()[0].scales.x, width = max - min, middle = (min + max) / 2;
    const ways = { "+": [middle - width / 4, middle + width / 4], "-": [middle - width, middle + width],
      ArrowLeft: [min - width / 4, max - width / 4], ArrowRight: [min + width / 4, max + width / 4], 0: [0, run.cycles] };
    if (!(event.key in ways)) return;
    event.preventDefault();
    const [low, high] = ways[event.key];
    const range = { min: Math.max(0, Math.min(low, run.cycles - Math.min(run.cycles, high - low))), max: 0 };
    range.max = Math.min(run.cycles, range.min + (high - low));
    for (const plot of plots()) plot.setScale("x", range);
  });
}
