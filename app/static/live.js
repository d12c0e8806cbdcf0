"use strict";

// Posts as they arrive: the live stream says that something changed, and the page's own list,
// which the server keeps ready for everybody, takes the place of the old one.
(() => {
  const section = document.querySelector("[data-live]");
  if (!section || !window.EventSource) return;
  const button = section.querySelector("[data-live-show]");
  const kinds = ["tweet.created", "tweets.imported", "tweet.deleted", "user.deleted"];
  let stream = null;
  let waiting = 0;

  function refresh() {
    button.hidden = true;
    htmx.ajax("GET", location.pathname, {
      source: section, target: "#newest-list", select: "#newest-list", swap: "outerHTML",
    });
  }

  // What somebody reads must not move: further down the page a button waits instead.
  function changed() {
    if (section.getBoundingClientRect().top < 0) {
      button.hidden = false;
      return;
    }
    clearTimeout(waiting);
    waiting = setTimeout(refresh, 200);
  }

  function listen() {
    if (stream) return;
    stream = new EventSource(section.dataset.live);
    stream.onopen = () => section.classList.add("is-live");
    stream.onerror = () => section.classList.remove("is-live");
    for (const kind of kinds) stream.addEventListener(kind, changed);
    stream.addEventListener("reset", changed);
  }

  // A browser opens only six connections to a site; a hidden tab gives its own back.
  function rest() {
    stream?.close();
    stream = null;
    section.classList.remove("is-live");
  }

  document.addEventListener("visibilitychange", () => {
    if (document.hidden) {
      rest();
    } else {
      listen();
      changed();
    }
  });
  window.addEventListener("pagehide", rest);
  window.addEventListener("pageshow", (event) => { if (event.persisted) listen(); });
  button.addEventListener("click", refresh);
  if (!document.hidden) listen();
})();
