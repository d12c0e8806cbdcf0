"use strict";

// The keyboard: chips are one tab stop, authors are found by typing, and single keys press what names
// them in `aria-keyshortcuts`. Without a script, chips are plain checkboxes.
(() => {
  const KEPT = "saywho_keys";
  const STEPS = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };
  const TYPING_PAUSE_MS = 150;
  let suggested = 0;
  const TYPED = "input:not([type=checkbox]):not([type=radio]), textarea, select";

  function boxes(list) {
    return [...list.querySelectorAll("input[type=checkbox]")].filter((box) => box.getClientRects().length);
  }

  // Of a list that is hidden until it is asked for, the first is there then.
  function firstOf(list) {
    const seen = boxes(list);
    return seen.find((box) => box.name === "username") ?? seen[0] ?? list.querySelector("input");
  }

  // Only the chip that was reached last is a tab stop.
  function rove(list, current) {
    for (const box of list.querySelectorAll("input[type=checkbox]")) {
      box.tabIndex = box === current ? 0 : -1;
    }
  }

  function move(event) {
    const list = event.target.closest?.(".chips");
    const all = list ? boxes(list) : [];
    const place = all.indexOf(event.target);
    if (place < 0) return;
    const ends = { Home: 0, End: all.length - 1 };
    const next = event.key in ends ? ends[event.key] : place + (STEPS[event.key] ?? NaN);
    if (Number.isNaN(next)) return;
    event.preventDefault();
    all.at(next % all.length).focus();
  }

  function narrow(field) {
    const list = field.closest("fieldset").querySelector(".chips:not(.whole)");
    const wanted = field.value.trim().normalize("NFC").toLowerCase();
    const authors = [...list.children].filter((item) => !item.matches(".chip-group"));
    list.classList.toggle("is-searched", Boolean(wanted));
    list.prepend(...authors.filter((item) => item.querySelector("input").checked));
    for (const item of authors) {
      const box = item.querySelector("input");
      item.hidden = !box.checked && !box.value.toLowerCase().includes(wanted);
    }
    for (const item of list.querySelectorAll(".chip-group")) item.hidden = Boolean(wanted);
    const found = authors.filter((item) => !item.hidden).length;
    field.parentElement.querySelector("[role=status]").textContent = wanted ? `${found} / ${authors.length}` : "";
    rove(list, boxes(list)[0]);
  }

  function countChosen(fieldset) {
    const MOST_NAMED = 3;
    const chosen = [...fieldset.querySelectorAll("input[name=username]:checked")];
    const note = fieldset.querySelector(".chosen");
    if (!note) return;
    note.hidden = !chosen.length;
    const nameOf = (box) => box.closest("label").querySelector(".chip-name").textContent.trim();
    const names = chosen.slice(0, MOST_NAMED).map(nameOf).join(", ");
    const more = chosen.length > MOST_NAMED ? ` +${chosen.length - MOST_NAMED}` : "";
    note.querySelector("[data-chosen]").textContent = names + more;
  }

  // The tick of a chat is that of all its people, where they stand below. One who is in another chat
  // that is ticked stays. Without a box, the chats that are ticked tick theirs.
  function tickTogether(box, fieldset) {
    const rooms = [...fieldset.querySelectorAll("input[name=room]")];
    const peopleOf = (room) => [...fieldset.querySelectorAll(`[data-of~="${room.value}"]`)];
    const peopleOfTicked = () => new Set(rooms.filter((room) => room.checked).flatMap(peopleOf));
    const kept = peopleOfTicked();
    if (!box) for (const person of kept) person.checked = true;
    if (rooms.includes(box)) for (const person of peopleOf(box)) person.checked = kept.has(person);
    for (const room of rooms) {
      const people = peopleOf(room);
      if (room !== box && people.length) room.checked = people.every((person) => person.checked);
    }
    const within = peopleOfTicked();
    for (const person of fieldset.querySelectorAll("[data-of]")) {
      person.closest("li").classList.toggle("is-within", within.has(person));
    }
    // What was the tab stop may be hidden now.
    for (const list of fieldset.querySelectorAll(".chips")) if (!list.contains(box)) rove(list, firstOf(list));
  }

  // Texts that were typed stay, as they would not where the link is followed.
  function dropAll(event) {
    const fieldset = event.target.closest?.("[data-drop]")?.closest("fieldset");
    if (!fieldset) return;
    event.preventDefault();
    for (const box of fieldset.querySelectorAll("input:checked")) box.checked = false;
    countChosen(fieldset);
    fieldset.querySelector("input").dispatchEvent(new Event("change", { bubbles: true }));
    boxes(fieldset.querySelector(".chips"))[0]?.focus();
  }

  // A list has room for some authors only; those whose names hold what is typed take their place.
  function suggest(field) {
    const turn = ++suggested;
    setTimeout(async () => {
      if (turn !== suggested || !field.value.trim()) return;
      const part = encodeURIComponent(field.value.trim());
      const answer = await fetch(`/api/v1/users?limit=20&q=${part}`).catch(() => null);
      if (turn !== suggested || !answer?.ok) return;
      const { items } = await answer.json();
      field.list.replaceChildren(...items.map(({ username }) => new Option("", username)));
    }, TYPING_PAUSE_MS);
  }

  function areOn() {
    try {
      return localStorage.getItem(KEPT) !== "off";
    } catch {
      return true;
    }
  }

  function showKeys() {
    document.documentElement.classList.toggle("has-keys", areOn());
  }

  function press(key) {
    const field = key === "/" && document.querySelector("main input[type=search][name=q]");
    if (field) field.focus();
    else document.querySelector(`[aria-keyshortcuts="${key}"]`)?.click();
  }

  // Enter does what it does where the keyboard is, and goes on where it is nowhere.
  function goOn(event) {
    if (event.target.closest?.("a, button, summary, [tabindex='0'], " + TYPED)) return;
    event.preventDefault();
    press("Enter");
  }

  function enhance(root) {
    for (const list of root.querySelectorAll(".chips")) rove(list, firstOf(list));
    for (const fieldset of root.querySelectorAll("fieldset:has(.whole)")) tickTogether(null, fieldset);
    for (const field of root.querySelectorAll(".chip-filter")) field.hidden = false;
    for (const choice of root.querySelectorAll("[data-keys]")) {
      choice.hidden = false;
      choice.querySelector("input").checked = areOn();
    }
  }

  document.addEventListener("keydown", (event) => {
    const isHeld = event.ctrlKey || event.metaKey;
    if (event.key === "Enter" && isHeld && event.target.matches("textarea")) {
      event.target.form?.requestSubmit();
    } else if (event.key === "Enter" && event.target.closest?.(".chip-filter")) {
      event.preventDefault();
      boxes(event.target.closest("fieldset").querySelector(".chips:not(.whole)"))[0]?.focus();
    } else if (!isHeld && !event.altKey && !event.isComposing) {
      move(event);
      const isTyped = event.target.closest?.(TYPED);
      if (/^[/1-6]$/.test(event.key) && !isTyped && areOn()) {
        event.preventDefault();
        press(event.key);
      } else if (event.key === "Enter") {
        goOn(event);
      }
    }
  });
  document.addEventListener("focusin", (event) => {
    const list = event.target.closest?.(".chips");
    if (list && event.target.type === "checkbox") rove(list, event.target);
  });
  document.addEventListener("input", (event) => {
    if (event.target.closest?.(".chip-filter")) narrow(event.target);
    else if (event.target.list?.id === "known_authors") suggest(event.target);
  });
  document.addEventListener("click", dropAll);
  document.addEventListener("change", (event) => {
    const fieldset = event.target.closest?.("fieldset:has(.chips)");
    if (fieldset) {
      tickTogether(event.target, fieldset);
      countChosen(fieldset);
    }
    if (!event.target.closest?.("[data-keys]")) return;
    try {
      localStorage.setItem(KEPT, event.target.checked ? "on" : "off");
    } catch {
      // The browser keeps nothing.
    }
    showKeys();
  });
  document.addEventListener("htmx:load", (event) => enhance(event.detail.elt));
  // A browser that goes back ticks the boxes again that were ticked.
  window.addEventListener("pageshow", () => {
    for (const fieldset of document.querySelectorAll("fieldset:has(.chips)")) {
      tickTogether(null, fieldset);
      countChosen(fieldset);
    }
  });
  showKeys();
  enhance(document);
})();
