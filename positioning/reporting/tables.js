"use strict";
// On a phone a table that is wider than its place becomes cards, a row a card.
(() => {
  const PHONE = 600;  // pixels; the same width as in page.css
  const seen = new WeakMap();
  const fit = (place) => {
    const table = place.querySelector("table");
    if (!table || table.dataset.cards === "always") return;
    table.classList.remove("stacked");
    if (innerWidth <= PHONE && place.scrollWidth > place.clientWidth + 1) table.classList.add("stacked");
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
