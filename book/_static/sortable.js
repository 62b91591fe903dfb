// Tables of apd.display.sortable: every heading becomes a button that sorts by its column, upwards,
// then downwards. Numbers are in data-value; what has none is sorted as text.
(() => {
  function key(cell) {
    const value = cell.dataset.value;
    if (value === undefined) return cell.textContent.trim().toLowerCase();
    return value === "inf" ? Infinity : value === "-inf" ? -Infinity : Number(value);
  }

  function compare(a, b) {
    if (typeof a === "number" && typeof b === "number") return a === b ? 0 : a - b;
    return String(a).localeCompare(String(b));
  }

  function sort(table, headings, column) {
    const heading = headings[column];
    const descending = heading.getAttribute("aria-sort") === "ascending";
    for (const other of headings) other.removeAttribute("aria-sort");
    heading.setAttribute("aria-sort", descending ? "descending" : "ascending");
    const body = table.tBodies[0];
    const rows = [...body.rows].map((row) => [key(row.cells[column]), row]);
    rows.sort((a, b) => (descending ? compare(b[0], a[0]) : compare(a[0], b[0])));
    body.append(...rows.map(([, row]) => row));
  }

  function prepare(table) {
    const headings = [...table.tHead.rows[0].cells];
    headings.forEach((heading, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = heading.textContent;
      button.addEventListener("click", () => sort(table, headings, column));
      heading.replaceChildren(button);
    });
  }

  window.addEventListener("DOMContentLoaded", () => {
    for (const table of document.querySelectorAll(".apd-sortable table")) prepare(table);
  });
})();
