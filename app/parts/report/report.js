"use strict";

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

  function walk(event) {
    const values = [...event.target.closest?.("svg[tabindex]")?.querySelectorAll(".asked") ?? []];
    const place = values.findIndex((value) => value.matches(".chosen"));
    const next = { ArrowLeft: Math.max(0, place - 1), ArrowRight: place + 1, Home: 0, End: values.length - 1 }[event.key];
    if (!values[next]) return;
    event.preventDefault();
    tell(values[next]);
  }

  // A question is answered once; its answer opens then.
  let asked = 0;
  let right = 0;
  function ask(question) {
    const buttons = [...question.querySelectorAll("[data-choices] button")];
    question.querySelector("[data-choices]").hidden = false;
    for (const button of buttons) {
      button.addEventListener("click", () => {
        asked += 1;
        right += "right" in button.dataset ? 1 : 0;
        button.setAttribute("aria-pressed", "true");
        for (const each of buttons) each.disabled = true;
        question.querySelector("details").open = true;
        const score = document.querySelector("[data-score]");
        score.textContent = score.dataset.score.replace("{right}", right).replace("{asked}", asked);
      });
    }
  }

  document.querySelectorAll("[data-question]").forEach(ask);
  for (const drawing of document.querySelectorAll("svg[role=img]")) {
    if (drawing.querySelector(".asked")) drawing.tabIndex = 0;
  }
  document.addEventListener("click", (event) => {
    const shape = event.target.closest?.("svg *");
    if (shape) tell(shape);
  });
  document.addEventListener("keydown", walk);
})();
