"use strict";
(() => {
  const { all, coloured, draw, sortRows, markSorted } = Shared;
  const source = JSON.parse(document.getElementById("chart-data").textContent);
  const charts = all("[data-chart]");

  all("table.sortable").forEach((table) => all("thead button", table).forEach((button) => {
    button.addEventListener("click", () => {
      const head = button.parentElement, column = head.cellIndex;
      const falling = head.getAttribute("aria-sort") !== "descending";
      sortRows(table.tBodies[0], (row) => row.cells[column].dataset.value, falling);
      markSorted(table, head, falling);
    });
  }));

  if (typeof Plotly === "undefined") {
    charts.forEach((c) => { c.textContent = "This chart needs the assets folder beside the page."; });
    return;
  }
  const drawn = new Set();
  const show = (c) => {
    const figure = source[c.dataset.chart];
    if (!figure) return;
    drawn.add(c);
    draw(c, coloured(figure, (word) => source[word]));
  };
  const again = () => drawn.forEach(show);
  // What is folded away is drawn when it is opened, the rest at once.
  charts.filter((c) => !c.closest("details:not([open])")).forEach(show);
  all("details").forEach((p) => p.addEventListener("toggle", () => {
    if (p.open) charts.filter((c) => p.contains(c) && !drawn.has(c)).forEach(show);
  }));
  addEventListener("beforeprint", () => charts.filter((c) => !drawn.has(c)).forEach(show));
  document.addEventListener("themechange", again);
})();
