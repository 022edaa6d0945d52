"use strict";
(() => {
  const chart = document.querySelector("[data-chart=timeline]");
  const chosen = document.getElementById("theme-filter");
  const rows = [...document.querySelectorAll("#events tbody tr")];
  const column = [...document.querySelectorAll("#events th")].findIndex((h) => h.textContent === "themes");
  const themes = (row) => row.cells[column].textContent.split("; ").map((t) => t.replace(/ /g, "_"));
  const show = () => {
    const theme = chosen.value;
    rows.forEach((row) => { row.hidden = theme !== "" && !themes(row).includes(theme); });
    document.getElementById("theme-count").textContent = `${rows.filter((r) => !r.hidden).length} events; restrictions are always shown`;
    if (!chart.data) return;
    const visible = chart.data.map((t) => theme === "" || t.meta.length === 0 || t.meta.includes(theme));
    if (visible.some((seen, n) => seen !== (chart.data[n].visible ?? true))) Plotly.restyle(chart, { visible });
  };
  chosen.addEventListener("change", show);
  document.addEventListener("themechange", show);
  show();
})();
