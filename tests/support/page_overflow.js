// What of a page's article is wider than its box, as [kind, beginning of its text] pairs.
// A table may be wider if the box that it scrolls in has an edge that is seen.
() => {
  const article = document.querySelector(".bd-article") ?? document.body;
  for (const fold of article.querySelectorAll("details")) fold.open = true;
  for (const cell of article.querySelectorAll(".tag_hide-input, .tag_hide-output")) cell.open = true;
  const seen = (node) => node.checkVisibility() && node.getClientRects().length > 0;
  const scrolls = (node) => node.scrollWidth > node.clientWidth + 1;
  const block = (node) => {
    let around = node.parentElement;
    while (getComputedStyle(around).display.startsWith("inline")) around = around.parentElement;
    return around;
  };
  const spills = (node) => {
    const [own, around] = [node, block(node)].map((each) => each.getBoundingClientRect());
    return own.right > around.right + 1.5;
  };
  const hasEdge = (node) => parseFloat(getComputedStyle(node).borderRightWidth) > 0;
  const tableIsCut = (table) => {
    for (let around = table.parentElement; around !== article; around = around.parentElement) {
      if (getComputedStyle(around).overflowX === "visible") continue;
      return scrolls(around) && !(hasEdge(around) && getComputedStyle(around).overflowX === "auto");
    }
    return spills(table);
  };
  const faults = [];
  const note = (kind, node) =>
    faults.push([kind, node.textContent.trim().replace(/\s+/g, " ").slice(0, 70)]);
  for (const pre of article.querySelectorAll("pre"))
    if (seen(pre) && scrolls(pre)) note("code", pre);
  for (const formula of article.querySelectorAll("mjx-container"))
    if (seen(formula) && (formula.hasAttribute("display") ? scrolls(formula) : spills(formula)))
      note("formula", formula);
  for (const table of article.querySelectorAll("table"))
    if (seen(table) && tableIsCut(table)) note("table", table);
  for (const leaf of article.querySelectorAll("img, svg, p, li, h1, h2, h3, figcaption, .apd-explorer"))
    if (seen(leaf) && !leaf.closest("mjx-container, table, pre") && spills(leaf)) note("other", leaf);
  return faults;
}
