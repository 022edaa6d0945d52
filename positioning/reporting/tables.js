"use strict";
// On a phone a table that is wider than its place becomes cards, a row a card.
(() => {
  const PHONE = 600;  // pixels; the same width as in page.css
  const seen = new WeakMap();
  // On a card what a cell holds stands beside its label, so it must be one thing.
  const gather = (table) => {
    if (table.dataset.gathered) return;
    table.dataset.gathered = "yes";
    table.querySelectorAll("tbody :is(td, th)").forEach((cell) => {
      if (cell.childNodes.length < 2) return;
      const whole = document.createElement("div");
      whole.append(...cell.childNodes);
      cell.append(whole);
    });
  };
  const fit = (place) => {
    const table = place.querySelector("table");
    if (!table) return;
    if (table.dataset.cards !== "always") {
      table.classList.remove("stacked");
      if (innerWidth <= PHONE && place.scrollWidth > place.clientWidth + 1) table.classList.add("stacked");
    }
    if (innerWidth <= PHONE && table.classList.contains("stacked")) gather(table);
  };
  // A place that is folded away has no width: it is looked at when it is opened.
  const watch = new ResizeObserver((changes) => changes.forEach(({ target, contentRect }) => {
    if (seen.get(target) === contentRect.width) return;
    seen.set(target, contentRect.width);
    if (contentRect.width > 0) requestAnimationFrame(() => fit(target));
  }));
  document.querySelectorAll(".scroll").forEach((place) => {
    const table = place.querySelector("table");
    if (table && table.classList.contains("stacked")) table.dataset.cards = "always";
    watch.observe(place);
  });
})();
