// SPDX-License-Identifier: GPL-3.0-or-later
// Keeps the sections of the page fresh. Without it the page shows the state of the moment it was loaded.
"use strict";

const body = document.body;
const lost = document.getElementById("lost");
const PAUSE = 250;
const RETRY = 2000;
let revision = Number(body.dataset.revision);
let ahead = Number(body.dataset.now) - Date.now() / 1000;
const shown = new Map();
const waiting = new Map();

const playing = (box) => [...box.querySelectorAll("audio")].some((sound) => !sound.paused);
const keys = (box) => new Set([...box.querySelectorAll("[data-key]")].map((node) => node.dataset.key));

// A section with a sound that plays is left alone until the sound ends.
function put(box, html) {
  if (shown.get(box) === html) return;
  if (playing(box)) {
    waiting.set(box, html);
    return;
  }
  const before = keys(box);
  const first = !shown.has(box);
  box.innerHTML = html;
  shown.set(box, html);
  waiting.delete(box);
  if (first) return;
  for (const node of box.querySelectorAll("[data-key]")) {
    if (!before.has(node.dataset.key)) node.classList.add("fresh");
  }
}

function settle() {
  for (const [box, html] of waiting) put(box, html);
}

function count() {
  const now = Date.now() / 1000 + ahead;
  for (const node of document.querySelectorAll("[data-since]")) {
    const seconds = Math.max(0, Math.floor(now - Number(node.dataset.since)));
    node.textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
  }
}

async function look() {
  const answer = await fetch(`/live?tab=${body.dataset.tab}&revision=${revision}`);
  if (!answer.ok) throw new Error(String(answer.status));
  const news = await answer.json();
  revision = news.revision;
  ahead = news.now - Date.now() / 1000;
  for (const box of document.querySelectorAll("[data-live]")) {
    const html = news.sections[box.dataset.live];
    if (html !== undefined) put(box, html);
  }
  count();
}

async function follow() {
  for (;;) {
    let pause = PAUSE;
    try {
      await look();
      lost.hidden = true;
    } catch {
      lost.hidden = false;
      pause = RETRY;
    }
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
}

document.addEventListener("pause", settle, true);
document.addEventListener("ended", settle, true);
const chooser = document.getElementById("user");
chooser.addEventListener("change", () => chooser.form.requestSubmit());
document.documentElement.classList.add("live");
document.querySelector(".tabs [aria-current]").scrollIntoView({ block: "nearest", inline: "center" });
setInterval(count, 1000);
count();
follow();
