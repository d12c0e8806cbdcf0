"use strict";

// The dashboard in the browser. Dash asks the server for drawings without colours; here they get
// those of the page's theme. The filters are a plain form, whose state is the address. The live
// stream says that something changed, and figures that can be seen are then asked for again.
(() => {
  const root = document.getElementById("dashboard");
  const form = document.getElementById("filters");
  const words = root.dataset;
  const language = document.documentElement.lang;
  const ownZone = new Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";
  const ASK_PAUSE_MS = 120;
  const NARROW_PX = 520;
  const SINGLE = ["platform", "lang", "since", "until"];

  const set = (id, property, value) => window.dash_clientside.set_props(id, { [property]: value });

  /* The view: the filters in the address, with the viewer's time zone */

  // A time zone in the address counts, so that everybody to whom it is sent sees the same.
  const zone = () => new URLSearchParams(location.search).get("tz") ?? ownZone;

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
      const value = asked.get(name) ?? "";
      field.value = value;
    }
    applied = filters();
  }

  function showAddress() {
    applied = filters();
    const asked = applied.toString() && view();
    const address = location.pathname + (asked ? `?${asked}` : "");
    if (address !== location.pathname + location.search) history.pushState(null, "", address);
  }

  // As the form names them; the template says the same before any script has run.
  function told([name, value]) {
    if (name === "username") return value;
    const field = form.elements[name];
    return `${field.labels?.[0].textContent ?? name}: ${value}`;
  }

  /* Asking: each figure by itself; one answer at a time, and after it the next */

  const figures = new Map();

  function askAll(isLive) {
    const filtered = form.querySelector("[data-filtered]");
    filtered.textContent = [...applied].map(told).join(", ") || filtered.dataset.all;
    for (const figure of figures.values()) {
      figure.live = isLive;
      ask(figure);
    }
    for (const link of root.querySelectorAll("a.follows")) link.search = view();
    for (const link of document.querySelectorAll(".language a")) {
      const asked = new URLSearchParams(location.search);
      asked.set("locale", link.lang);
      link.search = asked;
    }
  }

  // A figure of all authors beside each other is too large for a phone: there one is chosen first.
  function isTooLarge({ section }) {
    return innerWidth < NARROW_PX && isCrowd && !applied.has("username") && "ofTwo" in section.dataset;
  }

  // A pause is not begun again: where posts come all the time, it would never end.
  function ask(figure) {
    if (isTooLarge(figure)) {
      figure.section.classList.add("is-empty");
      set(`${figure.name}-note`, "children", words.choose);
      return;
    }
    figure.timer ??= setTimeout(() => {
      figure.timer = null;
      const asked = view();
      if (asked !== figure.view) showWaiting(figure);
      figure.view = asked;
      // Equal values would not ask again; the count of asking is no part of the answer's key.
      set(`${figure.name}-ask`, "data", { view: asked, live: figure.live, turn: figure.turn++ });
    }, ASK_PAUSE_MS);
  }

  // The graph of another view is covered by the stylesheet; one that is not there has a sentence.
  function showWaiting({ name, section }) {
    section.setAttribute("aria-busy", "true");
    if (!section.classList.contains("is-empty")) return;
    set(`${name}-note`, "children", section.querySelector(".graph").dataset.waiting);
  }

  const isCrowd = form.querySelector(".names, .chip-filter");
  if (innerWidth < NARROW_PX && isCrowd && !location.search.includes("username")) {
    form.querySelector("details").open = true;
  }

  function begin() {
    for (const section of root.querySelectorAll("section.figure-card:not([hidden])")) {
      figures.set(section.id, {
        name: section.id, section, live: false, turn: 0, timer: null, view: null,
      });
    }
    askAll(false);
    window.followLive(words.live, { changed: askAll, isOpen: showLive });
  }

  new MutationObserver((_, observer) => {
    if (!root.querySelector("section.figure-card")) return;
    observer.disconnect();
    begin();
  }).observe(root, { childList: true, subtree: true });

  /* Failures: Dash says nothing of a call that fails, so the figure that asked does */

  const plainFetch = window.fetch;
  window.fetch = async (address, options) => {
    const answer = await plainFetch(address, options);
    if (!answer.ok && String(address).endsWith("/_dash-update-component")) showFailure(options.body);
    return answer;
  };

  function showFailure(body) {
    const { outputs, inputs: [asked] } = JSON.parse(body);
    const figure = figures.get(outputs.id.replace(/-drawing$/, ""));
    if (asked.value.view !== figure?.view) return;
    figure.section.setAttribute("aria-busy", "false");
    figure.section.classList.add("is-empty", "has-problem");
    set(`${figure.name}-note`, "children", words.failed);
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

  form.addEventListener("change", () => { showAddress(); askAll(false); });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    showAddress();
    askAll(false);
  });
  document.getElementById("reset").addEventListener("click", (event) => {
    event.preventDefault();
    history.pushState(null, "", location.pathname);
    fillForm();
    askAll(false);
  });
  window.addEventListener("popstate", () => { fillForm(); askAll(false); });
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
    const isNarrow = width < NARROW_PX;
    const ticks = isNarrow ? 4 : xaxis?.nticks;
    // Names below narrow columns would lie over each other; the rows have them too.
    const hasLabels = !isNarrow || !xaxis?.ticktext;
    return {
      paper_bgcolor: "rgba(0,0,0,0)",
      plot_bgcolor: "rgba(0,0,0,0)",
      font: { family: getComputedStyle(document.body).fontFamily, color: resolved("ink"), size: 13 },
      margin: { l: 8, r: 8, t: 8, b: 8 },
      showlegend: false,
      barmode: "overlay",
      dragmode: false,
      hoverlabel: {
        bgcolor: resolved("panel"), bordercolor: resolved("field"),
        font: { color: resolved("ink"), family: getComputedStyle(document.body).fontFamily },
        align: "left",
      },
      ...others,
      uirevision: "kept",
      xaxis: axis({ ...xaxis, nticks: ticks, showticklabels: hasLabels }),
      yaxis: axis(yaxis),
    };
  }

  function painting(plot, graph) {
    const { height, width } = plot.layout.meta ?? {};
    if (height) graph.style.height = `${height}px`;
    graph.style.maxWidth = width ? `${width}px` : "";
    const data = plot.data.map((trace) => ({
      type: "bar", hovertemplate: "%{hovertext}<extra></extra>", ...trace,
      marker: { line: { width: 0 }, ...trace.marker },
    }));
    return { data: coloured(data), layout: layoutOf(plot.layout, graph.clientWidth) };
  }

  const old = () => window.dash_clientside.no_update;

  window.dash_clientside = Object.assign({}, window.dash_clientside, {
    saywho: {
      paint(answer) {
        const name = window.dash_clientside.callback_context.outputs_list.at(-1).id.replace(/-note$/, "");
        const figure = figures.get(name);
        const found = answer && JSON.parse(answer);
        // An answer to what was asked before shows other posts than the filters say.
        if (!found || found.view !== figure.view) return [old(), old()];
        const { section } = figure;
        const drawing = found.drawing ?? {};
        section.setAttribute("aria-busy", "false");
        section.classList.toggle("is-empty", !drawing.plot);
        section.classList.toggle("has-problem", Boolean(found.problem));
        if (!drawing.plot) return [old(), found.problem ?? (drawing.note || words.empty)];
        return [painting(drawing.plot, section.querySelector(".dash-graph")), drawing.note];
      },
      follow(click, answer) {
        const context = window.dash_clientside.callback_context;
        const isClick = context.triggered.some((each) => each.prop_id.endsWith(".clickData"));
        const point = click?.points?.[0];
        if (!isClick || !point) return old();
        const { path } = JSON.parse(answer).drawing;
        location.assign([path, point.customdata].filter(Boolean).join(path.endsWith("?") ? "" : "&"));
        return null;
      },
    },
  });

  /* Dates in Korean */

  if (language === "ko") {
    const days = ["일", "월", "화", "수", "목", "금", "토"];
    const months = Array.from({ length: 12 }, (_, month) => `${month + 1}월`);
    window.Plotly.register({
      moduleType: "locale", name: "ko", dictionary: {},
      format: {
        days: days.map((day) => `${day}요일`), shortDays: days, months, shortMonths: months,
        date: "%Y.%m.%d", year: "%Y년", month: "%Y년 %b", dayMonth: "%b %-d일", dayMonthYear: "%Y년 %b %-d일",
      },
    });
    window.Plotly.setPlotConfig({ locale: "ko" });
  }
})();
