"use strict";
// A measure of a sweep over one of its parameters, with a line for each value of another one.

const LINES = ["touched", "walk", "retry", "trap", "path", "kernel", "away"];

// Numbers by size, all else as it comes.
function valuesOf(column) {
  const values = [...new Set(column)];
  return values.every((each) => typeof each === "number") ? values.sort((a, b) => a - b) : values;
}

function median(numbers) {
  if (!numbers.length) return null;
  const sorted = numbers.toSorted((a, b) => a - b), middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

// For each value of `split` the medians of `measure` at the values of `over`.
function medians({ columns }, measure, over, split) {
  const xs = valuesOf(columns[over]);
  const groups = split ? valuesOf(columns[split]) : [null];
  const cells = groups.map(() => xs.map(() => []));
  columns[measure].forEach((value, row) => {
    if (value === null) return;
    const group = split ? groups.indexOf(columns[split][row]) : 0;
    cells[group][xs.indexOf(columns[over][row])].push(value);
  });
  return { xs, groups, lines: cells.map((line) => line.map(median)) };
}

function draw(sweep, measure, over, split) {
  const { xs, groups, lines } = medians(sweep, measure, over, split);
  const numbers = xs.every((each) => typeof each === "number");
  const place = byId("chart");
  charts.clear();
  place.replaceChildren();
  const at = numbers ? xs : xs.map((_, number) => number);
  const names = numbers ? {} : { splits: at, incrs: [1], space: 1, values: (_, ticks) => ticks.map((tick) => String(xs[tick] ?? "")) };
  const margin = xs.length > 1 ? (at[at.length - 1] - at[0]) / 20 : 1;
  chart(place, `${measure} over ${over}`, {
    scales: { x: { time: false, range: [at[0] - margin, at[at.length - 1] + margin] }, y: { range: (_, low, high) => [0, Math.max(1, high * 1.05)] } },
    axes: [axis(over, names), axis(measure, { size: LEFT })],
    series: [
      { label: over, value: (_, value) => (value === null ? "" : String(numbers ? value : xs[value])) },
      ...groups.map((group, number) => ({
        label: split ? `${split} ${group}` : measure,
        stroke: () => colour(LINES[number % LINES.length]), width: 1.5, spanGaps: true,
        dash: number < LINES.length ? undefined : [6, 4], points: { show: true, size: 6 },
        value: (_, value) => grouped(value),
      })),
    ],
  }, [at, ...lines], 320);
  const heads = [over, ...groups.map((group) => [split ? `${split} ${group}` : measure, "number"])];
  byId("medians").replaceChildren(smallTable(`Medians of ${measure}`, heads,
    xs.map((x, row) => [String(x), ...lines.map((line) => [grouped(line[row]), "number"])])));
}

show(() => {
  const sweep = factsOf("sweep");
  const { parameters, measures } = sweep;
  if (!parameters.length || !measures.length) {
    byId("chart").append(el("p", { class: "empty" }, "All points are alike: there is nothing to draw."));
    return;
  }
  const selects = ["measure", "over", "split"].map(byId);
  const offer = (select, names) => select.append(...names.map((name) => el("option", { value: name }, name || "nothing")));
  offer(selects[0], measures);
  offer(selects[1], parameters);
  offer(selects[2], ["", ...parameters]);
  if (parameters.length > 1) selects[2].value = parameters[parameters.length - 1];
  const renew = () => {
    const [measure, over, split] = selects.map((select) => select.value);
    draw(sweep, measure, over, split === over ? "" : split);
  };
  for (const select of selects) select.addEventListener("change", renew);
  renew();
});
