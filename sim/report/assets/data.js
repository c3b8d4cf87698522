"use strict";
// Reads what sim.report.blocks has written into the page.

class Table {
  constructor(columns, base) {
    this.names = columns;
    this.base = base ?? {};
    this.cells = Object.fromEntries(columns.map((name) => [name, []]));
    this.length = 0;
  }

  // A block: of each column what its cells add to the row before, and to the column nearby.
  append(block) {
    this.names.forEach((name, number) => {
      const cells = this.cells[name];
      const near = this.cells[this.base[name]];
      let before = 0;
      block[number].forEach((cell, row) => {
        if (typeof cell === "number") {
          before += cell;
          const other = near?.[this.length + row];
          cells.push(typeof other === "number" ? before + other : before);
        } else {
          cells.push(cell === null ? null : BigInt(cell));
        }
      });
    });
    this.length += block.length ? block[0].length : 0;
  }

  get(name, row) {
    return this.cells[name]?.[row];
  }
}

const factsOf = (id) => JSON.parse(byId(id).textContent);

async function inflated(text) {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Response(stream).json();
}

// All tables by their names, and the words that cells may be numbers of.
async function readData(layout) {
  const tables = {};
  for (const [name, { columns, base }] of Object.entries(layout.tables)) {
    tables[name] = new Table(columns, base);
  }
  const elements = [...document.querySelectorAll("script[data-kind]")];
  const blocks = await Promise.all(elements.map((element) => inflated(element.textContent)));
  let words = [];
  blocks.forEach((block, number) => {
    const kind = elements[number].dataset.kind;
    if (kind === "words") words = words.concat(block);
    else tables[kind].append(block);
    elements[number].textContent = "";
  });
  return { tables, words };
}

// A page fault of a table whose words are known, by its place there.
class Faults {
  constructor(table, words, layout) {
    this.table = table;
    this.length = table.length;
    this.layout = layout;
    this.words = words;
    this.isWord = new Set(layout.words);
  }

  get(name, row) {
    const value = this.table.get(name, row);
    return this.isWord.has(name) && value !== null && value !== undefined ? this.words[value] : value;
  }

  phases(row) {
    return this.layout.parts
      .map((part) => ({ ...part, cycles: this.get(`${part.key}_cycles`, row) }))
      .filter((part) => part.cycles);
  }

  // Of the kernel's answer: those for the fault ("kernel"), or for what else it had to do ("other").
  steps(row, which) {
    return this.layout.steps
      .map((step) => ({ ...step, cycles: this.get(`${which}_${step.key}_cycles`, row) }))
      .filter((step) => step.cycles);
  }

  cycles(row) {
    return this.layout.parts.reduce((sum, part) => sum + (this.get(`${part.key}_cycles`, row) ?? 0), 0);
  }

  cause(row) {
    return { 12: "fetch", 13: "load", 15: "store" }[this.get("cause", row)];
  }

  // What the kernel did, in words.
  kernel(row) {
    const told = this.get("kernel", row);
    return told ? told.replace("{frame}", hex(this.get("frame", row))) : this.get("outcome", row);
  }

  place(row) {
    const file = this.get("file", row);
    return file ? `${file}:${this.get("line", row)}` : "";
  }

  // It was raised by the process, and retired in the end: what averages are of.
  isWhole(row) {
    return this.get("via", row) === null && this.get("retired_cycle", row) !== null;
  }
}
