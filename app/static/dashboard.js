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
  const MOST_LABELS_NARROW = 8;
  const SINGLE = ["platform", "lang", "since", "until", "step"];

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
    names.forEach(addChip);
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
      // What no choice stands for is still what the address says.
      if (field.value !== value && field.options) field.add(new Option(value, value, true, true));
    }
    applied = filters();
  }

  function addChip(name) {
    const chip = document.getElementById("chip");
    const isThere = [...form.querySelectorAll("[name=username]")]
      .some((field) => field.value.toLowerCase() === name.toLowerCase());
    if (!chip || isThere) return;
    const item = document.createElement("li");
    item.append(chip.content.cloneNode(true));
    item.querySelector("input").value = name;
    item.querySelector("bdi").textContent = name;
    form.querySelector(".chips").append(item);
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
    return `${field.labels[0].textContent}: ${field.selectedOptions?.[0].text ?? value}`;
  }

  /* Asking: what can be seen at once, what is further down when it comes into sight */

  const figures = new Map();
  let newest = null;

  function askAll(isLive) {
    const filtered = form.querySelector("[data-filtered]");
    filtered.textContent = [...applied].map(told).join(", ") || filtered.dataset.all;
    for (const figure of figures.values()) {
      // What is costly to measure is left for a while as it is.
      if (isLive && performance.now() - figure.asked < figure.restMs) continue;
      figure.isStale = true;
      figure.after = isLive ? newest : null;
      if (figure.isSeen) ask(figure);
    }
    for (const link of root.querySelectorAll("a.follows")) {
      link.search = view();
    }
    for (const link of document.querySelectorAll(".language a")) {
      const asked = new URLSearchParams(location.search);
      asked.set("locale", link.lang);
      link.search = asked;
    }
  }

  function ask(figure) {
    clearTimeout(figure.timer);
    figure.timer = setTimeout(() => {
      figure.isStale = false;
      figure.asked = performance.now();
      const asked = view() + (innerWidth < NARROW_PX ? "&narrow=1" : "");
      // Whoever sees the figure of this view does not wait: a line that comes and goes moves all.
      if (asked !== figure.view) figure.section.setAttribute("aria-busy", "true");
      figure.view = asked;
      // Equal values would not ask again; the count of asking is no part of the answer's key.
      set(`${figure.name}-ask`, "data", { view: asked, after: figure.after, turn: figure.turn++ });
    }, ASK_PAUSE_MS);
  }

  const sight = new IntersectionObserver((entries) => {
    for (const entry of entries) {
      const figure = figures.get(entry.target.id);
      figure.isSeen = entry.isIntersecting;
      if (figure.isSeen && figure.isStale) ask(figure);
    }
  }, { rootMargin: "200px" });

  function begin() {
    for (const section of root.querySelectorAll("section.figure-card")) {
      figures.set(section.id, {
        name: section.id, section, isSeen: false, isStale: true, after: null, turn: 0, timer: 0,
        asked: 0, view: null, rows: "[]", restMs: 1000 * Number(section.dataset.restS),
      });
      sight.observe(section);
    }
    askAll(false);
    listen();
    comeBack();
  }

  /* Whoever comes back from the posts behind a point finds the figure where it was */

  const PLACE = "saywho_dashboard_place";
  const COMING_BACK_MS = 5000;

  window.addEventListener("pagehide", () => {
    const shown = [...figures.values()].map(({ name, section }) => (
      { name, top: section.getBoundingClientRect().top }));
    const place = shown.findLast(({ top }) => top < innerHeight / 2);
    try {
      sessionStorage.setItem(PLACE, JSON.stringify({ address: location.href, place }));
    } catch {
      // Then it begins at the top.
    }
  });

  function keptPlace() {
    const [navigation] = performance.getEntriesByType("navigation");
    if (navigation?.type !== "back_forward") return null;
    try {
      const { address, place } = JSON.parse(sessionStorage.getItem(PLACE));
      return address === location.href ? place : null;
    } catch {
      return null;
    }
  }

  // The browser itself cannot: when it tries, the figures have no height yet. They get it one by
  // one, and until all have it, or somebody moves, the one looked at stays in its place.
  function comeBack() {
    const place = keptPlace();
    const section = place && figures.get(place.name)?.section;
    if (!section) return;
    const stay = () => scrollBy({ top: section.getBoundingClientRect().top - place.top, behavior: "instant" });
    const growing = new ResizeObserver(stay);
    const moves = ["wheel", "touchstart", "keydown", "pointerdown"];
    const end = () => {
      growing.disconnect();
      for (const move of moves) window.removeEventListener(move, end);
    };
    for (const move of moves) window.addEventListener(move, end, { passive: true });
    setTimeout(end, COMING_BACK_MS);
    growing.observe(root);
  }

  new MutationObserver((_, observer) => {
    if (!root.querySelector("section.figure-card")) return;
    observer.disconnect();
    begin();
  }).observe(root, { childList: true, subtree: true });

  /* Live */

  const state = document.querySelector("[data-live-state]");
  const stateText = state.querySelector("[data-live-text]");
  const KINDS = ["tweet.created", "tweets.imported", "tweet.deleted", "user.created", "user.updated",
    "user.deleted"];
  let stream = null;
  let wasLive = false;

  function showLive(isLive) {
    const text = isLive ? stateText.dataset.on : stateText.dataset.off;
    state.hidden = false;
    state.classList.toggle("is-live", isLive);
    if (stateText.textContent !== text) stateText.textContent = text;
  }

  function changed(event) {
    if (event.lastEventId) newest = Number(event.lastEventId);
    askAll(newest !== null);
  }

  function listen() {
    if (stream || document.hidden) return;
    stream = new EventSource(words.live);
    stream.onopen = () => {
      showLive(true);
      // What happened while nobody listened is not told.
      if (wasLive) askAll(false);
      wasLive = true;
    };
    stream.onerror = () => showLive(false);
    for (const kind of KINDS) stream.addEventListener(kind, changed);
    stream.addEventListener("reset", () => askAll(false));
  }

  // A browser opens only six connections to a site; a hidden tab gives its own back.
  function rest() {
    stream?.close();
    stream = null;
  }

  document.addEventListener("visibilitychange", () => (document.hidden ? rest() : listen()));
  window.addEventListener("pagehide", rest);
  window.addEventListener("pageshow", (event) => { if (event.persisted) listen(); });

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
  const repaint = () => set("theme", "data", ++painted);
  new MutationObserver(repaint).observe(document.documentElement, {
    attributes: true, attributeFilter: ["data-theme"],
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", repaint);

  function axis(own) {
    return {
      gridcolor: resolved("line"), linecolor: resolved("line"), zeroline: false,
      tickfont: { color: resolved("soft"), size: 12 }, automargin: true, ticks: "", ...own,
      title: { font: { color: resolved("soft"), size: 12 }, standoff: 8, ...own?.title },
    };
  }

  function layoutOf(own, width) {
    const { xaxis, yaxis, annotations = [], ...others } = coloured(own);
    const isNarrow = width < NARROW_PX;
    const ticks = isNarrow ? 4 : xaxis?.nticks;
    // Names below narrow columns would lie over each other; the rows have them too.
    const hasLabels = !isNarrow || typeof xaxis?.ticktext?.[0] !== "string" || xaxis.ticktext.length < 12;
    return {
      paper_bgcolor: "rgba(0,0,0,0)",
      plot_bgcolor: "rgba(0,0,0,0)",
      font: { family: getComputedStyle(document.body).fontFamily, color: resolved("ink"), size: 13 },
      margin: { l: 8, r: 8, t: 8, b: 8 },
      showlegend: false,
      dragmode: false,
      hoverlabel: {
        bgcolor: resolved("panel"), bordercolor: resolved("field"),
        font: { color: resolved("ink"), family: getComputedStyle(document.body).fontFamily },
        align: "left",
      },
      ...others,
      annotations: isNarrow ? annotations.slice(0, MOST_LABELS_NARROW) : annotations,
      uirevision: "kept",
      xaxis: axis({ ...xaxis, nticks: ticks, showticklabels: hasLabels }),
      yaxis: axis(yaxis),
    };
  }

  // The sentences below a figure; a figure of rows is as high as its rows need.
  // Whoever reads them by keyboard stays where they are.
  function showRows(section, rows) {
    const figure = figures.get(section.id);
    const given = JSON.stringify(rows);
    if (given === figure.rows) return;
    figure.rows = given;
    const list = section.querySelector(".figure-rows");
    const focused = list.contains(document.activeElement) && document.activeElement.href;
    list.replaceChildren(...rows.map(([text, address]) => {
      const item = document.createElement("li");
      const link = document.createElement("a");
      link.href = address;
      link.textContent = text;
      item.append(link);
      return item;
    }));
    const same = focused && [...list.querySelectorAll("a")].find((link) => link.href === focused);
    if (same) same.focus({ preventScroll: true });
  }

  function painting(plot, graph, width) {
    const { height, width: most } = plot.layout.meta ?? {};
    if (height) graph.style.height = `${height}px`;
    graph.style.maxWidth = most ? `${most}px` : "";
    return { data: coloured(plot.data), layout: layoutOf(plot.layout, width) };
  }

  function addressOf(point, drawing) {
    const asked = new URLSearchParams(drawing.view);
    const clicks = drawing.clicks;
    const username = point.data?.meta?.username;
    if (clicks.path) return clicks.path;
    for (const name of ["step", "narrow"]) asked.delete(name);
    if (username) { asked.delete("username"); asked.append("username", username); }
    if (clicks.periods) {
      const place = point.data?.meta?.places?.[point.pointNumber] ?? point.pointNumber;
      asked.set("since", clicks.periods[place]);
      asked.set("until", clicks.periods[place + 1]);
    }
    if (clicks.hours) asked.set("hour", point.customdata);
    if (clicks.pairs) {
      asked.delete("username");
      for (const name of point.customdata) asked.append("username", name);
    }
    return `/posts?${asked}`;
  }

  /* The post under the pointer */

  const card = document.createElement("div");
  card.className = "peek";
  card.hidden = true;
  card.setAttribute("aria-hidden", "true");
  document.body.append(card);
  const pointer = { x: 0, y: 0 };
  const posts = new Map();
  const time = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short" });
  let peeked = null;

  document.addEventListener("pointermove", (event) => {
    pointer.x = event.clientX;
    pointer.y = event.clientY;
  }, { passive: true });

  async function postOf(id) {
    if (!posts.has(id)) {
      if (posts.size > 500) posts.clear();
      posts.set(id, fetch(`/api/v1/tweets/${id}`).then((answer) => (answer.ok ? answer.json() : null)));
    }
    return posts.get(id);
  }

  async function peekAt(id) {
    peeked = id;
    card.hidden = true;
    if (id === null) return;
    const post = await postOf(id);
    if (peeked !== id || !post) return;
    const head = document.createElement("b");
    head.textContent = post.username;
    const when = document.createElement("span");
    when.className = "soft";
    when.textContent = post.created_at ? ` ${time.format(new Date(post.created_at))}` : "";
    const text = document.createElement("p");
    text.dir = "auto";
    text.textContent = post.text.length > 280 ? `${post.text.slice(0, 279)}…` : post.text;
    card.replaceChildren(head, when, text);
    card.hidden = false;
    const { width, height } = card.getBoundingClientRect();
    const left = Math.min(pointer.x + 14, document.documentElement.clientWidth - width - 8);
    const below = pointer.y + 18;
    const top = below + height > window.innerHeight ? pointer.y - height - 12 : below;
    card.style.left = `${Math.max(8, left)}px`;
    card.style.top = `${Math.max(8, top)}px`;
  }

  // Plotly gives a point without its trace to Dash; the graph itself still has it.
  function withTrace(name, point, graph) {
    const drawn = document.querySelector(`#${graph} .js-plotly-plot`);
    return { ...point, data: drawn?.data?.[point.curveNumber] };
  }

  window.dash_clientside = Object.assign({}, window.dash_clientside, {
    saywho: {
      paint(drawing) {
        const name = window.dash_clientside.callback_context.outputs_list.at(-1).id.replace(/-note$/, "");
        const section = document.getElementById(name);
        const graphs = section.querySelectorAll(".dash-graph");
        const old = window.dash_clientside.no_update;
        if (!drawing) return [...Array.from(graphs, () => old), old];
        section.setAttribute("aria-busy", "false");
        if (drawing.again_s) setTimeout(() => ask(figures.get(name)), 1000 * drawing.again_s);
        const isEmpty = Boolean(drawing.problem) || drawing.plots.length === 0;
        showRows(section, drawing.rows ?? []);
        section.classList.toggle("is-empty", isEmpty);
        section.classList.toggle("has-problem", Boolean(drawing.problem));
        if (isEmpty) return [...Array.from(graphs, () => old), drawing.problem ?? (drawing.note || words.empty)];
        const width = graphs[0].clientWidth;
        return [...drawing.plots.map((plot, place) => painting(plot, graphs[place], width)), drawing.note];
      },
      peek(hover, drawing) {
        return window.dash_clientside.no_update;
      },
      follow(click, drawing) {
        const context = window.dash_clientside.callback_context;
        const isClick = context.triggered.some((each) => each.prop_id.endsWith(".clickData"));
        if (!isClick || !click?.points?.length) return window.dash_clientside.no_update;
        const graph = context.outputs_list.id;
        const [point] = click.points;
        location.assign(addressOf(withTrace(graph, point, graph), drawing));
        return null;
      },
    },
  });

  /* The server cannot be reached */

  const fetching = window.fetch;
  window.fetch = async (...given) => {
    try {
      return await fetching(...given);
    } catch (error) {
      for (const figure of figures.values()) {
        figure.section.setAttribute("aria-busy", "false");
      }
      showLive(false);
      throw error;
    }
  };

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
