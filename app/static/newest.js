"use strict";

// Posts as they arrive: the live stream says that something changed, and the page's own list,
// which the server keeps ready for everybody, takes the place of the old one.
(() => {
  const section = document.querySelector("[data-live]");
  if (!section) return;
  const button = section.querySelector("[data-live-show]");
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

  button.addEventListener("click", refresh);
  window.listenToLiveStream(section.dataset.live, {
    changed,
    isOpen: (isOpen) => section.classList.toggle("is-live", isOpen),
  });
})();
