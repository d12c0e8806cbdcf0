"use strict";

// What pages gain from JavaScript; everything on them works without it. htmx calls `enhance` for
// each piece of a page that it puts in.
(() => {
  const language = document.documentElement.lang;
  const local = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short" });
  const full = new Intl.DateTimeFormat(language, { dateStyle: "full", timeStyle: "long" });

  function showLocalTime(element) {
    const time = new Date(element.dateTime);
    if (Number.isNaN(time.getTime())) return;
    element.textContent = local.format(time);
    element.title = full.format(time);
  }

  function fillTimeZone(field) {
    field.value = new Intl.DateTimeFormat().resolvedOptions().timeZone || field.value;
  }

  async function copy(text) {
    if (navigator.clipboard) {
      await navigator.clipboard.writeText(text);
      return;
    }
    // Browsers keep the clipboard from pages that came by plain http; the old way still works.
    const field = document.createElement("textarea");
    field.value = text;
    field.className = "visually-hidden";
    document.body.append(field);
    field.select();
    const done = document.execCommand("copy");
    field.remove();
    if (!done) throw new Error("copying was refused");
  }

  function offerCopying(button) {
    const label = button.textContent;
    button.hidden = false;
    button.setAttribute("aria-live", "polite");
    button.addEventListener("click", async () => {
      try {
        await copy(location.href);
        button.textContent = button.dataset.done;
      } catch {
        button.textContent = button.dataset.failed;
      }
      setTimeout(() => { button.textContent = label; }, 2500);
    });
  }

  function each(root, selector, action) {
    if (root.matches?.(selector)) action(root);
    root.querySelectorAll(selector).forEach(action);
  }

  function enhance(root) {
    each(root, "time[datetime]:not([title])", showLocalTime);
    each(root, "[data-timezone]", fillTimeZone);
    each(root, "[data-copy][hidden]", offerCopying);
  }

  // Whoever follows by keyboard or ear goes on where the new part begins.
  let items = 0;
  document.addEventListener("htmx:beforeSwap", (event) => {
    items = event.detail.target.childElementCount;
  });
  document.addEventListener("htmx:afterSettle", (event) => {
    const target = event.detail.target;
    if (target.id === "list") {
      target.children[items]?.querySelector("a")?.focus({ preventScroll: true });
    } else if (event.detail.elt.id === "result") {
      event.detail.elt.querySelector("[data-focus]")?.focus({ preventScroll: true });
    }
  });
  document.addEventListener("htmx:load", (event) => enhance(event.detail.elt));
  // A back button may bring the page out of the browser's memory, with its forms as they were.
  window.addEventListener("pageshow", () => enhance(document.body));
  enhance(document.body);
})();
