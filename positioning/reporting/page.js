"use strict";
(() => {
  const source = document.getElementById("chart-data").textContent;
  const charts = document.querySelectorAll("[data-chart]");
  if (typeof Plotly === "undefined") {
    charts.forEach((c) => { c.textContent = "This chart needs the assets folder beside the page."; });
    return;
  }
  const options = { responsive: true, displaylogo: false, modeBarButtonsToRemove: ["select2d", "lasso2d", "autoScale2d"] };
  const colours = () => {
    const style = getComputedStyle(document.documentElement);
    return JSON.parse(source, (_, v) => (typeof v === "string" && /^\$[a-z]+$/.test(v) ? style.getPropertyValue(`--${v.slice(1)}`).trim() : v));
  };
  const draw = () => {
    const figures = colours();
    charts.forEach((c) => Plotly.react(c, figures[c.dataset.chart].data, figures[c.dataset.chart].layout, options));
  };
  draw();
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
  document.addEventListener("themechange", draw);
})();
