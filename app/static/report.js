"use strict";

// The page of a file to send: the preview follows the choice, and another program can take the file.
(() => {
  const form = document.getElementById("report");
  if (!form) return;
  const preview = form.querySelector("[data-preview]");
  const share = form.querySelector("[data-share-file]");
  const alert = form.querySelector("[role=alert]");
  preview.hidden = true;
  form.addEventListener("change", () => { if (form.checkValidity()) form.requestSubmit(preview); });

  const isTaken = () => navigator.canShare?.({ files: [new File([""], "chat.html", { type: "text/html" })] });

  async function shareFile() {
    alert.hidden = true;
    const answer = await fetch(form.action, { method: "POST", body: new URLSearchParams(new FormData(form)) }).catch(() => null);
    if (!answer?.ok) {
      alert.textContent = share.dataset.failed;
      alert.hidden = false;
      return;
    }
    const name = /filename="?([^";]+)/.exec(answer.headers.get("Content-Disposition"))?.[1] ?? "saywho.html";
    const file = new File([await answer.blob()], name, { type: "text/html" });
    // Whoever closes the list of programs wants nothing.
    await navigator.share({ files: [file] }).catch(() => {});
  }

  if (isTaken()) {
    share.hidden = false;
    share.addEventListener("click", shareFile);
  }
})();
