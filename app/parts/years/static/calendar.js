"use strict";

// The calendar of posting, walked with the arrow keys.
(() => {
  const STEPS = { ArrowUp: -1, ArrowDown: 1, ArrowLeft: -7, ArrowRight: 7 };

  function days(calendar) {
    return [...calendar.querySelectorAll("a.day")];
  }

  // One day is a stop of the Tab key; else there would be one for each day with posts.
  function makeStop(all, stop) {
    for (const day of all) day.tabIndex = day === stop ? 0 : -1;
  }

  // A day leads to its posts, or into the chat that all of them are of.
  function time(day) {
    const address = new URL(day.href).searchParams;
    return Date.parse(address.get("since") ?? address.get("on"));
  }

  function next(all, day, key) {
    if (key === "Home") return all.reduce((a, b) => (time(b) < time(a) ? b : a));
    if (key === "End") return all.reduce((a, b) => (time(b) > time(a) ? b : a));
    const step = STEPS[key];
    if (!step) return null;
    // The nearest day with posts in that direction, in the same row where the arrow is level.
    const distance = (other) => (time(other) - time(day)) / 864e5 / step;
    return all.filter((other) => distance(other) > 0 && Number.isInteger(distance(other)))
      .sort((a, b) => distance(a) - distance(b))[0];
  }

  // Whoever points at a day, or at its square in the drawing of the year, reads its number.
  function tell({ target, clientX, clientY }) {
    const pointed = target.closest("a.day");
    if (pointed) pointed.title = pointed.textContent;
    const drawing = target.closest(".weeks"), grid = drawing?.querySelector("svg");
    if (!grid) return;
    const box = drawing.getBoundingClientRect(), { y, height, viewBox } = grid;
    const week = Math.floor((clientX - box.left) / box.width * viewBox.baseVal.width);
    const weekday = Math.floor((clientY - box.top - y.baseVal.value) / height.baseVal.value * 7);
    const at = days(drawing.closest("#calendar")).find((day) => {
      const date = new Date(time(day)), first = Date.UTC(date.getUTCFullYear());
      const offset = (new Date(first).getUTCDay() + 6) % 7;
      return weekday === (date.getUTCDay() + 6) % 7 && week === Math.floor(((date - first) / 864e5 + offset) / 7);
    });
    const title = drawing.querySelector("title") ?? drawing.insertBefore(document.createElementNS(drawing.namespaceURI, "title"), null);
    title.textContent = at?.textContent ?? "";
  }

  function prepare(calendar) {
    const all = days(calendar);
    if (!all.length) return;
    calendar.addEventListener("pointermove", tell);
    const newest = next(all, all[0], "End");
    makeStop(all, newest);
    const months = calendar.querySelector(".months");
    const box = newest.closest(".month");
    const show = () => { months.scrollLeft = box.offsetLeft - months.clientWidth + box.offsetWidth; };
    show();
    // What is folded has no width before it is opened.
    calendar.querySelector("details")?.addEventListener("toggle", show);
    calendar.addEventListener("keydown", (event) => {
      if (!event.target.matches("a.day")) return;
      const target = next(all, event.target, event.key);
      if (!target && !(event.key in STEPS)) return;
      event.preventDefault();
      if (!target) return;
      makeStop(all, target);
      target.focus();
    });
  }

  const calendar = document.querySelector("#calendar");
  prepare(calendar);
  document.addEventListener("htmx:load", (event) => {
    if (event.detail.elt.id === "calendar") prepare(event.detail.elt);
  });
})();
