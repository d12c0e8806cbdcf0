"use strict";

// What pages gain from JavaScript; everything on them works without it. htmx calls `enhance` for
// each piece of a page that it puts in.
(() => {
  // Before htmx begins, which is when the page is there.
  Object.assign(htmx.config, {
    includeIndicatorStyles: false, allowEval: false, allowScriptTags: false, selfRequestsOnly: true,
    historyCacheSize: 0, defaultSettleDelay: 0,
    responseHandling: [
      { code: "204", swap: false },
      { code: "[23]..|404|422", swap: true },
      { code: "...", swap: false, error: true },
    ],
  });
  const language = document.documentElement.lang;
  const local = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short" });
  const localDay = new Intl.DateTimeFormat(language, { dateStyle: "medium" });
  const percent = new Intl.NumberFormat(language, { style: "percent" });
  const full = new Intl.DateTimeFormat(language, { dateStyle: "full", timeStyle: "long" });

  function showLocalTime(element) {
    const time = new Date(element.dateTime);
    if (Number.isNaN(time.getTime())) return;
    element.textContent = ("day" in element.dataset ? localDay : local).format(time);
    element.title = full.format(time);
  }

  // A message shows the time of its chat, whose zone is named where the viewer's clock shows another.
  function nameChatZone(element) {
    const time = new Date(element.querySelector("time").dateTime);
    const clock = (timeZone) => time.toLocaleString("en", { timeZone });
    if (clock(element.dataset.chat) === clock()) element.querySelector("span")?.remove();
  }

  const ownZone = new Intl.DateTimeFormat().resolvedOptions().timeZone;

  function fillTimeZone(field) {
    field.value = ownZone || field.value;
  }

  // Pages show days in the zone that a cookie names. The first page comes without it, so its days
  // are asked for once more; where cookies are blocked, those of every page by their address.
  function tellTimeZone() {
    const cookie = `saywho_zone=${ownZone}`;
    const isTold = () => document.cookie.split("; ").includes(cookie);
    if (!ownZone || isTold()) return;
    const ending = location.protocol === "https:" ? "; secure" : "";
    document.cookie = `${cookie}; path=/; max-age=31536000; samesite=lax${ending}`;
    const part = document.querySelector("[data-zone]");
    const isNamed = new URLSearchParams(location.search).has("tz");
    if (part && !isNamed && part.dataset.zone !== ownZone) showOwnDays(part, isTold());
  }

  let opened = [];

  // What was opened in the meantime stays open.
  async function showOwnDays(part, isTold) {
    const place = `#${part.id}`;
    const url = new URL(part.dataset.address || location.href, location.href);
    if (!isTold) url.searchParams.set("tz", ownZone);
    const address = url.pathname + url.search;
    await htmx.ajax("GET", address, { source: part, target: place, select: place, swap: "outerHTML" });
    document.querySelectorAll(`${place} details`).forEach((fold, index) => { fold.open ||= opened[index]; });
    if (location.hash) document.getElementById(location.hash.slice(1))?.scrollIntoView();
  }

  // Korean sentences hold a quotation or name and its particle together by this sign, which is not seen.
  const JOINER = /\u2060/g;

  function copyWithoutJoiners(event) {
    const selection = String(getSelection());
    if (selection.search(JOINER) < 0 || event.target.closest?.("input, textarea")) return;
    event.clipboardData.setData("text/plain", selection.replace(JOINER, ""));
    event.preventDefault();
  }

  async function copy(text) {
    text = text.replace(JOINER, "");
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

  async function copyBy(element, label, text) {
    try {
      await copy(text);
      element.textContent = element.dataset.done;
    } catch {
      element.textContent = element.dataset.failed;
    }
    setTimeout(() => { element.textContent = label; }, 2500);
  }

  function offerCopying(button) {
    const label = button.textContent;
    button.hidden = false;
    button.setAttribute("aria-live", "polite");
    button.addEventListener("click", () => {
      const source = button.dataset.copy;
      copyBy(button, label, source ? document.querySelector(source).textContent : location.href);
    });
  }

  // A link goes to another program where the browser has a list of them, else to the clipboard.
  function offerSharing(link) {
    const label = link.textContent;
    link.setAttribute("aria-live", "polite");
    link.addEventListener("click", (event) => {
      event.preventDefault();
      if (!navigator.share) copyBy(link, label, link.href);
      // Whoever closes the list wants nothing.
      else navigator.share({ title: document.title, url: link.href }).catch(() => {});
    });
  }

  // Sentences that wait for a script stand in attributes: text browsers show what is hidden, too.
  function fillText(element) {
    element.textContent = element.dataset.text;
  }

  // A kept page does not know at which address it was opened.
  const isOfThisMachine = /^(localhost|127(\.\d+){3}|\[::1\])$/.test(location.hostname);

  function tellReach(note) {
    note.hidden = !isOfThisMachine;
  }

  function offerPrinting(button) {
    button.hidden = false;
    button.addEventListener("click", () => window.print());
  }

  // A mark opens beside it what the list below says of its words.
  let card = null;

  function openUse(event) {
    const link = event.target.closest?.("[data-use]");
    const found = link && document.querySelector(link.hash);
    if (!found || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    card?.remove();
    card = document.createElement("div");
    card.className = "use-card";
    card.popover = "auto";
    card.tabIndex = -1;
    card.setAttribute("role", "dialog");
    card.setAttribute("aria-label", link.textContent);
    card.append(...[...found.childNodes].map((each) => each.cloneNode(true)));
    for (const folded of card.querySelectorAll("details")) folded.open = true;
    document.body.append(card);
    card.showPopover();
    const mark = link.getClientRects()[0];
    const { width, height } = card.getBoundingClientRect();
    const below = mark.bottom + 8;
    const top = below + height > innerHeight ? mark.top - height - 8 : below;
    card.style.left = `${Math.max(8, Math.min(mark.left, innerWidth - width - 8))}px`;
    card.style.top = `${Math.max(8, top)}px`;
    card.focus({ preventScroll: true });
    // Escape, or a click elsewhere, closes it; the keyboard goes on where it was.
    card.addEventListener("toggle", (change) => {
      if (change.newState !== "closed") return;
      const isLeft = document.activeElement === document.body || change.target.contains(document.activeElement);
      change.target.remove();
      if (isLeft) link.focus({ preventScroll: true });
    });
  }

  // How long a text is, once it comes near to the longest that is judged, in code points.
  function offerCounting(note) {
    const field = document.getElementById(note.dataset.counts);
    const number = new Intl.NumberFormat(language);
    const { template } = note.dataset;
    function show() {
      const length = field.value.length < note.dataset.from ? 0 : [...field.value].length;
      note.hidden = length < note.dataset.from;
      note.classList.toggle("over", length > note.dataset.most);
      note.textContent = template.replace("{length}", number.format(length)).replace("{most}", number.format(note.dataset.most));
    }
    note.dataset.counting = "";
    field.addEventListener("input", show);
    show();
  }

  // Sends a file as the form would, and shows how far it is.
  function offerProgress(form) {
    const file = form.elements.file;
    const start = form.querySelector("[type=submit]");
    const work = form.querySelector(".upload-progress");
    const bar = work.querySelector("progress");
    const figures = work.querySelector(".upload-figures");
    const said = work.querySelector("[role=status]");
    const stop = work.querySelector("button");
    const alert = form.querySelector("[role=alert]");

    function show(isUnderWay) {
      work.hidden = !isUnderWay;
      start.parentElement.hidden = isUnderWay;
      alert.hidden = true;
      bar.value = 0;
      figures.textContent = said.textContent = "";
    }

    function fail(reason, said) {
      show(false);
      alert.textContent = said ?? alert.dataset[reason];
      alert.hidden = false;
      file.focus();
    }

    function report(share) {
      const shown = share < 1 ? percent.format(share) : work.dataset.ready;
      bar.value = share;
      figures.textContent = shown;
      // Whoever listens hears of each quarter, not of each step.
      if (share >= 1 || Math.floor(share * 4) > Math.floor(said.dataset.share * 4)) {
        said.textContent = shown;
        said.dataset.share = share;
      }
    }

    function send() {
      const request = new XMLHttpRequest();
      said.dataset.share = 0;
      request.responseType = "document";
      request.open("POST", form.action);
      request.upload.addEventListener("progress", (event) => {
        report(event.loaded / event.total);
      });
      request.addEventListener("load", () => {
        const main = request.response?.querySelector("main");
        if (request.status === 200 && request.responseURL !== form.action) {
          location.assign(request.responseURL);
        } else if (main && form.closest("dialog")) {
          fail("broken", main.querySelector("[role=alert]:not([hidden]), h1")?.textContent);
        } else if (main) {
          document.querySelector("main").replaceWith(main);
          document.dispatchEvent(new CustomEvent("htmx:load", { detail: { elt: main } }));
          main.querySelector("[data-focus]")?.focus();
        } else {
          fail("broken");
        }
      });
      request.addEventListener("error", () => fail("broken"));
      request.addEventListener("abort", () => {
        show(false);
        start.focus();
      });
      stop.onclick = () => request.abort();
      request.send(new FormData(form));
    }

    const name = form.querySelector("[data-file-name] bdi");
    const showName = () => { name.textContent = [...file.files].map((each) => each.name).join(", "); };
    // A chosen file is looked at at once. The button stays for another try.
    file.addEventListener("change", () => {
      showName();
      if (file.files[0]) form.requestSubmit();
    });
    showName();
    start.parentElement.hidden = !file.files[0];
    const drop = file.closest(".drop");
    for (const type of ["dragenter", "dragleave", "drop"]) {
      drop.addEventListener(type, () => drop.classList.toggle("over", type === "dragenter"));
    }

    form.dataset.progress = "";
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const size = [...file.files].reduce((sum, each) => sum + each.size, 0);
      if (size > form.dataset.limitMb * 2 ** 20) {
        fail("large");
        return;
      }
      show(true);
      stop.focus();
      send();
    });
    // A page that comes back from the browser's memory is not at work any more.
    window.addEventListener("pagehide", () => show(false));
  }

  // What may take seconds says so, and is not sent twice. A page that comes back from the browser's
  // memory is not at work any more.
  function showBusy(event) {
    const button = event.submitter;
    if (event.defaultPrevented || !button?.dataset.busy) return;
    const label = button.textContent;
    button.textContent = button.dataset.busy;
    setTimeout(() => { button.disabled = true; });
    window.addEventListener("pagehide", () => {
      button.textContent = label;
      button.disabled = false;
    }, { once: true });
  }

  const OPENED = ".ask[open]";

  function closeOpened(but) {
    // What a dialog was opened from stays: the keyboard goes on there.
    if (document.querySelector("dialog[open]")) return;
    for (const opened of document.querySelectorAll(OPENED)) {
      if (!opened.contains(but)) opened.open = false;
    }
  }

  function each(root, selector, action) {
    if (root.matches?.(selector)) action(root);
    root.querySelectorAll(selector).forEach(action);
  }

  function enhance(root) {
    each(root, "time[datetime*=T]:not([title])", showLocalTime);
    each(root, "[data-chat]", nameChatZone);
    each(root, "[data-timezone]", fillTimeZone);
    each(root, "[data-copy][hidden]", offerCopying);
    each(root, "[data-share]:not([aria-live])", offerSharing);
    each(root, "[data-print][hidden]", offerPrinting);
    each(root, "[data-text]", fillText);
    each(root, "[data-of-this-machine]", tellReach);
    each(root, "[data-counts]:not([data-counting])", offerCounting);
    each(root, "#upload:not([data-progress])", offerProgress);
  }

  // Whoever follows by keyboard or ear goes on where the new part begins.
  let items = 0;
  let hadFocus = false;
  document.addEventListener("copy", copyWithoutJoiners);
  document.addEventListener("htmx:beforeSwap", (event) => {
    // A year may have posts in UTC alone.
    if (event.detail.target.dataset.zone && event.detail.xhr.status >= 400) event.detail.shouldSwap = false;
    if (event.detail.target.dataset.zone) {
      opened = [...event.detail.target.querySelectorAll("details")].map((fold) => fold.open);
    }
    items = event.detail.target.childElementCount;
    hadFocus = event.detail.target.contains(document.activeElement);
  });
  document.addEventListener("htmx:afterSettle", (event) => {
    const target = event.detail.target;
    if (target.id === "list") {
      target.children[items]?.querySelector("a")?.focus({ preventScroll: true });
    } else if (["import", "quiz"].includes(target.id) && hadFocus) {
      document.getElementById(target.id)?.querySelector("[data-focus]")?.focus({ preventScroll: true });
    }
  });
  document.addEventListener("submit", showBusy);
  document.addEventListener("click", (event) => closeOpened(event.target));
  document.addEventListener("click", openUse);
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    const opened = event.target.closest?.(OPENED);
    closeOpened(null);
    opened?.querySelector("summary").focus();
  });
  document.addEventListener("htmx:load", (event) => enhance(event.detail.elt));
  // A back button may bring the page out of the browser's memory, with its forms as they were.
  // One of an account may show what was deleted or closed since, so that one is loaded again.
  window.addEventListener("pageshow", (event) => {
    if (event.persisted && document.body.hasAttribute("data-account")) location.reload();
    else enhance(document.body);
  });
  enhance(document.body);
  tellTimeZone();
})();
