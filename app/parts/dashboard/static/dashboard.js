"use strict";

// The dashboard in the browser. What the figures say stands in the page; Dash asks the server for
// new words and for drawings without colours, which get those of the page's theme here. The filters
// are a plain form, whose state is the address. The live stream says that something changed.
(() => {
  const root = document.getElementById("dashboard");
  const grid = root.querySelector(".figure-grid");
  const form = document.getElementById("filters");
  const words = root.dataset;
  const chosen = document.getElementById("chosen");
  const ownZone = new Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";
  const ASK_PAUSE_MS = 120;
  const FIRST_PAUSE_MS = 2_000;
  const LONGEST_PAUSE_MS = 60_000;
  const NARROW_PX = 520;
  const SINGLE = ["q", "platform", "lang", "at", "since", "through"];

  // The form has the last day, which is included; links may have the day after it.
  function lastDay(asked) {
    const day = new Date(`${asked.get("until")}T00:00Z`);
    if (asked.has("through") || Number.isNaN(day.getTime())) return asked.get("through");
    day.setUTCDate(day.getUTCDate() - 1);
    return day.toISOString().slice(0, 10);
  }

  function dayAfter(text) {
    const day = new Date(`${text}T00:00Z`);
    day.setUTCDate(day.getUTCDate() + 1);
    return day.toISOString().slice(0, 10);
  }

  const set = (id, property, value) => window.dash_clientside.set_props(id, { [property]: value });

  /* The view: the filters in the address, with the viewer's time zone */

  // Of each choice of authors, the zone of their chats; where they have none, it is the viewer's.
  // The form and the address may name the same authors in another order.
  const named = (asked) => asked.getAll("username").map((name) => name.toLowerCase()).sort().join("\n");
  const chatZones = new Map([[named(new URLSearchParams(location.search)), words.chatZone]]);
  const usualZone = (names) => chatZones.get(names) ?? ownZone;

  // A time zone in the address counts, so that everybody to whom it is sent sees the same, unless it
  // is the usual one of the authors there.
  function zone() {
    const asked = new URLSearchParams(location.search);
    const told = asked.get("tz");
    return told === null || told === usualZone(named(asked)) ? usualZone(named(applied)) : told;
  }

  async function learnZone() {
    const authors = new URLSearchParams(filters().getAll("username").map((name) => ["username", name]));
    if (chatZones.has(named(authors))) return;
    try {
      const answer = await fetch(`${words.zones}?${authors}`);
      chatZones.set(named(authors), (await answer.json()).zone ?? undefined);
    } catch {
      // The figures say what is wrong; until it is known, the zone is the viewer's.
    }
  }

  function filters() {
    const found = new URLSearchParams();
    for (const [name, value] of new FormData(form)) {
      const text = value.trim();
      const isNew = name !== "username" || !found.getAll(name).includes(text);
      if (text && isNew) found.append(name, text);
    }
    return found;
  }

  // What the address says: a name in the form may be half typed when a post arrives.
  let applied = new URLSearchParams();

  function view() {
    const asked = new URLSearchParams(applied);
    if (zone() !== "UTC") asked.set("tz", zone());
    return asked.toString();
  }

  function fillForm() {
    const asked = new URLSearchParams(location.search);
    const names = asked.getAll("username");
    const lower = names.map((name) => name.toLowerCase());
    let place = 0;
    for (const field of form.querySelectorAll("[name=username]")) {
      if (field.type === "checkbox") field.checked = lower.includes(field.value.toLowerCase());
      else field.value = names[place++] ?? "";
    }
    // The page has fields for as many names as it was loaded with, and one more.
    if (place && place < names.length) location.reload();
    for (const name of SINGLE) {
      const field = form.elements[name];
      const value = (name === "through" ? lastDay(asked) : asked.get(name)) ?? "";
      field.value = value;
    }
    applied = filters();
  }

  async function show() {
    await learnZone();
    showAddress();
    askAll(false);
  }

  async function showForm() {
    fillForm();
    await learnZone();
    askAll(false);
  }

  function showAddress() {
    applied = filters();
    const asked = applied.toString() && view();
    const address = location.pathname + (asked ? `?${asked}` : words.everyone ?? "");
    if (address !== location.pathname + location.search) history.pushState(null, "", address);
  }

  // As the form names them; the template says the same before any script has run.
  function told([name, value]) {
    if (name === "username") {
      const fields = [...form.querySelectorAll("[name=username][data-name]")];
      return fields.find((field) => field.defaultValue === value)?.dataset.name ?? value;
    }
    const label = form.elements[name].dataset?.told;
    return label && `${label}: ${value}`;
  }

  // What is pressed in one figure is chosen in all; pressed once more, it is no longer.
  function choose(pressed) {
    const asked = new URLSearchParams(view());
    if (asked.has("through")) asked.set("until", dayAfter(asked.get("through")));
    asked.delete("through");
    const isChosen = [...pressed].every(([name, value]) => asked.getAll(name).join("\n") === value);
    for (const [name, value] of pressed) {
      if (isChosen) asked.delete(name);
      else asked.set(name, value);
    }
    history.pushState(null, "", `${location.pathname}?${asked.size ? asked : "username="}`);
    showForm();
  }

  /* Asking: each figure by itself. While its call is under way it asks for another view, but not for
     the same one once more: Dash drops the answer to a call when the next one begins, and where posts
     come all the time, a figure would never be drawn. */

  const figures = new Map();

  function askAll(isLive) {
    const filtered = form.querySelector("[data-filtered]");
    if (filtered) filtered.textContent = [...applied].map(told).filter(Boolean).join(", ") || filtered.dataset.all;
    for (const figure of figures.values()) {
      figure.live = isLive;
      ask(figure);
    }
    for (const link of document.querySelectorAll(".picker a")) {
      const isShown = named(new URLSearchParams(link.search)).trim() === named(applied);
      if (isShown) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    }
    const whole = new URLSearchParams(view());
    const allTimes = chosen.querySelector("[data-whole]");
    chosen.hidden = !applied.size;
    allTimes.hidden = !applied.has("since") && !applied.has("through");
    for (const name of ["since", "through"]) whole.delete(name);
    allTimes.search = whole.toString() || "username=";
    for (const link of document.querySelectorAll(".language a")) {
      const asked = new URLSearchParams(location.search);
      asked.set("locale", link.lang);
      link.search = asked;
    }
  }

  // A pause is not begun again: where posts come all the time, it would never end.
  function ask(figure) {
    figure.timer ??= setTimeout(() => {
      figure.timer = null;
      const asked = view();
      figure.isOutdated = figure.isAsking && asked === figure.view;
      if (figure.isOutdated) return;
      if (asked !== figure.view) showWaiting(figure);
      figure.view = asked;
      figure.isAsking = true;
      for (const link of figure.section.querySelectorAll("a.follows")) link.search = asked;
      // Equal values would not ask again; the count of asking is no part of the answer's key.
      set(`${figure.name}-ask`, "data", { view: asked, live: figure.live, turn: ++figure.turn });
    }, ASK_PAUSE_MS);
  }

  function endCall(figure) {
    figure.isAsking = false;
    clearTimeout(figure.retry);
    if (figure.isOutdated) ask(figure);
  }

  function askLater(figure) {
    figure.retry = setTimeout(() => ask(figure), figure.pause);
    figure.pause = Math.min(2 * figure.pause, LONGEST_PAUSE_MS);
  }

  // The words in the page are of the address, but perhaps not yet of the viewer's time zone.
  function showWaiting({ section, view: shown }) {
    section.setAttribute("aria-busy", "true");
    section.classList.toggle("is-stale", shown !== null);
  }

  function begin() {
    for (const section of root.querySelectorAll("section.figure-card")) {
      const figure = { name: section.id, section, live: false, turn: 0, timer: null, view: null,
        isAsking: false, isOutdated: false, retry: null, pause: FIRST_PAUSE_MS };
      // Its button is made later.
      section.addEventListener("click", (event) => {
        if (!event.target.closest("[data-save]")) return;
        const graph = document.querySelector(`#${section.id}-graph .js-plotly-plot`);
        window.saveFigure(graph, section.querySelector("h2").textContent, `saywho-${section.id}`, resolved);
      });
      figures.set(section.id, figure);
    }
    askAll(false);
    window.listenToLiveStream(words.live, { changed: askAll, isOpen: showLive });
  }

  if (!root.querySelector("section.figure-card")) {
    window.listenToLiveStream(words.live, { changed: () => location.reload(), isOpen: () => {} });
  }
  new MutationObserver((_, observer) => {
    if (!document.querySelector("#react-entry-point .dash-graph")) return;
    observer.disconnect();
    begin();
  }).observe(document.getElementById("react-entry-point"), { childList: true, subtree: true });

  /* Failures: Dash says nothing of a call that fails, so the figure that asked does. It asks again after
     a pause that grows, with the next event, and when the live stream is open again. */

  const plainFetch = window.fetch;
  window.fetch = async (address, options) => {
    let isAnswered = false;
    try {
      const answer = await plainFetch(address, options);
      isAnswered = answer.ok;
      return answer;
    } finally {
      if (!isAnswered && String(address).endsWith("/_dash-update-component")) showFailure(options.body);
    }
  };

  function showFailure(body) {
    const { outputs, inputs: [asked] } = JSON.parse(body);
    const figure = figures.get(outputs.id.replace(/-drawing$/, ""));
    if (asked.value.turn !== figure?.turn) return;
    const problem = document.createElement("p");
    problem.className = "figure-note";
    problem.textContent = words.failed;
    const said = figure.section.querySelector(".figure-words");
    const [topic, heading] = said.children;
    if (heading) {
      topic.hidden = true;
      topic.textContent = "";
      heading.textContent = figure.section.dataset.topic;
      said.replaceChildren(topic, heading, problem);
    }
    figure.section.querySelector(".figure-rows").replaceChildren();
    finish(figure, { isProblem: true, isEmpty: true });
    endCall(figure);
    askLater(figure);
  }

  function finish({ name, section }, { isProblem, isEmpty }) {
    section.setAttribute("aria-busy", "false");
    section.classList.remove("is-stale");
    section.classList.toggle("is-empty", isEmpty);
    section.classList.toggle("has-problem", isProblem);
    section.classList.toggle("is-drawn", !isEmpty);
    const save = section.querySelector("[data-save]");
    if (save) save.hidden = isEmpty;
    grid.style.setProperty(`--${name}-display`, isEmpty ? "none" : "block");
    grid.style.setProperty(`--${name}-visibility`, "visible");
  }

  // What is read or pointed at stays as it is while its words do.
  function fill(place, html) {
    const filled = document.createElement("template");
    filled.innerHTML = html;
    if (place.innerHTML.trim() === filled.innerHTML.trim()) return;
    if (!place.contains(document.activeElement) || place === document.activeElement) {
      place.replaceChildren(filled.content);
    }
  }

  /* Live */

  const state = document.querySelector("[data-live-state]");
  const stateText = state.querySelector("[data-live-text]");
  function showLive(isLive) {
    const text = isLive ? stateText.dataset.on : stateText.dataset.off;
    state.hidden = false;
    state.classList.toggle("is-live", isLive);
    if (stateText.textContent !== text) stateText.textContent = text;
  }

  form.addEventListener("change", show);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    show();
  });
  document.getElementById("reset").addEventListener("click", (event) => {
    event.preventDefault();
    history.pushState(null, "", location.pathname + (words.everyone ?? ""));
    showForm();
  });
  window.addEventListener("popstate", showForm);
  fillForm();

  /* Colours */

  // The stylesheet's colours depend on the theme; the browser resolves them for an element.
  const probe = document.createElement("span");
  probe.hidden = true;
  document.body.append(probe);

  function resolved(name) {
    const isAuthor = name.startsWith("author-");
    probe.className = isAuthor ? name : "";
    probe.style.color = `var(--${isAuthor ? "hue" : name})`;
    return getComputedStyle(probe).color;
  }

  function coloured(value) {
    if (typeof value === "string") return value.startsWith("$") ? resolved(value.slice(1)) : value;
    if (Array.isArray(value)) {
      const isPlain = value.every((each) => typeof each !== "object" && !String(each).startsWith("$"));
      return isPlain ? value : value.map(coloured);
    }
    if (value === null || typeof value !== "object") return value;
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, coloured(each)]));
  }

  let painted = 0;
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
    set("theme", "data", ++painted);
  });

  function axis(own) {
    return {
      gridcolor: resolved("line"), linecolor: resolved("line"), zeroline: false,
      tickfont: { color: resolved("soft"), size: 12 }, automargin: true, ticks: "", fixedrange: true, ...own,
      title: { font: { color: resolved("soft"), size: 12 }, standoff: 8, ...own?.title },
    };
  }

  function layoutOf(own, width) {
    const { xaxis, yaxis, ...others } = coloured(own);
    // On a phone every second label has room, and lines of the legend are short.
    const isNarrow = width < NARROW_PX;
    const half = (list) => isNarrow && list ? list.filter((_, place) => place % 2 === 0) : list;
    return {
      paper_bgcolor: "rgba(0,0,0,0)",
      plot_bgcolor: "rgba(0,0,0,0)",
      font: { family: getComputedStyle(document.body).fontFamily, color: resolved("ink"), size: 13 },
      margin: { l: 8, r: 8, t: 8, b: 8 },
      legend: {
        orientation: "h", x: 0, y: 1.02, yanchor: "bottom", traceorder: "normal", itemclick: false, itemdoubleclick: false,
        font: { color: resolved("ink"), size: 12 },
      },
      dragmode: false,
      hoverlabel: {
        bgcolor: resolved("panel"), bordercolor: resolved("field"),
        font: { color: resolved("ink"), family: getComputedStyle(document.body).fontFamily },
        align: "left",
      },
      ...others,
      uirevision: "kept",
      xaxis: axis({ ...xaxis, tickvals: half(xaxis?.tickvals), ticktext: half(xaxis?.ticktext) }),
      yaxis: axis(yaxis),
    };
  }

  // Dash's elements are changed by Dash alone: it may put others in their place at any time.
  function painting(plot, { name, section }) {
    const { height } = plot.layout.meta;
    section.querySelector(".graph-room").setAttribute("height", height);
    const data = plot.data.map((trace) => ({
      type: "bar", hovertemplate: "%{hovertext}<extra></extra>", ...trace,
      marker: { line: { width: 0 }, ...trace.marker },
    }));
    return { data: coloured(data), layout: layoutOf(plot.layout, document.getElementById(`${name}-graph`).clientWidth) };
  }

  const old = () => window.dash_clientside.no_update;

  window.dash_clientside = Object.assign({}, window.dash_clientside, {
    saywho: {
      paint(sent) {
        const { outputs_list: outputs } = window.dash_clientside.callback_context;
        const figure = figures.get([outputs].flat()[0].id.replace(/-graph$/, ""));
        const found = sent && JSON.parse(sent);
        // An answer to what was asked before shows other posts than the filters say.
        if (!found || found.view !== figure?.view) return old();
        endCall(figure);
        figure.pause = FIRST_PAUSE_MS;
        const { words: said, rows = "", plot = null, is_problem: isProblem = false } = found.answer;
        fill(figure.section.querySelector(".figure-words"), said);
        fill(figure.section.querySelector(".figure-rows"), rows);
        finish(figure, { isProblem, isEmpty: !plot });
        return plot ? painting(plot, figure) : old();
      },
      follow(click) {
        const context = window.dash_clientside.callback_context;
        const isClick = context.triggered.some((each) => each.prop_id.endsWith(".clickData"));
        const point = click?.points?.[0];
        if (!isClick || !point) return old();
        choose(new URLSearchParams(point.customdata));
        return null;
      },
    },
  });
})();
