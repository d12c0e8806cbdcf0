// What pages and files that are sent have in common.
"use strict";

// A button that only a script can answer is made by one, before the other scripts look for it: text
// browsers show what is hidden.
(() => {
  function makeButton(place) {
    const button = document.createElement("button");
    for (const { name, value } of place.attributes) button.setAttribute(name, value);
    button.type = "button";
    button.textContent = button.dataset.button;
    button.removeAttribute("data-button");
    place.replaceWith(button);
  }

  const makeButtons = (root) => root.querySelectorAll("[data-button]").forEach(makeButton);
  document.addEventListener("htmx:load", (event) => makeButtons(event.detail.elt));
  makeButtons(document);
})();

// What a pointer reads of a drawing, a finger or the arrow keys read below it.
(() => {
  function tell(shape) {
    let part = shape;
    while (part && !part.querySelector(":scope > title")) part = part.parentElement?.closest("svg *");
    if (!part) return;
    let drawing = shape.ownerSVGElement;
    while (drawing.ownerSVGElement) drawing = drawing.ownerSVGElement;
    let told = drawing.nextElementSibling;
    if (!told?.matches(".told-value")) {
      told = document.createElement("p");
      told.className = "told-value small";
      told.setAttribute("role", "status");
      drawing.after(told);
    }
    told.textContent = part.querySelector(":scope > title").textContent;
    drawing.querySelector(".chosen")?.classList.remove("chosen");
    part.classList.add("chosen");
  }

  // The arrow keys walk from value to value of a drawing.
  function walk(event) {
    const values = [...event.target.closest?.("svg[tabindex]")?.querySelectorAll(".asked") ?? []];
    const place = values.findIndex((value) => value.matches(".chosen"));
    const next = { ArrowLeft: Math.max(0, place - 1), ArrowRight: place + 1, Home: 0, End: values.length - 1 }[event.key];
    if (!values[next]) return;
    event.preventDefault();
    tell(values[next]);
  }

  function letKeysReach(root) {
    for (const drawing of root.querySelectorAll("svg[role=img]:has(.asked):not([tabindex])")) drawing.tabIndex = 0;
  }

  document.addEventListener("click", (event) => {
    const shape = event.target.closest?.("svg *");
    if (shape) tell(shape);
  });
  document.addEventListener("keydown", walk);
  document.addEventListener("htmx:load", (event) => letKeysReach(event.detail.elt));
  letKeysReach(document);
})();
