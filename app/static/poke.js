"use strict";

// Poking at an answer: the slider, what is struck out, and the text that is edited in place. The
// server writes the answer for what the form says; htmx asks it once slider and text rest, and drops
// the request before.
(() => {
  const form = document.getElementById("poke");
  if (!form) return;
  const percent = new Intl.NumberFormat(document.documentElement.lang, { style: "percent" });
  const slider = form.elements.sure;
  const output = form.querySelector("output");
  const alert = form.querySelector("[role=alert]");
  const fields = [...form.querySelectorAll("textarea")];
  const noAnswer = alert.textContent;
  let place = slider.value;
  let text = codePoints();

  function codePoints() {
    return [...fields.map((field) => field.value).join("\n\n").normalize("NFC")];
  }

  function showShare() {
    output.textContent = percent.format(slider.value);
  }

  // What is struck out moves with the text around it; what was edited counts again.
  function moveStruck(before, after) {
    const most = Math.min(before.length, after.length);
    let head = 0;
    while (head < most && before[head] === after[head]) head += 1;
    let tail = 0;
    while (tail < most - head && before.at(-1 - tail) === after.at(-1 - tail)) tail += 1;
    for (const box of form.querySelectorAll("[name=without]")) {
      const [start, end] = box.value.split("-").map(Number);
      const isBehind = start >= before.length - tail;
      const shift = isBehind ? after.length - before.length : 0;
      if (end <= head || isBehind) box.value = `${start + shift}-${end + shift}`;
      else box.disabled = true;
    }
  }

  // Strikes pieces out, or takes one back. Their link would do that by a new page.
  function strike(event) {
    const link = event.target.closest?.("[data-strike]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    const places = link.dataset.strike.split(" ");
    for (const value of places) {
      const box = form.querySelector(`[name=without][value="${value}"]`);
      if (box) box.disabled = true;
      else form.querySelector("#left-out").insertAdjacentHTML("beforeend", `<input type="hidden" name="without" value="${value}">`);
    }
    document.querySelector(".use-card")?.remove();
    // The keyboard goes on where the piece is then.
    form.addEventListener("htmx:afterOnLoad", () => {
      document.querySelector(`.judged [data-place="${places[0]}"]`)?.focus({ preventScroll: true });
    }, { once: true });
    form.requestSubmit();
  }

  const edit = form.querySelector(".edit");
  edit.hidden = false;
  edit.addEventListener("toggle", () => edit.open && fields[0].focus());
  slider.addEventListener("input", showShare);
  form.addEventListener("input", () => {
    const edited = codePoints();
    moveStruck(text, edited);
    text = edited;
  });
  // The reason that the server's page gives, such as a text without letters.
  function reasonOf(response) {
    const page = new DOMParser().parseFromString(response, "text/html");
    return page.querySelector("main > [role=alert]")?.textContent ?? noAnswer;
  }

  // Without an answer the slider goes back to where the last one holds.
  function showFailure(event) {
    slider.value = place;
    alert.textContent = reasonOf(event.detail.xhr.responseText);
    alert.hidden = false;
    showShare();
  }

  form.addEventListener("htmx:afterOnLoad", (event) => {
    if (event.detail.xhr.status >= 400) return showFailure(event);
    alert.hidden = true;
    place = event.detail.requestConfig.formData.get("sure");
  });
  form.addEventListener("htmx:sendError", showFailure);
  document.addEventListener("click", strike);
})();
