// What depends on the width of the window: formulas that cannot be broken shrink to their box, and
// tables that are wider than theirs scroll in it, with an edge, and by the keyboard.
(() => {
  function fitFormulas() {
    for (const formula of document.querySelectorAll(".bd-article mjx-container[display]")) {
      formula.dataset.size ??= parseFloat(formula.style.fontSize) || 100; // as MathJax has set it
      formula.style.fontSize = `${formula.dataset.size}%`;
      const share = formula.clientWidth / formula.scrollWidth;
      if (share < 0.995) formula.style.fontSize = `${0.99 * share * formula.dataset.size}%`;
    }
  }

  function boxOf(table) {
    const box = table.closest(".pst-scrollable-table-container, .text_html, .apd-claims, .apd-sortable");
    if (box) return box;
    const own = document.createElement("div");
    table.replaceWith(own);
    own.append(table);
    return own;
  }

  function boxTables() {
    for (const table of document.querySelectorAll(".bd-article table")) {
      if (table.closest(".apd-explorer, .highlight")) continue;
      const box = boxOf(table);
      const wide = table.getBoundingClientRect().width > box.clientWidth + 1;
      box.classList.toggle("apd-wide", wide);
      if (wide) {
        box.tabIndex = 0;
        box.setAttribute("role", "group");
        box.setAttribute("aria-label", "Table that scrolls sideways");
      } else {
        for (const name of ["tabindex", "role", "aria-label"]) box.removeAttribute(name);
      }
    }
  }

  function fit() {
    boxTables();
    fitFormulas();
  }

  window.addEventListener("load", () => {
    Promise.resolve(window.MathJax?.startup?.promise).then(fit);
    document.addEventListener("toggle", fit, true); // a fold that opens has a width now
    let waiting = null;
    window.addEventListener("resize", () => {
      clearTimeout(waiting);
      waiting = setTimeout(fit, 150);
    });
  });
})();
