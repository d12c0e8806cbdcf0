"use strict";

// The score against the model, kept in this browser and nowhere else.
(() => {
  const KEY = "saywho_quiz";
  const KEPT_ROUNDS = 200;

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

  function show(quiz, { played, you, model }) {
    const box = quiz.querySelector(".quiz-score");
    if (!box) return;
    box.hidden = played === 0;
    const said = box.querySelector("[data-score]");
    const values = { you, model, count: played };
    said.textContent = said.dataset.score.replace(/\{(\w+)\}/g, (_, name) => values[name]);
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
