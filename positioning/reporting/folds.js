"use strict";
// Parts that are folded away: opened by an address that names them or something in them, and on paper; on a phone those
// that stand open elsewhere are folded first.
(() => {
  const PHONE = 600;  // pixels; the same width as in page.css
  const parts = [...document.querySelectorAll("details:not(.scale)")];  // the rules of a verdict stay folded on paper
  if (innerWidth <= PHONE) parts.filter((p) => p.classList.contains("unfolded")).forEach((p) => { p.open = false; });

  const open = () => {
    let part = location.hash && document.getElementById(location.hash.slice(1));
    for (; part; part = part.parentElement) if (part.tagName === "DETAILS") part.open = true;
  };
  addEventListener("hashchange", open);
  open();

  let closed = [];
  addEventListener("beforeprint", () => { closed = parts.filter((p) => !p.open); closed.forEach((p) => { p.open = true; }); });
  addEventListener("afterprint", () => closed.forEach((p) => { p.open = false; }));
})();
