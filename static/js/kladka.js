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

  // Paper has nothing to unfold.
  addEventListener("beforeprint", () => document.querySelectorAll("details[data-print]").forEach((one) => { one.open = true; }));

  // Copy buttons appear only where copying works.
  const prepare = (root) => root.querySelectorAll("button[data-copy]").forEach((button) => { button.hidden = false; });
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("button[data-copy]");
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

  // A long form is saved as a working copy while it is typed; it is sent by its button alone.
  const long = $("form[data-copy]");
  if (long) {
    const state = $("#copy-state", long);
    let due = 0, typed = false, busy = false;
    const say = (text) => { if (state.textContent !== text) state.textContent = text; state.hidden = false; };
    const later = () => { due = due || setTimeout(save, 3000); };
    const save = async (leaving) => {
      clearTimeout(due);
      due = 0;
      if (!typed || busy || long.dataset.sent) return;
      typed = false;
      busy = true;
      try {
        const headers = JSON.parse(document.body.getAttribute("hx-headers"));
        const fields = new URLSearchParams(new FormData(long));
        const answer = await fetch(long.dataset.copy, { method: "POST", headers, body: fields, redirect: "manual", keepalive: leaving === true });
        const at = answer.headers.get("X-Saved-At");
        if (at) say(state.dataset.saved.replace("{}", at));
        else say((answer.status === 413 || answer.status === 422) && await answer.text() || state.dataset.failed);
      } catch (_) {
        typed = true;
        say(state.dataset.failed);
      }
      busy = false;
      if (typed && !leaving) later();
    };
    const touched = () => { typed = true; later(); };
    long.addEventListener("input", touched);
    long.addEventListener("change", touched);
    addEventListener("pagehide", () => save(true));
  }

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
