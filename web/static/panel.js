// SPDX-License-Identifier: GPL-3.0-or-later
// What makes the pages pleasant. Every page works without it.
"use strict";

(() => {
  // -- live parts: <div data-live="address" data-every="seconds"> is fetched again and again

  const notice = document.querySelector("[data-notice]");
  const voice = document.querySelector("[data-voice]");
  // Elements between whose children white space means nothing, so that it does not shift them.
  const BOXES = "tbody, ol, ul, table, tr, dl, section, article, [data-live], .pile, .parts, .columns";
  let lastGood = new Date();
  let isTyped = false;
  document.addEventListener("input", () => { isTyped = true; });

  function morph(old, fresh) {
    if (old.isEqualNode(fresh)) return;
    if (old.nodeName !== fresh.nodeName || (old.id || "") !== (fresh.id || "")) {
      old.replaceWith(fresh);
      return;
    }
    if (old.nodeType !== Node.ELEMENT_NODE) {
      old.nodeValue = fresh.nodeValue;
      return;
    }
    copyAttributes(old, fresh);
    if (old.matches(BOXES)) [old, fresh].forEach(dropBlanks);
    const children = [...fresh.childNodes];
    children.forEach((child, index) => place(old, child, index));
    while (old.childNodes.length > children.length) old.lastChild.remove();
  }

  function dropBlanks(box) {
    [...box.childNodes].filter((node) => !node.nodeValue?.trim() && node.nodeType === Node.TEXT_NODE).forEach((node) => node.remove());
  }

  function copyAttributes(old, fresh) {
    for (const { name } of [...old.attributes]) {
      if (!fresh.hasAttribute(name) && name !== "open") old.removeAttribute(name);
    }
    for (const { name, value } of fresh.attributes) {
      if (old.getAttribute(name) !== value) old.setAttribute(name, value);
    }
  }

  function place(parent, child, index) {
    const here = parent.childNodes[index];
    const known = child.id ? [...parent.children].find((one) => one.id === child.id) : null;
    if (known && known !== here) parent.insertBefore(known, here || null);
    if (!here) parent.append(child);
    else if (child.id && !known) {
      if (child.nodeName === "TR") child.classList.add("fresh");
      parent.insertBefore(child, here);
    } else morph(known || here, child);
  }

  function isReading(box) {
    const selection = window.getSelection();
    return selection && !selection.isCollapsed && box.contains(selection.anchorNode);
  }

  function say(message, isStale) {
    if (!notice) return;
    notice.hidden = !message;
    if (notice.textContent !== message) notice.textContent = message;
    document.body.classList.toggle("is-stale", isStale);
  }

  async function refresh(box) {
    const answer = await fetch(box.dataset.live, { credentials: "same-origin", headers: { "X-Requested-With": "fetch" } });
    // The session is over: loaded anew, the page (or the PBX's GUI around it) asks for a login. What is typed is not thrown away.
    if (answer.status === 401 && !isTyped) window.location.reload();
    if (!answer.ok || answer.redirected) throw new Error(String(answer.status));
    if (answer.headers.get("X-Live") === "anew" && !isTyped) return window.location.reload();
    const fresh = box.cloneNode(false);
    fresh.innerHTML = await answer.text();
    lastGood = new Date();
    if (answer.headers.get("X-Live") === "over") fresh.dataset.over = box.dataset.over = "yes";
    if (isReading(box)) return;
    const before = spoken(box);
    morph(box, fresh);
    if (voice && spoken(box) !== before) voice.textContent = spoken(box);
  }

  // What changed is said aloud in one sentence; the rest of the part changes in silence.
  function spoken(box) {
    return [...box.querySelectorAll("[data-say]")].map((one) => one.textContent.trim()).join(". ");
  }

  async function keepFresh(box) {
    const pause = Number(box.dataset.every || 5) * 1000;
    for (;;) {
      await new Promise((done) => setTimeout(done, pause));
      if (document.hidden) continue;
      if (box.dataset.over) return;
      try {
        await refresh(box);
        say("", false);
      } catch {
        const time = lastGood.toLocaleTimeString(document.documentElement.lang);
        say((document.body.dataset.stale || "").replace("{time}", time), true);
      }
    }
  }

  document.querySelectorAll("[data-live]").forEach(keepFresh);

  // -- "my time": offered when this computer lives in another zone than the pages show

  document.querySelectorAll("[data-own-zone]").forEach((link) => {
    const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
    if (!zone || zone === link.dataset.ownZone) return;
    const address = new URL(link.href);
    address.searchParams.set("zone", zone);
    link.href = address.href;
    link.title = zone;
    link.hidden = false;
  });

  // -- tick all boxes of a table

  document.querySelectorAll("[data-all]").forEach((box) => {
    box.closest("[hidden]")?.removeAttribute("hidden");
    box.addEventListener("change", () => {
      box.form.querySelectorAll(`input[name="${box.dataset.all}"]`).forEach((one) => { one.checked = box.checked; });
    });
  });

  // -- copy a file's text; on a page that is not secure the browser has no clipboard but the old way

  async function copied(text) {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      const box = document.createElement("textarea");
      box.value = text;
      document.body.append(box);
      box.select();
      const done = document.execCommand("copy");
      box.remove();
      return done;
    }
  }

  document.querySelectorAll("[data-copy]").forEach((button) => {
    let text = "";
    // Fetched beforehand: browsers let copy only in the moment of a click.
    fetch(button.dataset.copy, { credentials: "same-origin" }).then(async (answer) => {
      if (!answer.ok) return;
      text = await answer.text();
      button.hidden = false;
    }).catch(() => {});
    button.addEventListener("click", async () => {
      const done = await copied(text);
      button.focus();
      say(done ? button.dataset.copied : button.dataset.refused, false);
      setTimeout(() => say("", false), 4000);
    });
  });

  // -- the period's own dates show only when they are chosen

  document.querySelectorAll("[data-shows]").forEach((select) => {
    const update = () => document.querySelectorAll(`[data-for="${select.name}"]`).forEach((part) => {
      part.hidden = select.value !== select.dataset.shows;
    });
    select.addEventListener("change", update);
    update();
  });
})();
