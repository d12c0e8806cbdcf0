"use strict";

// The host's screen follows the game: counts in place, anything else as a new part of the page.
(() => {
  const number = new Intl.NumberFormat(document.documentElement.lang);
  const PAUSE_MS = 700;
  let stop = () => {};
  let isAsked = false;
  let state = "";
  let missed = null; // The newest document that came while a part was asked for.

  const root = () => document.getElementById("game");

  // A question may end by itself just as its end is asked for: that click is not for the next one.
  function wait(button) {
    button.disabled = true;
    setTimeout(() => { button.disabled = false; }, PAUSE_MS);
  }

  function begin() {
    stop();
    if (state === "asking" && root().dataset.state === "told") wait(root().querySelector("[data-next] button"));
    state = root().dataset.state;
    const timer = root().querySelector("[data-timer]");
    stop = timer ? window.countDown(timer, {}) : () => {};
  }

  async function refresh() {
    isAsked = true;
    try {
      await htmx.ajax("GET", location.pathname, {
        source: document.body, target: "#game", select: "#game", swap: "outerHTML",
      });
    } catch {
      setTimeout(refresh, 2000);
    } finally {
      isAsked = false;
    }
    const newer = missed;
    missed = null;
    if (newer) show(newer);
  }

  function show(game) {
    if (isAsked) {
      missed = game;
      return;
    }
    const shown = root();
    const hasMoved = game.version > Number(shown.dataset.version);
    const isFirst = shown.dataset.players === "0"; // What is said to nobody is another sentence.
    const hasCome = (isFirst || game.state === "waiting") && String(game.players) !== shown.dataset.players;
    if (hasMoved || hasCome) {
      // What somebody opened or types stays open for them while others come.
      if (!hasMoved && shown.querySelector(".leading[open]")) return;
      refresh();
      return;
    }
    for (const [name, count] of [["answers", game.answers], ["all", game.players]]) {
      const place = shown.querySelector(`[data-${name}]`);
      if (place) place.textContent = number.format(count);
    }
  }

  document.addEventListener("keydown", (event) => {
    if (event.key !== " " || event.repeat || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest("button, a, input, select, textarea, summary")) return;
    const button = root().querySelector("[data-next] button");
    if (!button) return;
    event.preventDefault();
    button.click();
  });
  document.addEventListener("htmx:afterSettle", (event) => {
    if (event.detail.target.id !== "game") return;
    begin();
    if (document.activeElement === document.body) {
      root().querySelector("[data-focus]")?.focus({ preventScroll: true });
    }
  });
  begin();
  window.openStream(root().dataset.live, {
    events: {
      game: (event) => show(JSON.parse(event.data)),
      gone: () => location.assign(root().dataset.games),
    },
  });
})();
