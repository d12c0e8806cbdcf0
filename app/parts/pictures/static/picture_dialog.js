"use strict";

// The page of a picture in a dialog, beside which one stays; and a picture that another program takes.
(() => {
  const UPRIGHT = "1080x1350";
  const isNarrow = () => matchMedia("(max-width: 47.4375rem)").matches;

  // On a phone, pictures are upright unless the link says otherwise.
  function addressOf(link) {
    const address = new URL(link.href);
    if (isNarrow() && !address.searchParams.has("format")) address.searchParams.set("format", UPRIGHT);
    return address.href;
  }

  async function open(link) {
    const answer = await fetch(addressOf(link)).catch(() => null);
    // Whoever pressed twice gets one dialog.
    if (document.querySelector(".picture-dialog")) return;
    const page = answer?.ok && new DOMParser().parseFromString(await answer.text(), "text/html");
    const maker = page && page.querySelector(".picture-maker");
    if (!maker) {
      location.assign(link.href);
      return;
    }
    const dialog = document.createElement("dialog");
    dialog.className = "picture-dialog";
    dialog.append(headOf(link, dialog), maker);
    // A click beside it closes it too.
    dialog.addEventListener("click", (event) => {
      if (event.target === dialog) dialog.close();
    });
    dialog.addEventListener("close", () => {
      dialog.remove();
      // A first page is loaded again in the days of the browser, and its link is another element then.
      const links = [...document.querySelectorAll("[data-picture]")];
      const opener = link.isConnected ? link : links.find((each) => each.textContent === link.textContent);
      opener?.focus({ preventScroll: true });
    });
    document.body.append(dialog);
    htmx.process(dialog);
    htmx.trigger(dialog, "htmx:load", { elt: dialog });
    dialog.showModal();
    dialog.querySelector("input:checked").focus();
  }

  // What the dialog is, and what closes it: both stay in sight.
  function headOf(link, dialog) {
    const head = document.createElement("header");
    const heading = document.createElement("h2");
    heading.id = "picture-heading";
    heading.textContent = link.textContent.trim();
    dialog.setAttribute("aria-labelledby", heading.id);
    const close = document.createElement("button");
    close.className = "button";
    close.type = "button";
    close.textContent = link.dataset.close;
    close.addEventListener("click", () => dialog.close());
    head.append(heading, close);
    return head;
  }

  const canShare = () => navigator.canShare?.({ files: [new File([""], "saywho.png", { type: "image/png" })] });

  async function share(button) {
    const picture = await (await fetch(button.dataset.sharePicture)).blob();
    const file = new File([picture], "saywho.png", { type: picture.type });
    // Whoever closes the list of programs wants nothing.
    await navigator.share({ files: [file] }).catch(() => {});
  }

  // The card in sight is the one that is saved or shared.
  function follow(story) {
    const button = story.parentElement.querySelector("[data-share-picture]");
    const note = (entries) => {
      const seen = entries.find((entry) => entry.isIntersecting);
      if (seen) button.href = button.dataset.sharePicture = seen.target.querySelector("img").src;
    };
    const observer = new IntersectionObserver(note, { root: story, threshold: 0.6 });
    [...story.children].forEach((card) => observer.observe(card));
  }

  // What is chosen is shown at once, so that no button is needed for it.
  function enhance(root) {
    root.querySelectorAll(".story-cards").forEach(follow);
    root.querySelectorAll(".picture-maker .apply, .card-maker .apply").forEach((button) => { button.hidden = true; });
    if (!canShare()) {
      // Browsers share nothing from pages that came by plain http.
      const isPhone = matchMedia("(pointer: coarse)").matches;
      root.querySelectorAll("[data-hold-picture]").forEach((note) => {
        note.textContent = note.dataset.text;
        note.hidden = !isPhone;
      });
      return;
    }
    root.querySelectorAll("[data-share-picture]").forEach((button) => {
      button.hidden = false;
      if (button.dataset.share) button.textContent = button.dataset.share;
    });
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("[data-share-picture]");
    if (button && canShare()) {
      event.preventDefault();
      share(button);
    }
    const link = event.target.closest?.("[data-picture]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    open(link);
  });
  document.addEventListener("htmx:load", () => enhance(document));
  enhance(document);
})();
