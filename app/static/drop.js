"use strict";

// A file dropped anywhere on a page is imported, if the visitor may import. Otherwise the page says
// so, instead of the browser opening the file in the place of the page.
(() => {
  const LINK = "saywho_setup";
  const { account, mayImport, setup, dropRefused, dropFolder, close } = document.body.dataset;
  const first = document.querySelector("main [data-first-account]");
  // The secret of the link for the first account stays in this tab, for this origin alone: a cookie
  // would reach the other ports of the machine.
  if (first) sessionStorage.setItem(LINK, first.elements.token.value);
  if (account !== undefined) sessionStorage.removeItem(LINK);
  const secret = () => sessionStorage.getItem(LINK);
  const may = () => mayImport !== undefined || secret() !== null;

  function say(sentence) {
    document.querySelector(".drop-note")?.remove();
    const note = document.createElement("p");
    note.className = "alert drop-note";
    note.popover = "auto";
    note.setAttribute("role", "alert");
    document.body.append(note);
    note.textContent = sentence;
    note.showPopover();
  }

  async function read(address, request) {
    const answer = await fetch(address, request);
    return { answer, page: new DOMParser().parseFromString(await answer.text(), "text/html") };
  }

  function openDialog(content, label) {
    document.querySelector(".drop-dialog")?.remove();
    const dialog = document.createElement("dialog");
    const end = document.createElement("form");
    const button = document.createElement("button");
    dialog.className = "drop-dialog";
    dialog.setAttribute("aria-label", label);
    end.method = "dialog";
    button.className = "button";
    button.textContent = close;
    end.append(button);
    dialog.append(content, end);
    dialog.addEventListener("close", () => dialog.remove());
    document.body.append(dialog);
    dialog.showModal();
    return dialog;
  }

  function fill(field, files) {
    const holder = new DataTransfer();
    for (const file of files) holder.items.add(file);
    field.files = holder.files;
    field.dispatchEvent(new Event("change", { bubbles: true }));
  }

  // The form of the page for imports sends the file, and shows how far it is. Returns the dialog.
  function sendFrom(page, files) {
    const form = page.getElementById("upload");
    if (!form) return null;
    const dialog = openDialog(document.adoptNode(form), page.querySelector("h1").textContent);
    document.dispatchEvent(new CustomEvent("htmx:load", { detail: { elt: form } }));
    fill(form.elements.file, files);
    return dialog;
  }

  async function askForAccount(files) {
    const { page } = await read(`${setup}?token=${encodeURIComponent(secret())}`);
    const form = page.querySelector("[data-first-account]");
    if (!form) {
      sessionStorage.removeItem(LINK);
      say(dropRefused);
      return;
    }
    const title = document.createElement("h2");
    title.textContent = page.querySelector("h1").textContent;
    const name = document.createElement("p");
    name.className = "drop-name";
    name.textContent = files.map((file) => file.name).join(", ");
    form.prepend(title, name);
    openDialog(document.adoptNode(form), title.textContent);
    form.elements.name.focus();
    form.addEventListener("submit", (event) => createAccount(event, files));
  }

  // Creates the account; then the files go on.
  async function createAccount(event, files) {
    event.preventDefault();
    const form = event.target;
    const fault = form.querySelector("[data-fault]");
    const button = form.querySelector("[type=submit]");
    const sent = { method: "POST", body: new URLSearchParams(new FormData(form)) };
    button.disabled = true;
    try {
      const { answer, page } = await read(form.action, sent);
      if (answer.ok && answer.redirected) {
        sessionStorage.removeItem(LINK);
        // The page below is one for visitors still.
        const dialog = sendFrom(page, files);
        if (dialog) dialog.addEventListener("close", () => location.assign(answer.url));
        else location.assign(answer.url);
        return;
      }
      const said = page.querySelector("main .alert:not([hidden])") ?? page.querySelector("h1");
      fault.textContent = said.textContent;
    } catch {
      form.submit();  // The browser says what is wrong with the connection.
      return;
    }
    button.disabled = false;
    fault.hidden = false;
    form.elements.password.focus();
  }

  async function take(files) {
    const field = document.querySelector("#upload [type=file], main [data-first-file] [type=file]");
    try {
      if (field) fill(field, files);
      else if (mayImport === undefined) await askForAccount(files);
      else if (!sendFrom((await read(mayImport)).page, files)) location.assign(mayImport);
    } catch {
      location.assign(mayImport ?? "/");
    }
  }

  // Pictures of the page itself are files too while they are dragged.
  let isOwn = false;
  const holdsFiles = (event) => !isOwn && event.dataTransfer?.types.includes("Files");
  const isOnField = (event) => Boolean(event.target.closest?.("input[type=file]"));
  const mark = (isOver) => document.documentElement.classList.toggle("dropping", isOver);

  function showPlace(event) {
    if (!holdsFiles(event)) return;
    mark(may());
    if (!isOnField(event)) event.preventDefault();
  }

  function drop(event) {
    mark(false);
    if (!holdsFiles(event) || isOnField(event)) return;
    event.preventDefault();
    const { items, files } = event.dataTransfer;
    if (!may()) say(dropRefused);
    else if ([...items].some((item) => item.webkitGetAsEntry?.()?.isDirectory)) say(dropFolder);
    else if (files.length) take([...files]);
  }

  // On the page of the link, a file may be chosen beside name and password.
  function offerFile(form) {
    const part = form.querySelector("[data-first-file]");
    const field = part.querySelector("input");
    const name = part.querySelector("[data-file-name] bdi");
    const showName = () => { name.textContent = [...field.files].map((file) => file.name).join(", "); };
    part.hidden = false;
    field.addEventListener("change", showName);
    showName();
    form.addEventListener("submit", (event) => {
      if (field.files[0]) createAccount(event, [...field.files]);
    });
  }

  // The first page shows where to choose a file to whoever holds the link.
  function offerChoosing(part) {
    const field = part.querySelector("input");
    part.hidden = !may();
    part.parentElement.querySelector("[data-no-file]").hidden = may();
    field.addEventListener("change", () => {
      if (field.files[0]) askForAccount([...field.files]).catch(() => location.reload());
      field.value = "";
    });
  }

  document.addEventListener("dragstart", () => { isOwn = true; });
  document.addEventListener("dragend", () => { isOwn = false; });
  document.addEventListener("dragover", showPlace);
  document.addEventListener("dragleave", (event) => { if (!event.relatedTarget) mark(false); });
  document.addEventListener("drop", drop);
  if (first) offerFile(first);
  document.querySelectorAll("[data-choose-file]").forEach(offerChoosing);
})();
