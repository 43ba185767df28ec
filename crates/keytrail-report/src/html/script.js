"use strict";
(() => {
  const by = (id) => document.getElementById(id);
  const theme = by("theme");
  const dark = matchMedia("(prefers-color-scheme: dark)");
  theme.hidden = false;
  theme.addEventListener("click", () => {
    const root = document.documentElement;
    const now = root.dataset.theme || (dark.matches ? "dark" : "light");
    root.dataset.theme = now === "dark" ? "light" : "dark";
  });

  const open = () => {
    const target = location.hash && by(decodeURIComponent(location.hash.slice(1)));
    const around = target && target.closest("details");
    if (around) {
      around.open = true;
      target.scrollIntoView({ block: "center" });
    }
  };
  addEventListener("hashchange", open);
  open();

  for (const node of document.querySelectorAll("svg a.node")) {
    const hop = by(node.getAttribute("href").slice(1));
    if (!hop) continue;
    const light = (on) => () => {
      hop.classList.toggle("lit", on);
      node.classList.toggle("lit", on);
    };
    for (const part of [hop, node]) {
      part.addEventListener("mouseenter", light(true));
      part.addEventListener("mouseleave", light(false));
    }
  }

  const table = by("findings");
  if (!table) return;
  const rows = [...table.tBodies[0].rows].map((row) => ({ row, text: row.textContent.toLowerCase() }));
  const boxes = [...by("severities").querySelectorAll("input")];
  const search = by("search");
  const part = by("part");
  const apply = () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const severities = new Set(boxes.filter((box) => box.checked).map((box) => box.value));
    let shown = 0;
    for (const { row, text } of rows) {
      const fits =
        severities.has(row.dataset.severity) &&
        (!part.value || row.dataset.part === part.value) &&
        words.every((word) => text.includes(word));
      row.hidden = !fits;
      shown += fits ? 1 : 0;
    }
    by("shown").textContent = `${shown} of ${rows.length}`;
  };
  by("filter").hidden = false;
  for (const input of [search, part, ...boxes]) input.addEventListener("input", apply);
  apply();
})();
