"use strict";
// What all pages with charts or sorted tables share.
const Shared = (() => {
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const options = { responsive: true, displaylogo: false, modeBarButtonsToRemove: ["select2d", "lasso2d", "autoScale2d"] };

  // A figure in the page's colours: "$role" is one of them; `stands` says what an x of "@word" stands for.
  const coloured = (figure, stands) => {
    const probe = document.body.appendChild(document.createElement("i")), known = new Map();
    const roles = getComputedStyle(document.documentElement);
    const colour = (word) => {
      if (!known.has(word)) {
        const role = `--${word.slice(1)}`;
        probe.style.color = `var(${role})`;
        known.set(word, roles.getPropertyValue(role) ? getComputedStyle(probe).color : word);  // what light-dark() comes to
      }
      return known.get(word);
    };
    const walk = (value, key) => {
      if (typeof value === "string") {
        if (key === "x" && value.startsWith("@")) return stands(value.slice(1)) ?? value;
        return /^\$[a-z]+$/.test(value) ? colour(value) : value;
      }
      if (value === null || typeof value !== "object") return value;
      if (Array.isArray(value)) return value.map((inner) => walk(inner, ""));
      return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, walk(inner, name)]));
    };
    const made = walk(figure, "");
    probe.remove();
    return made;
  };

  // On paper a drawing takes the width that is there: no script runs between layout and print. After all that is drawn for
  // print, so this listens last.
  const stretch = () => all(".main-svg").forEach((svg) => {
    svg.setAttribute("viewBox", `0 0 ${svg.getAttribute("width")} ${svg.getAttribute("height")}`);
    svg.setAttribute("preserveAspectRatio", "xMinYMin meet");
  });
  const unstretch = () => all(".main-svg").forEach((svg) => {
    svg.removeAttribute("viewBox");
    svg.removeAttribute("preserveAspectRatio");
  });
  addEventListener("DOMContentLoaded", () => {
    addEventListener("beforeprint", stretch);
    addEventListener("afterprint", unstretch);
  });

  const draw = (chart, figure) => Plotly.react(chart, figure.data, figure.layout, options);

  // Rows of a table by what `key` gives of each, the undefined last; numbers as numbers.
  const sortRows = (body, key, falling) => {
    const known = (k) => k !== undefined && k !== "" && !Number.isNaN(k);
    const rows = [...body.rows].map((row) => [key(row), row]);
    rows.sort(([x], [y]) => {
      if (!known(x) || !known(y)) return known(y) - known(x);
      const [m, n] = [Number(x), Number(y)];
      const order = Number.isNaN(m) || Number.isNaN(n) ? String(x).localeCompare(String(y)) : m - n;
      return falling ? -order : order;
    });
    body.append(...rows.map(([, row]) => row));
  };
  const markSorted = (table, head, falling) => {
    all("thead th", table).forEach((th) => th.removeAttribute("aria-sort"));
    if (head) head.setAttribute("aria-sort", falling ? "descending" : "ascending");
  };

  return { all, options, coloured, draw, sortRows, markSorted };
})();
