"use strict";

// A question is answered once; its answer opens then.
(() => {
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
        question.querySelector("summary").focus({ preventScroll: true });
        const verdict = question.querySelector("[data-verdict]");
        const { right: yes, wrong: no, score } = verdict.dataset;
        const told = score.replace("{right}", right).replace("{asked}", asked);
        verdict.textContent = `${"right" in button.dataset ? yes : no} · ${told}`;
      });
    }
  }

  document.querySelectorAll("[data-question]").forEach(ask);
})();
