"use strict";
// The table of page faults: only the rows that are to be seen are there, whatever their number.

const ROW_HEIGHT = 28;
const AROUND = 12; // rows above and below those to be seen
const PRINTED = 500; // rows on paper

const COLUMNS = [
  { name: "#", style: "number", of: (faults, row) => faults.get("number", row), show: grouped },
  { name: "raised", style: "number", of: (faults, row) => faults.get("cycle", row), show: grouped },
  { name: "process", style: "some", of: (faults, row) => `${faults.get("pid", row)} ${faults.get("program", row)}` },
  { name: "function", style: "some", of: (faults, row) => faults.get("function", row) ?? faults.get("via", row) ?? hex(faults.get("pc", row)) },
  { name: "line", style: "most", of: (faults, row) => faults.place(row) },
  { name: "cause", style: "", of: (faults, row) => faults.cause(row) },
  { name: "stval", style: "number mono", of: (faults, row) => faults.get("stval", row), show: hex },
  { name: "cycles", style: "number", of: (faults, row) => faults.cycles(row), show: grouped },
  { name: "the kernel", style: "most wide", of: (faults, row) => faults.kernel(row) },
];

class FaultTable {
  // `chosen` is called with the row of the fault that somebody has chosen, of all.
  constructor(place, faults, chosen) {
    this.faults = faults;
    this.chosen = chosen;
    this.rows = Array.from({ length: faults.length }, (_, row) => row);
    this.order = { column: 0, down: false };
    this.current = 0;
    this.texts = [];
    this.places = new Map();
    this.build(place);
    this.draw();
  }

  build(place) {
    const heads = COLUMNS.map((column, number) => el("th", { scope: "col", class: column.style },
      el("button", { type: "button", onclick: () => this.sortBy(number) }, column.name)));
    this.heads = heads;
    this.body = el("tbody", { onclick: (event) => this.clicked(event) });
    this.above = el("tr", { "aria-hidden": "true", class: "room" });
    this.below = el("tr", { "aria-hidden": "true", class: "room" });
    this.table = el("table", { "aria-rowcount": this.faults.length + 1, "aria-label": "Page faults" },
      el("thead", {}, el("tr", { "aria-rowindex": 1 }, heads)), this.body);
    this.view = el("div", { class: "view", tabindex: 0, role: "group", "aria-label": "Page faults; arrow keys go from one to the next",
      onscroll: () => this.draw(), onkeydown: (event) => this.pressed(event) }, this.table);
    this.printed = el("p", { class: "printed" });
    place.append(this.view, this.printed);
    new ResizeObserver(() => this.draw()).observe(this.view);
    window.addEventListener("beforeprint", () => this.draw(PRINTED));
    window.addEventListener("afterprint", () => this.draw());
  }

  // The rows from the first to the last that is to be seen, or the first `count` for paper.
  draw(count) {
    const top = Math.max(0, Math.floor(this.view.scrollTop / ROW_HEIGHT) - AROUND);
    const seen = Math.ceil(this.view.clientHeight / ROW_HEIGHT) + 2 * AROUND;
    const first = count ? 0 : Math.min(top, Math.max(0, this.rows.length - 1));
    const last = Math.min(this.rows.length, count ?? first + seen);
    const rows = this.rows.slice(first, last).map((row, index) => this.row(row, first + index));
    this.above.style.height = `${first * ROW_HEIGHT}px`;
    this.below.style.height = `${count ? 0 : (this.rows.length - last) * ROW_HEIGHT}px`;
    this.body.replaceChildren(this.above, ...rows, this.below);
    this.printed.textContent = last < this.rows.length ? `The first ${grouped(last)} of ${many(this.rows.length, "page fault")}.` : "";
  }

  row(row, place) {
    const isCurrent = place === this.current;
    return el("tr", { "data-place": place, "aria-rowindex": place + 2, "aria-current": isCurrent ? "true" : null,
      class: this.faults.get("outcome", row) === "killed" ? "killed" : null },
      COLUMNS.map((column) => {
        const value = column.of(this.faults, row);
        const text = (column.show ?? String)(value);
        return el("td", { class: column.style, title: column.style.includes("wide") ? text : null }, text);
      }));
  }

  clicked(event) {
    const row = event.target.closest("tr[data-place]");
    if (!row) return;
    this.choose(Number(row.dataset.place));
    if (matchMedia("(max-width: 60rem)").matches) this.read();
  }

  pressed(event) {
    const page = Math.max(1, Math.floor(this.view.clientHeight / ROW_HEIGHT) - 2);
    const last = this.rows.length - 1;
    const ways = { ArrowDown: this.current + 1, ArrowUp: this.current - 1, PageDown: this.current + page,
      PageUp: this.current - page, Home: 0, End: last };
    if (event.target === this.view && event.key in ways) {
      event.preventDefault();
      this.choose(ways[event.key]);
    } else if (event.target === this.view && event.key === "Enter") {
      event.preventDefault();
      this.read();
    }
  }

  read() {
    const story = byId("story");
    story.focus({ preventScroll: true });
    story.scrollIntoView({ block: "nearest" });
  }

  // Goes to a place among the rows that are shown.
  choose(place) {
    if (!this.rows.length) return;
    this.current = Math.max(0, Math.min(this.rows.length - 1, place));
    const top = this.current * ROW_HEIGHT, head = this.table.tHead.offsetHeight;
    const room = this.view.clientHeight - head;
    if (top < this.view.scrollTop) this.view.scrollTop = top;
    else if (top + ROW_HEIGHT > this.view.scrollTop + room) this.view.scrollTop = top + ROW_HEIGHT - room;
    this.draw();
    this.chosen(this.rows[this.current], (step) => this.choose(this.current + step));
  }

  // What a row is searched in: most of it is the same wherever the instruction is.
  text(row) {
    const get = (name) => this.faults.get(name, row);
    const key = `${get("pid")} ${this.faults.table.get("program", row)} ${get("pc")} ${get("cause")} ${get("via")}`;
    if (!this.places.has(key)) {
      this.places.set(key, [`pid ${get("pid")}`, get("program"), get("function"), this.faults.place(row),
        this.faults.cause(row), get("via"), hex(get("pc")), get("instruction"), get("source")].join(" ").toLowerCase());
    }
    this.texts[row] ??= `#${get("number")} ${this.places.get(key)} ${hex(get("stval"))} ${this.faults.kernel(row)}`;
    return this.texts[row];
  }

  search(query) {
    const wanted = query.toLowerCase().split(/\s+/).filter(Boolean);
    this.rows = [];
    for (let row = 0; row < this.faults.length; row += 1) {
      if (!wanted.length || wanted.every((word) => this.text(row).includes(word))) this.rows.push(row);
    }
    this.sort();
    this.current = 0;
    this.view.scrollTop = 0;
    this.draw();
    if (this.rows.length) this.choose(0);
    return this.rows.length;
  }

  sortBy(column) {
    const down = this.order.column === column && !this.order.down;
    this.order = { column, down };
    const row = this.rows[this.current];
    this.sort();
    this.heads.forEach((head, number) => {
      if (number === column) head.setAttribute("aria-sort", down ? "descending" : "ascending");
      else head.removeAttribute("aria-sort");
    });
    this.current = Math.max(0, this.rows.indexOf(row));
    this.draw();
  }

  sort() {
    if (this.order.column === 0 && !this.order.down) {
      this.rows.sort((one, other) => one - other);
      return;
    }
    const { of } = COLUMNS[this.order.column], sign = this.order.down ? -1 : 1;
    const keys = new Map(this.rows.map((row) => [row, of(this.faults, row)]));
    this.rows.sort((one, other) => {
      const [a, b] = [keys.get(one), keys.get(other)];
      return sign * (a < b ? -1 : a > b ? 1 : 0) || one - other;
    });
  }
}
