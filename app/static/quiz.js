"use strict";

// The score against the model, kept in this browser and nowhere else.
(() => {
  const KEY = "saywho_quiz";
  const KEPT_ROUNDS = 200;
  const percent = new Intl.NumberFormat(document.documentElement.lang, { style: "percent" });

  function load() {
    try {
      const score = JSON.parse(localStorage.getItem(KEY));
      if (Number.isInteger(score.played) && Array.isArray(score.rounds)) return score;
    } catch {
      // Nothing is kept yet, or the browser keeps nothing.
    }
    return { played: 0, you: 0, model: 0, rounds: [] };
  }

  function save(score) {
    try {
      localStorage.setItem(KEY, JSON.stringify(score));
    } catch {
      // The game goes on without a score.
    }
  }

  // A round counts once, by its first guess.
  function count(quiz, score) {
    const { round, you, model } = quiz.dataset;
    if (!round || score.rounds.includes(round)) return;
    score.played += 1;
    score.you += Number(you);
    score.model += Number(model);
    score.rounds = [...score.rounds, round].slice(-KEPT_ROUNDS);
    save(score);
  }

  function show(quiz, score) {
    const box = quiz.querySelector(".quiz-score");
    if (!box) return;
    box.hidden = score.played === 0;
    for (const who of ["you", "model"]) {
      const row = box.querySelector(`[data-who=${who}]`);
      const share = score.played ? score[who] / score.played : 0;
      row.querySelector(".right").textContent = score[who];
      row.querySelector(".wrong").textContent = score.played - score[who];
      row.querySelector(".rate").textContent = percent.format(share);
      row.classList.toggle("leads", score[who] > score[who === "you" ? "model" : "you"]);
    }
  }

  function take(root) {
    const quiz = root.matches?.("#quiz") ? root : root.querySelector("#quiz");
    if (!quiz) return;
    const score = load();
    count(quiz, score);
    show(quiz, score);
  }

  document.addEventListener("htmx:load", (event) => take(event.detail.elt));
  document.addEventListener("click", (event) => {
    if (!event.target.closest?.("[data-forget-score]")) return;
    const { rounds } = load();
    save({ played: 0, you: 0, model: 0, rounds });
    take(document);
    document.querySelector("#quiz-heading")?.focus();
  });
  take(document);
})();
