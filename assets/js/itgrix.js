// SPDX-License-Identifier: GPL-3.0-or-later
// The page around the panel: the frame fills the window, and a lost login is asked for by the GUI itself.
"use strict";

(function () {
  var ALIVE_EVERY = 5 * 60 * 1000; // the PBX forgets a session that only reads; this request touches it
  var SMALLEST = 480; // pixels
  var RELOAD_PAUSE = 60 * 1000; // a login that does not help must not end in a loop

  function fit(frame) {
    var top = frame.getBoundingClientRect().top + window.pageYOffset;
    frame.style.height = Math.max(SMALLEST, window.innerHeight - top - 8) + "px";
  }

  function askForLogin() {
    var last = Number(window.sessionStorage.getItem("itgrix-reload") || 0);
    if (Date.now() - last < RELOAD_PAUSE) return;
    window.sessionStorage.setItem("itgrix-reload", String(Date.now()));
    window.location.reload();
  }

  function look(frame) {
    var page = null;
    try {
      page = frame.contentDocument && frame.contentDocument.documentElement;
    } catch (error) {
      return; // a page of somebody else, such as a download
    }
    if (page && page.getAttribute("data-itgrix") === "401") askForLogin();
  }

  function stayAlive() {
    window.fetch("ajax.php?module=itgrix&command=alive", { credentials: "same-origin" }).catch(function () {});
  }

  function begin() {
    var frame = document.getElementById("itgrix-panel");
    if (!frame) return;
    fit(frame);
    window.addEventListener("resize", function () { fit(frame); });
    frame.addEventListener("load", function () { fit(frame); look(frame); });
    look(frame); // it may have come before this script
    window.setInterval(stayAlive, ALIVE_EVERY);
  }

  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", begin);
  else begin();
})();
