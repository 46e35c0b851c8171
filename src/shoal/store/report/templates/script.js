"use strict";
(function () {
  const said = document.getElementById("sorted");

  function key(row, column) {
    const cell = row.cells[column];
    return cell.hasAttribute("data-sort") ? cell.dataset.sort : cell.textContent.trim();
  }

  function order(numeric, way) {
    return function (one, other) {
      if (one[0] === "" || other[0] === "") return (one[0] === "") - (other[0] === "");
      const found = numeric ? one[0] - other[0] : one[0].localeCompare(other[0]);
      return found ? way * found : one[1] - other[1];
    };
  }

  function sort(head) {
    const column = head.cellIndex;
    const body = head.closest("table").tBodies[0];
    const rows = Array.from(body.rows);
    const numeric = rows.length > 0 && rows[0].cells[column].hasAttribute("data-sort");
    const before = head.getAttribute("aria-sort");
    const first = numeric ? "descending" : "ascending";
    const next = before === "none" ? first : before === "ascending" ? "descending" : "ascending";
    const pairs = rows.map(function (row, place) { return [key(row, column), place, row]; });
    pairs.sort(order(numeric, next === "ascending" ? 1 : -1));
    body.append(...pairs.map(function (pair) { return pair[2]; }));
    for (const other of head.parentNode.cells) other.setAttribute("aria-sort", other === head ? next : "none");
    said.textContent = "Sorted by " + head.textContent.trim() + ", " + next;
  }

  for (const head of document.querySelectorAll("table.sortable thead th")) {
    head.querySelector("button").addEventListener("click", function () { sort(head); });
  }

  /* Paper has no triangles to click: what is short is opened while printing. */
  const opened = [];
  window.addEventListener("beforeprint", function () {
    for (const one of document.querySelectorAll("details:not(.numbers):not([open])")) { one.open = true; opened.push(one); }
  });
  window.addEventListener("afterprint", function () {
    while (opened.length) opened.pop().open = false;
  });
})();
