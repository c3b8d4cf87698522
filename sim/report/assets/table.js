"use strict";
// The table of page faults: only the rows that are to be seen are there, whatever their number.

const ROW_HEIGHT = 28;
const AROUND = 12; // rows above and below those to be seen
const PRINTED = 500; // rows on paper

// A table of rows by their numbers. Its options: `columns`, each with a name, a style, and what a row
// has there; `length`; `text`, what a row is searched in; `chosen`, called with the row that somebody
// has chosen and what goes on from there; `isMarked`; `label`.
class RowTable {
  constructor(place, options) {
    Object.assign(this, options);
    this.rows = Array.from({ length: this.length }, (_, row) => row);
    this.order = { column: 0, down: false };
    this.current = 0;
    this.texts = [];
    this.build(place);
    this.draw();
  }

  build(place) {
    const heads = this.columns.map((column, number) => el("th", { scope: "col", class: column.style },
      el("button", { type: "button", onclick: () => this.sortBy(number) }, column.name)));
    this.heads = heads;
    this.body = el("tbody", { onclick: (event) => this.clicked(event) });
    this.above = el("tr", { "aria-hidden": "true", class: "room" });
    this.below = el("tr", { "aria-hidden": "true", class: "room" });
    this.table = el("table", { "aria-rowcount": this.length + 1, "aria-label": this.label },
      el("thead", {}, el("tr", { "aria-rowindex": 1 }, heads)), this.body);
    this.view = el("div", { class: "view", tabindex: 0, role: "group", "aria-label": `${this.label}; arrow keys go from one to the next`,
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
      class: this.isMarked(row) ? "killed" : null },
      this.columns.map((column) => {
        const value = column.of(row);
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

  search(query) {
    // A number is meant as a whole, an address or a name may be meant in part.
    const whole = (word) => (/^(#|pid:)\d+$/.test(word) ? `${word} ` : word);
    const wanted = query.toLowerCase().split(/\s+/).filter(Boolean).map(whole);
    this.rows = [];
    for (let row = 0; row < this.length; row += 1) {
      if (!wanted.length || wanted.every((word) => (this.texts[row] ??= this.text(row)).includes(word))) this.rows.push(row);
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
    const { of } = this.columns[this.order.column], sign = this.order.down ? -1 : 1;
    const keys = new Map(this.rows.map((row) => [row, of(row)]));
    this.rows.sort((one, other) => {
      const [a, b] = [keys.get(one), keys.get(other)];
      return sign * (a < b ? -1 : a > b ? 1 : 0) || one - other;
    });
  }
}

// The box for the search, and keys for all of it.
function connectSearch(table) {
  const box = byId("search");
  const search = () => {
    const found = table.search(box.value);
    byId("found").textContent = box.value ? `${grouped(found)} of ${grouped(table.length)}` : "";
  };
  box.addEventListener("input", search);
  box.addEventListener("keydown", (event) => {
    if (event.key === "Escape") { box.value = ""; search(); }
    if (event.key === "ArrowDown" || event.key === "Enter") { event.preventDefault(); table.view.focus(); }
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "/" && !event.target.closest("input, select, textarea")) { event.preventDefault(); box.focus(); }
  });
  byId("story").addEventListener("keydown", (event) => {
    if (event.key === "ArrowLeft") table.choose(table.current - 1);
    if (event.key === "ArrowRight") table.choose(table.current + 1);
    if (event.key === "Escape") table.view.focus();
  });
}
