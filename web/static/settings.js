// SPDX-License-Identifier: GPL-3.0-or-later
// Tables of rows without a round to the server, rules tried while they are typed. Every form works without it.
"use strict";

(() => {
  document.querySelector("#troubles")?.focus();

  // -- add, remove and move rows of a table

  function renumber(row, number) {
    const swap = (text) => text.replace(/-r\d+(?=-|$)/, `-r${number}`);
    for (const part of [row, ...row.querySelectorAll("[name], [id]")]) {
      if (part.name && part.name !== "act") part.name = swap(part.name);
      if (part.id) part.id = swap(part.id);
      if (part.name?.endsWith("-row")) part.value = `r${number}`;
    }
  }

  let next = 1000;

  function add(button) {
    const box = button.closest("fieldset");
    const rows = box.querySelector("[data-rows]");
    if (rows.querySelectorAll("[data-row]").length >= Number(rows.dataset.most)) return false;
    const row = box.querySelector("[data-blank]").content.querySelector("[data-row]").cloneNode(true);
    renumber(row, next++);
    rows.append(row);
    row.querySelector("input:not([type=hidden]), select, textarea")?.focus();
    return true;
  }

  function move(button) {
    const row = button.closest("[data-row]");
    const order = button.dataset.move;
    const isRow = (one) => one?.matches("[data-row]");
    const { previousElementSibling: above, nextElementSibling: below } = row;
    if (order === "remove") {
      const goal = isRow(below) ? below : isRow(above) ? above : row.closest("fieldset");
      row.remove();
      (goal.querySelector('[data-move="remove"]') || goal.querySelector("[data-add]"))?.focus();
      return;
    }
    if (order === "up" && isRow(above)) above.before(row);
    if (order === "down" && isRow(below)) below.after(row);
    button.focus();
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("[data-add], [data-move]");
    if (!button) return;
    if (button.matches("[data-add]")) { if (!add(button)) return; } else move(button);
    event.preventDefault();
    changed(button.form);
  });

  // -- what is not saved yet is not lost by a slip

  const saving = new WeakSet();

  function changed(form) {
    form?.classList.add("is-changed");
    form?.dispatchEvent(new Event("settings-changed"));
  }

  document.querySelectorAll("form[data-settings]").forEach((form) => {
    form.addEventListener("input", () => changed(form));
    form.addEventListener("submit", () => saving.add(form));
  });
  window.addEventListener("beforeunload", (event) => {
    const open = [...document.querySelectorAll("form[data-settings].is-changed")].some((form) => !saving.has(form));
    if (open) event.preventDefault();
  });

  // -- the result of a try follows what is typed

  document.querySelectorAll("[data-try]").forEach((part) => {
    const form = part.closest("form");
    let timer = 0;
    let running = null;
    async function again() {
      running?.abort();
      running = new AbortController();
      const data = new FormData(form);
      data.set("act", "try");
      try {
        const answer = await fetch(form.action, { method: "POST", body: new URLSearchParams(data), credentials: "same-origin", signal: running.signal });
        if (!answer.ok) return;
        const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("#try-result");
        if (fresh) part.querySelector("#try-result").replaceChildren(...fresh.childNodes);
      } catch (error) {
        if (error.name !== "AbortError") throw error;
      }
    }
    const soon = () => { clearTimeout(timer); if (part.querySelector("[name=number]").value) timer = setTimeout(again, 400); };
    form.addEventListener("input", soon);
    form.addEventListener("settings-changed", soon);
  });
})();
