"use strict";

// A chat in the viewer's own days: the server counts in UTC until it is told where the viewer is.
(() => {
  const own = new Intl.DateTimeFormat().resolvedOptions().timeZone;

  function ask(room) {
    if (!own || own === "UTC" || room.dataset.zone !== "UTC") return;
    const address = new URL(location.href);
    if (address.searchParams.has("tz")) return;
    address.searchParams.set("tz", own);
    htmx.ajax("GET", address.pathname + address.search, {
      source: room, target: "#room", select: "#room", swap: "outerHTML",
    }).then(() => {
      if (location.hash) document.getElementById(location.hash.slice(1))?.scrollIntoView();
    });
  }

  ask(document.querySelector("#room"));
})();
