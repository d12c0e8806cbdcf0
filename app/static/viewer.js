"use strict";

// The pages behind the pictures of a wall in a dialog, with the ways to the next ones: buttons, keys, swipes.
(() => {
  const SWIPE_PX = 50;
  const PLAYED = "video, audio";
  let shown = 0;
  let ahead = {};

  async function figureAt(address) {
    const answer = await fetch(address).catch(() => null);
    const page = answer?.ok && new DOMParser().parseFromString(await answer.text(), "text/html");
    return page ? page.querySelector("#viewer") : null;
  }

  // The next picture is loaded while this one is looked at.
  function lookAhead(figure) {
    const address = figure.querySelector("[rel=next]")?.href;
    if (!address) return;
    const next = figureAt(address);
    ahead = { address, next };
    next.then((other) => {
      const [from, to] = [other?.querySelector("img"), new Image()];
      if (from) ["sizes", "srcset", "src"].forEach((name) => { to[name] = from[name]; });
    });
  }

  async function show(dialog, address) {
    const place = ++shown;
    const figure = await (ahead.address === address ? ahead.next : figureAt(address));
    // Whoever pressed on meanwhile sees the last one; whoever closed the dialog sees none.
    if (place !== shown || !dialog.open) return;
    if (!figure) {
      location.assign(address);
      return;
    }
    const way = dialog.contains(document.activeElement) && document.activeElement.rel;
    dialog.setAttribute("aria-label", figure.getAttribute("aria-label"));
    dialog.querySelector("figure")?.remove();
    dialog.append(figure);
    htmx.process(figure);
    htmx.trigger(figure, "htmx:load");
    (way && figure.querySelector(`[rel=${way}]`) || dialog.querySelector("button")).focus();
    history.replaceState({ viewer: true }, "", address);
    lookAhead(figure);
  }

  function go(dialog, way) {
    const link = dialog.querySelector(`[rel=${way}]`);
    if (link) show(dialog, link.href);
  }

  function followKeys(dialog) {
    dialog.addEventListener("keydown", (event) => {
      const way = { ArrowLeft: "prev", ArrowRight: "next" }[event.key];
      if (!way || event.target.matches(PLAYED)) return;
      event.preventDefault();
      go(dialog, way);
    });
  }

  function followSwipes(dialog) {
    let start = null;
    dialog.addEventListener("touchstart", (event) => {
      start = event.touches.length === 1 && !event.target.matches(PLAYED) ? event.touches[0] : null;
    }, { passive: true });
    dialog.addEventListener("touchend", (event) => {
      if (!start) return;
      const end = event.changedTouches[0];
      const [right, down] = [end.clientX - start.clientX, end.clientY - start.clientY];
      if (Math.abs(right) > SWIPE_PX && Math.abs(right) > 2 * Math.abs(down)) go(dialog, right < 0 ? "next" : "prev");
      start = null;
    }, { passive: true });
  }

  function opened(wall) {
    const dialog = document.createElement("dialog");
    dialog.className = "viewer-dialog";
    const close = document.createElement("button");
    close.className = "button";
    close.type = "button";
    close.textContent = wall.dataset.close;
    close.addEventListener("click", () => dialog.close());
    dialog.append(close);
    followKeys(dialog);
    followSwipes(dialog);
    dialog.addEventListener("click", (event) => {
      const link = event.target.closest("[rel=prev], [rel=next], .to-wall");
      if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      if (link.matches(".to-wall")) dialog.close();
      else show(dialog, link.href);
    });
    dialog.addEventListener("close", () => {
      const last = location.href;
      dialog.remove();
      if (history.state?.viewer) history.back();
      [...wall.querySelectorAll("a")].find((link) => link.href === last)?.focus();
    });
    document.body.append(dialog);
    dialog.showModal();
    return dialog;
  }

  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("[data-viewer] a");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    history.pushState({ viewer: true }, "", link.href);
    show(opened(link.closest("[data-viewer]")), link.href);
  });
  // Back closes the dialog.
  window.addEventListener("popstate", () => {
    document.querySelector(".viewer-dialog")?.close();
  });
})();
