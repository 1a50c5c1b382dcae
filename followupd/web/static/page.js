// Keys, counting, and the pulse. The page works without any of it: every decision is a form.
"use strict";

const isTyping = (element) => element.matches("input, textarea, select, [contenteditable]");
const find = (key) => document.querySelector(`[data-key="${CSS.escape(key)}"]`);

// --- keys: what a key does is written beside it in the page, as data-key

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey && event.key === "Enter") document.querySelector("[data-save]")?.click();
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "Escape") return closeMenus(null);
  if (isTyping(event.target)) return;
  const target = find(event.key);
  if (!target) return;
  event.preventDefault();
  target.click();
  if (target.matches(".acts summary")) target.parentElement.querySelector("button")?.focus();
});

// --- menus: one open at a time, closed by a click elsewhere

function closeMenus(kept) {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (menu === kept || menu.contains(kept)) continue;
    menu.open = false;
    if (menu.contains(document.activeElement)) menu.querySelector("summary").focus();
  }
}
document.addEventListener("click", (event) => closeMenus(event.target.closest("details.menu")));

// --- a decision on its way: no second click, and a sign that it was heard

document.addEventListener("submit", (event) => {
  if (event.target.ariaBusy === "true") return event.preventDefault();
  event.target.ariaBusy = "true";
});
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[aria-busy]")) form.ariaBusy = "false";
});
document.querySelector("form#open")?.requestSubmit();

// --- the seconds until an approved message goes out

function count() {
  let over = false;
  for (const time of document.querySelectorAll("time[data-count]")) {
    const left = Math.ceil((new Date(time.dateTime) - Date.now()) / 1000);
    time.textContent = left > 0 ? `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}` : "now";
    over ||= left <= 0;
  }
  return over;
}
if (document.querySelector("time[data-count]")) {
  count();
  setInterval(count, 1000);
}

// --- the pulse: what changed elsewhere shows here; a page somebody types into is left alone

const offline = document.querySelector(".offline");
const stamp = document.body.dataset.stamp;

async function feelPulse() {
  try {
    const answer = await fetch("/pulse", { headers: { Accept: "application/json" } });
    offline.hidden = true;
    const busy = document.querySelector("details.menu[open]") || isTyping(document.activeElement);
    if (answer.status === 401 || (answer.ok && !busy && (await answer.json()).stamp !== stamp)) location.reload();
  } catch {
    offline.hidden = false;
  }
}
if (stamp) setInterval(() => document.hidden || feelPulse(), 3000);

// --- a guest list: dropped anywhere on its form it is sent at once; a long one is searched while typing

const drop = document.querySelector(".drop");
if (drop) {
  const file = drop.querySelector("input");
  const form = file.form;
  for (const kind of ["dragover", "dragleave", "drop"]) {
    form.addEventListener(kind, (event) => {
      if (!event.dataTransfer.types.includes("Files")) return;
      event.preventDefault();
      drop.classList.toggle("over", kind === "dragover");
      if (kind !== "drop") return;
      file.files = event.dataTransfer.files;
      form.requestSubmit();
    });
  }
}

document.querySelector("[data-search]")?.addEventListener("input", ({ target }) => {
  const words = target.value.toLocaleLowerCase().split(/\s+/);
  for (const row of document.querySelectorAll(target.dataset.search)) {
    const text = row.textContent.toLocaleLowerCase();
    row.hidden = !words.every((word) => text.includes(word));
  }
});

// --- templates: the preview follows the typing

const workshop = document.querySelector("form[data-preview]");
if (workshop) {
  const shown = workshop.querySelector(".preview");
  const source = workshop.querySelector("#source");
  const mirror = workshop.querySelector(".mirror");
  const drawLines = () => {
    const wrong = Number(shown.querySelector("[data-line]")?.dataset.line);
    mirror.replaceChildren(
      ...source.value.split("\n").map((text, place) => {
        const line = document.createElement("div");
        line.textContent = text || " ";
        line.classList.toggle("wrong", place + 1 === wrong);
        return line;
      }),
    );
    source.ariaInvalid = String(Boolean(shown.querySelector("[data-line]")));
  };
  let waiting, asked = 0;
  const renew = async () => {
    const turn = ++asked;
    const open = [...shown.querySelectorAll("details")].map((part) => part.open);
    try {
      const answer = await fetch(workshop.dataset.preview, { method: "POST", body: new FormData(workshop) });
      if (!answer.ok || turn !== asked) return;
      shown.innerHTML = await answer.text();
      shown.querySelectorAll("details").forEach((part, place) => (part.open = open[place] ?? part.open));
      drawLines();
    } catch {
      offline.hidden = false;
    }
  };
  workshop.addEventListener("input", () => {
    drawLines();
    clearTimeout(waiting);
    waiting = setTimeout(renew, 200);
  });
  for (const button of workshop.querySelectorAll(".no-script")) button.hidden = true;
}
