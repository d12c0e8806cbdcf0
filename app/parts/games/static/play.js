"use strict";

// A player's screen follows the game. Everything that it shows comes from the server, so a reload, a
// lost line or a second tab leads back to the same point.
(() => {
  const root = document.getElementById("play");
  const say = root.dataset;
  const number = new Intl.NumberFormat(document.documentElement.lang);
  const part = (name) => root.querySelector(`[data-${name}]`);
  const form = part("choices");
  const buttons = [...form.querySelectorAll("button")];
  const asked = new Map(); // What was chosen, by question.
  const stored = new Set(); // The questions whose answer the server has.
  let stop = () => {};
  let waiting = 0;
  const endOf = (game) => (game.ends_at ? new Date(game.ends_at).getTime() : null);
  let present = {
    state: say.state, question: Number(say.question), version: Number(say.version), end: Number(say.ends) || null,
  };

  const buttonOf = (username) => buttons.find((button) => button.value === username);
  const nameOf = (username) => buttonOf(username).querySelector(".option-name").textContent;

  function tell(template, values) {
    return Object.entries(values).reduce((text, [name, value]) => text.replace(`{${name}}`, () => value), template);
  }

  function warn(text) {
    const alert = part("alert");
    if (alert.textContent === text && alert.hidden === !text) return;
    alert.textContent = text;
    alert.hidden = !text;
  }

  function showLine(name, text) {
    part(name).textContent = text;
    part(name).hidden = !text;
  }

  function announce(text, asked = "", lang = "") {
    const quoted = Object.assign(document.createElement("span"), { textContent: asked, lang });
    part("status").replaceChildren(text, quoted);
  }

  function showPart(state) {
    for (const section of root.querySelectorAll("[data-when]")) section.hidden = section.dataset.when !== state;
  }

  function showChoice(username) {
    for (const button of buttons) {
      const isChosen = button.value === username;
      button.disabled = username !== null;
      button.classList.toggle("is-chosen", isChosen);
      button.querySelector(".tick")?.remove();
      if (isChosen && stored.has(present.question)) button.insertAdjacentHTML("beforeend", ' <span class="tick" aria-hidden="true">✓</span>');
    }
    const text = username === null ? "" : tell(say.choice, { name: nameOf(username) });
    for (const name of ["chosen-line", "choice-line"]) showLine(name, text);
  }

  function keep(question, username) {
    asked.set(question, username);
    stored.add(question);
  }

  function forget(question) {
    asked.delete(question);
    stored.delete(question);
  }

  function countDown(leftMs) {
    stop();
    stop = window.countDown(part("timer"), {
      until: performance.now() + leftMs,
      every: (seconds) => {
        if (seconds === 10 || seconds === 5) announce(tell(say.seconds, { count: seconds }));
        if (seconds === 0) for (const button of buttons) button.disabled = true;
      },
    });
  }

  function heading(text) { part("heading").textContent = text; }

  function ask(game) {
    const title = tell(say.asking, { number: game.question, count: game.questions });
    heading(title);
    part("text").textContent = game.text ?? "";
    part("text").lang = game.lang ?? "";
    form.elements.question.value = game.question;
    for (const button of buttons) button.closest("li").hidden = !game.options.includes(button.value);
    showChoice(asked.get(game.question) ?? null);
    countDown(new Date(game.ends_at) - new Date(game.now));
    announce(`${title}. `, game.text ?? "", game.lang ?? "");
    window.scrollTo(0, 0);
  }

  function showResult(view) {
    const verdict = view.right === null ? say.none : view.right ? say.right : say.wrong;
    heading(verdict);
    say.outcome = view.right;
    part("gained").textContent = view.points === undefined ? "" : `+${number.format(view.points)}`;
    const { truth } = buttonOf(view.truth).dataset;
    part("truth-line").textContent = truth;
    part("said-line").textContent = view.saywho ? tell(say.said, { name: nameOf(view.saywho.username) }) : "";
    showChoice(view.answer);
    if (view.points === undefined) {
      showLine("place-line", "");
      showLine("streak-line", "");
    } else {
      showScore(view);
      announce(`${verdict} ${truth} ${part("gained").textContent} ${part("place-line").textContent}`);
    }
  }

  function showScore(view) {
    part("score").hidden = view.place === null;
    part("total").textContent = number.format(view.total);
    part("place").textContent = view.place ?? "";
    const place = tell(say.placeText, { place: view.place, count: number.format(view.players) });
    showLine("place-line", view.place === null || view.players < 2 ? "" : place);
    showLine("streak-line", view.streak < 2 ? "" : tell(say.streakText, { count: view.streak }));
  }

  // What is this player's own: the answer, and what it was worth.
  async function look() {
    const answer = await fetch(say.address, { cache: "no-store" });
    if (answer.status === 401 || answer.status === 404) {
      location.assign(say.entrance);
      return;
    }
    if (!answer.ok) throw new Error(answer.status);
    const view = await answer.json();
    if (view.version < present.version) return;
    if (view.state === "ended" && isOther(view)) {
      present = { ...present, state: view.state, version: view.version };
      lookSoon(view.players);
      return;
    }
    if (view.answer !== null) keep(view.question, view.answer);
    show(view);
    if (view.state === "told") showResult(view);
    else showScore(view);
    if (view.state === "asking") showChoice(asked.get(view.question) ?? null);
  }

  // Whether the page was made before this.
  const isOther = (game) => game.state !== say.state || game.version !== Number(say.version);

  function lookSoon(players) {
    clearTimeout(waiting);
    if (present.state === "ended" && isOther(present)) {
      // The page itself says how the game went, and leads to the next game if there is one. It takes
      // longer to make than the JSON. Whoever saves a picture has time to.
      const isBusy = document.querySelector("dialog[open]");
      const then = isBusy ? () => lookSoon(players) : () => location.reload();
      waiting = setTimeout(then, isBusy ? 1000 : Math.random() * Math.min(5000, 2 * players));
      return;
    }
    // Thousands of phones do not ask at the same moment.
    waiting = setTimeout(() => look().catch(() => lookSoon(players)), Math.random() * Math.min(1500, players));
  }

  function show(game) {
    const isNew = game.version !== present.version || game.state !== present.state;
    part("players").textContent = number.format(game.players);
    if (!isNew) return;
    const end = endOf(game);
    // A question that is asked again, be it while it is asked, has no answer yet.
    if (game.state === "asking" && game.question === present.question && end !== present.end) forget(game.question);
    present = { state: game.state, question: game.question, version: game.version, end };
    warn("");
    say.outcome = "";
    showPart(game.state);
    stop();
    if (game.state === "asking") ask(game);
    else if (game.state === "told") showOwn(game);
    else heading(say[game.state]);
  }

  // What all were told says already whether the own choice was right; the points follow.
  function showOwn(game) {
    const answer = asked.get(game.question) ?? null;
    showResult({ ...game, answer, right: answer === null ? null : answer === game.truth });
  }

  function follow(game) {
    const isNew = game.version !== present.version || game.state !== present.state;
    show(game);
    if (isNew) lookSoon(game.players);
  }

  // An answer is sent again until the server has said what became of it.
  async function send(question, username) {
    let answer = null;
    try {
      answer = await fetch(say.answers, {
        method: "POST",
        keepalive: true, // A reload does not take it back.
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ question, username }),
      });
    } catch {
      answer = null;
    }
    if (question !== present.question || present.state !== "asking" || asked.get(question) !== username) return;
    if (answer === null || answer.status >= 500) {
      warn(say.lost);
      setTimeout(() => send(question, username), 1000);
      return;
    }
    warn("");
    const told = await answer.json();
    if (answer.ok) {
      keep(question, told.username);
      showChoice(told.username);
    } else if (told.errors?.[0]?.loc === "username" && answer.status === 409) {
      keep(question, told.errors[0].detail);
      showChoice(told.errors[0].detail);
      warn(tell(say.choice, { name: nameOf(told.errors[0].detail) }));
    } else if (answer.status === 401) {
      location.assign(say.entrance);
    } else {
      warn(say.late);
      lookSoon(0);
    }
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const username = event.submitter?.value;
    if (!username || asked.has(present.question)) return;
    asked.set(present.question, username);
    showChoice(username);
    announce(tell(say.choice, { name: nameOf(username) }));
    send(present.question, username);
  });

  window.addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
  // A phone that was locked comes back to what is now.
  document.addEventListener("visibilitychange", () => { if (!document.hidden) lookSoon(0); });
  if (say.chosen) keep(present.question, say.chosen);
  if (present.state === "asking") countDown(Number(part("timer").dataset.leftMs));
  window.openStream(say.live, {
    events: {
      game: (event) => follow(JSON.parse(event.data)),
      gone: () => location.assign(say.entrance),
    },
    opened: () => warn(""),
    lost: (isGivenUp) => {
      warn(say.lost);
      // Perhaps the player was refused, and not the stream.
      if (isGivenUp) look().catch(() => {});
    },
  });
})();
