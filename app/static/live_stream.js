"use strict";

// A stream of events that is opened again after every end. A browser comes back by itself when a
// connection breaks, but gives up after any answer but 200, as a proxy sends while the site restarts.
// A `bye` with a reason comes where somebody has too many streams: this page waits until it is looked
// at. One without a reason comes when the server stops.
window.openStream = (address, { events, opened = () => {}, lost = () => {}, isForHidden = true }) => {
  const FIRST_PAUSE_MS = 1_000;
  const LONGEST_PAUSE_MS = 30_000;
  let source = null;
  let waiting = 0;
  let pause = FIRST_PAUSE_MS;

  function open() {
    clearTimeout(waiting);
    if (source || (document.hidden && !isForHidden)) return;
    source = new EventSource(address);
    source.onopen = () => {
      pause = FIRST_PAUSE_MS;
      opened();
    };
    source.onerror = ({ target }) => {
      const isGivenUp = target.readyState === EventSource.CLOSED;
      if (isGivenUp) openLater();
      lost(isGivenUp);
    };
    source.addEventListener("bye", ({ data }) => { if (JSON.parse(data).reason) rest(); });
    for (const [kind, handle] of Object.entries(events)) source.addEventListener(kind, handle);
  }

  // Thousands of phones do not come back at the same moment.
  function openLater() {
    source = null;
    waiting = setTimeout(open, pause * (0.5 + Math.random()));
    pause = Math.min(2 * pause, LONGEST_PAUSE_MS);
  }

  function close() {
    clearTimeout(waiting);
    source?.close();
    source = null;
  }

  function rest() {
    close();
    lost(false);
  }

  // A browser opens only six connections to a site; a hidden tab can give its own back.
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) open();
    else if (!isForHidden) rest();
  });
  for (const sign of ["focus", "pointerdown", "keydown"]) window.addEventListener(sign, open);
  window.addEventListener("pagehide", close);
  // It comes out of the browser's memory, as it was when it was left.
  window.addEventListener("pageshow", (event) => {
    if (!event.persisted) return;
    lost(false);
    open();
  });
  open();
};

// The live stream of a page: it says that something changed, or that much may have.
window.listenToLiveStream = (address, { changed, isOpen }) => {
  const KINDS = ["tweet.created", "tweets.imported", "tweet.deleted", "user.created", "user.updated",
    "user.deleted"];
  let wasOpen = false;
  window.openStream(address, {
    events: {
      ...Object.fromEntries(KINDS.map((kind) => [kind, () => changed(true)])),
      reset: () => changed(false),
    },
    opened: () => {
      isOpen(true);
      // What happened while nobody listened is not told.
      if (wasOpen) changed(false);
      wasOpen = true;
    },
    lost: () => isOpen(false),
    isForHidden: false,
  });
};
