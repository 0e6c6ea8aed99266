// Sorts a table by the column whose heading is pressed. Without scripts the table is simply read.
"use strict";
for (const table of document.querySelectorAll("table.sortable")) {
  const headings = [...table.tHead.rows[0].cells];
  headings.forEach((heading, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...heading.childNodes);
    heading.append(button);
    button.addEventListener("click", () => {
      const numeric = heading.classList.contains("number");
      // numbers are first wanted from the largest down, words from A
      const before = heading.getAttribute("aria-sort");
      const after = before ? (before === "ascending" ? "descending" : "ascending")
                           : (numeric ? "descending" : "ascending");
      headings.forEach((other) => other.removeAttribute("aria-sort"));
      heading.setAttribute("aria-sort", after);
      const sign = after === "ascending" ? 1 : -1;
      const key = (row) => row.cells[column].dataset.sort;
      const compare = (a, b) => {
        if (!numeric) return sign * key(a).localeCompare(key(b), "en-GB", { numeric: true });
        const [x, y] = [Number(key(a)), Number(key(b))];
        // missing numbers stay at the end, whichever way the column is sorted
        if (Number.isNaN(x) || Number.isNaN(y)) return Number.isNaN(x) - Number.isNaN(y);
        return sign * (x - y);
      };
      const body = table.tBodies[0];
      body.append(...[...body.rows].sort(compare));
    });
  });
}

// Marks in the contents the section that is being read.
const entries = new Map(
  [...document.querySelectorAll("nav.contents a")].map((a) => [a.getAttribute("href").slice(1), a]));
const watcher = new IntersectionObserver((seen) => {
  for (const { target, isIntersecting } of seen) {
    if (!isIntersecting) continue;
    entries.forEach((a) => a.removeAttribute("aria-current"));
    entries.get(target.id)?.setAttribute("aria-current", "true");
  }
}, { rootMargin: "-15% 0px -75% 0px" });
document.querySelectorAll("main > section").forEach((section) => watcher.observe(section));
