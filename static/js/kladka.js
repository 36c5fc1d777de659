// Small comforts on top of pages that work without scripts.
(() => {
  "use strict";
  const $ = (selector, root = document) => root.querySelector(selector);
  const live = $("#live");
  const announce = (text) => { if (live) { live.textContent = ""; setTimeout(() => { live.textContent = text; }, 50); } };

  // A form is sent once; coming back with the Back button frees it again.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || form.method !== "post") return;
    if (form.dataset.sent) { event.preventDefault(); return; }
    form.dataset.sent = "1";
    setTimeout(() => { delete form.dataset.sent; }, 8000);
  });
  addEventListener("pageshow", () => document.querySelectorAll("[data-sent]").forEach((form) => { delete form.dataset.sent; }));

  // Copy buttons appear only where copying works.
  const prepare = (root) => root.querySelectorAll("[data-copy]").forEach((button) => { button.hidden = false; });
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy]");
    if (!button) return;
    const field = document.getElementById(button.dataset.copy);
    field.select();
    try { await navigator.clipboard.writeText(field.value); } catch (_) { document.execCommand("copy"); }
    announce(button.dataset.done);
  });
  prepare(document);

  // What belongs to one choice of a list unfolds with that choice.
  document.addEventListener("change", (event) => {
    const chosen = `${event.target.name}=${event.target.value}`;
    document.querySelectorAll("details[data-opened-by]").forEach((folded) => { if (folded.dataset.openedBy === chosen) folded.open = true; });
  });

  // The title says that something is to be corrected, as it does on a page loaded whole.
  let marked = "";
  const mark = (summary) => {
    if (marked) document.title = document.title.replace(marked, "");
    marked = summary ? `${summary.dataset.title} ` : "";
    if (marked && !document.title.startsWith(marked)) document.title = marked + document.title;
  };

  // After a swap: the marked element gets the focus, or the change is announced.
  document.addEventListener("htmx:afterSettle", (event) => {
    const piece = event.detail.elt;
    prepare(piece.parentNode || document);
    const heading = $("h1", piece);
    if (heading) document.title = `${piece.dataset.page || heading.textContent.trim()} – Kładka`;
    else if (!piece.closest("#flash, #state")) mark($(".errors", piece));
    const target = piece.matches("[data-focus]") ? piece : $(".errors[data-focus]", piece) || $("[data-focus]", piece);
    if (target) { target.focus(); return; }
    const said = $("[data-announce]", piece) || (piece.matches("[data-announce]") ? piece : null);
    if (said) announce(said.dataset.announce || said.textContent.trim());
  });
  const summary = $(".errors[data-focus]");
  if (summary) summary.focus();

  // Five minutes before the session ends: a warning and a way to stay.
  const body = document.body;
  const box = $("#session-end");
  let timer = 0;
  const watch = () => {
    clearTimeout(timer);
    const wait = Number(body.dataset.sessionEnds) * 1000 - Date.now() - 300000;
    timer = setTimeout(() => { box.hidden = false; }, Math.max(wait, 0));
  };
  if (box && body.dataset.sessionEnds) {
    $("button", box).addEventListener("click", async () => {
      const headers = JSON.parse(body.getAttribute("hx-headers"));
      const answer = await fetch(box.dataset.extend, { method: "POST", headers, redirect: "manual" });
      const ends = answer.headers.get("X-Session-Ends");
      if (!answer.ok || !ends) { $("p", box).textContent = box.dataset.failed; return; }
      body.dataset.sessionEnds = ends;
      box.hidden = true;
      announce(box.dataset.done);
      watch();
    });
    watch();
  }
})();
