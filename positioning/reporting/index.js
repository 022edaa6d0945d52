"use strict";
(() => {
  const search = document.getElementById("search");
  if (!search) return;
  const cards = [...document.querySelectorAll(".card")];
  const texts = cards.map((c) => c.textContent.toLowerCase());
  const [strategy, grade, view, shown] = ["strategy", "grade", "view", "shown"].map((id) => document.getElementById(id));
  const show = () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    let count = 0;
    cards.forEach((card, n) => {
      const fits = words.every((w) => texts[n].includes(w))
        && (!strategy.value || card.dataset.strategy === strategy.value)
        && (!grade.value || card.dataset.grade === grade.value);
      card.hidden = !fits;
      count += fits;
    });
    document.querySelectorAll("section.runs").forEach((s) => { s.hidden = !s.querySelector(".card:not([hidden])"); });
    shown.textContent = `${count} of ${cards.length} runs.`;
  };
  [search, strategy, grade].forEach((field) => field.addEventListener("input", show));
  document.querySelector(".filters").addEventListener("submit", (event) => event.preventDefault());
  view.addEventListener("click", () => {
    const table = document.body.classList.toggle("as-table");
    view.setAttribute("aria-pressed", String(table));
  });
})();
