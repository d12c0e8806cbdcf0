"use strict";

// The live stream of a page: it says that something changed, or that much may have.
window.listenToLiveStream = (address, { changed, isOpen }) => {
  const KINDS = ["tweet.created", "tweets.imported", "tweet.deleted", "user.created", "user.updated",
    "user.deleted"];
  let stream = null;
  let wasOpen = false;

  function listen() {
    if (stream || document.hidden) return;
    stream = new EventSource(address);
    stream.onopen = () => {
      isOpen(true);
      // What happened while nobody listened is not told.
      if (wasOpen) changed(false);
      wasOpen = true;
    };
    stream.onerror = () => isOpen(false);
    for (const kind of KINDS) stream.addEventListener(kind, () => changed(true));
    stream.addEventListener("reset", () => changed(false));
  }

  // A browser opens only six connections to a site; a hidden tab gives its own back.
  function rest() {
    stream?.close();
    stream = null;
    isOpen(false);
  }

  document.addEventListener("visibilitychange", () => (document.hidden ? rest() : listen()));
  window.addEventListener("pagehide", rest);
  window.addEventListener("pageshow", (event) => { if (event.persisted) listen(); });
  listen();
};
