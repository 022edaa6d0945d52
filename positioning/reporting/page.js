"use strict";
(() => {
  const source = document.getElementById("chart-data").textContent;
  const charts = [...document.querySelectorAll("[data-chart]")];
  const parts = [...document.querySelectorAll("details")];
  const open = () => {
    const part = location.hash && document.getElementById(location.hash.slice(1));
    if (part && part.tagName === "DETAILS") part.open = true;
  };
  addEventListener("hashchange", open);
  open();
  let closed = [];
  addEventListener("beforeprint", () => { closed = parts.filter((p) => !p.open); closed.forEach((p) => { p.open = true; }); });
  addEventListener("afterprint", () => closed.forEach((p) => { p.open = false; }));
  if (typeof Plotly === "undefined") {
    charts.forEach((c) => { c.textContent = "This chart needs the assets folder beside the page."; });
    return;
  }
  const options = { responsive: true, displaylogo: false, modeBarButtonsToRemove: ["select2d", "lasso2d", "autoScale2d"] };
  const days = JSON.parse(source).days;
  const coloured = () => {
    const style = getComputedStyle(document.documentElement);
    return JSON.parse(source, (key, v) => {
      if (key === "x" && v === "@days") return days;
      return typeof v === "string" && /^\$[a-z]+$/.test(v) ? style.getPropertyValue(`--${v.slice(1)}`).trim() : v;
    });
  };
  let figures = coloured();
  const drawn = new Set();
  const draw = (c) => {
    const figure = figures[c.dataset.chart];
    if (!figure) return;
    drawn.add(c);
    Plotly.react(c, figure.data, figure.layout, options);
  };
  const again = () => { figures = coloured(); drawn.forEach(draw); };
  // What is folded away is drawn when it is opened, the rest at once.
  charts.filter((c) => !c.closest("details:not([open])")).forEach(draw);
  parts.forEach((p) => p.addEventListener("toggle", () => {
    if (p.open) charts.filter((c) => p.contains(c) && !drawn.has(c)).forEach(draw);
  }));
  addEventListener("beforeprint", () => charts.filter((c) => !drawn.has(c)).forEach(draw));
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", again);
  document.addEventListener("themechange", again);
})();
