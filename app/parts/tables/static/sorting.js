"use strict";

// Tables whose columns sort their rows: a click on a head sorts, the next click turns the order.
for (const table of document.querySelectorAll("table[data-sorted]")) {
  const body = table.tBodies[0];
  const valueOf = (row, place) => {
    const cell = row.cells[place];
    return cell.dataset.value === undefined ? cell.textContent.trim() : Number(cell.dataset.value);
  };
  const compare = (one, other) =>
    typeof one === "number" ? one - other : one.localeCompare(other, document.documentElement.lang);
  [...table.tHead.rows[0].cells].forEach((head, place) => {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "sorter";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      // The first click on numbers shows the largest first.
      const isNumber = body.rows[0]?.cells[place].dataset.value !== undefined;
      const was = head.getAttribute("aria-sort");
      const isDown = was ? was === "ascending" : isNumber && place > 0;
      for (const each of table.tHead.rows[0].cells) each.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", isDown ? "descending" : "ascending");
      const rows = [...body.rows].sort(
        (one, other) => (isDown ? -1 : 1) * compare(valueOf(one, place), valueOf(other, place)),
      );
      body.append(...rows);
    });
  });
}
