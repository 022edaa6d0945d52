"use strict";
(() => {
  const root = document.documentElement;
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const recall = () => { try { return localStorage.getItem("theme"); } catch { return null; } };
  const store = (theme) => { try { localStorage.setItem("theme", theme); } catch { /* a page need not remember */ } };
  const shown = () => root.dataset.theme || (dark.matches ? "dark" : "light");
  const button = document.createElement("button");
  button.type = "button";
  button.className = "theme";
  const label = () => {
    const other = shown() === "dark" ? "Light" : "Dark";
    button.textContent = other;
    button.setAttribute("aria-label", `${other} colours`);
  };
  if (["light", "dark"].includes(recall())) root.dataset.theme = recall();
  let told = shown();
  const tell = () => {
    label();
    if (shown() === told) return;  // charts are drawn anew only for other colours
    told = shown();
    document.dispatchEvent(new Event("themechange"));
  };
  button.addEventListener("click", () => {
    root.dataset.theme = shown() === "dark" ? "light" : "dark";
    store(root.dataset.theme);
    tell();
  });
  dark.addEventListener("change", tell);
  let before;  // paper is light
  addEventListener("beforeprint", () => { before = root.dataset.theme; root.dataset.theme = "light"; tell(); });
  addEventListener("afterprint", () => { if (before) root.dataset.theme = before; else delete root.dataset.theme; tell(); });
  label();
  document.body.prepend(button);
})();
