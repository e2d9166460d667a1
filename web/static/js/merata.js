// Every page is whole without this file. It adds: ages that tick, values that renew in place, keys, filters at once.
const root = document.documentElement;
const EVERY_MS = 1000 * Number(root.dataset.live || 12);
const FAILS_BEFORE_TOLD = 2;

// Ages ------------------------------------------------------------------------------------------------------------
const opened = performance.now();
const word = (forms, n) => forms[n === 1 ? 0 : 1].replace("{n}", n);

function tick() {
  for (const time of document.querySelectorAll("time[data-age]")) {
    time.since ??= performance.now();
    const age = Math.max(0, Math.floor(Number(time.dataset.now) - Number(time.dataset.age) + (performance.now() - time.since) / 1000));
    const words = JSON.parse(time.dataset.words);
    const text = age < 60 ? word(words.s, age) : word(words.m, Math.floor(age / 60));
    if (time.textContent !== text) time.textContent = text;
  }
}

// Live values -----------------------------------------------------------------------------------------------------
let etag = root.dataset.etag || "";
let fails = 0;

const holdsFocus = (element) => element.contains(document.activeElement) && document.activeElement !== document.body;

function renew(old, fresh) {
  if (old.innerHTML === fresh.innerHTML && old.className === fresh.className) return;
  if (holdsFocus(old)) return;
  old.className = fresh.className;
  old.replaceChildren(...fresh.cloneNode(true).childNodes);
}

function renewList(old, fresh) {
  const rows = new Map([...fresh.querySelectorAll("[data-key]")].map((row) => [row.dataset.key, row]));
  const held = [...old.querySelectorAll("[data-key]")];
  const keys = held.map((row) => row.dataset.key);
  const added = [...rows.keys()].filter((key) => !keys.includes(key));
  const show = () => {
    old.replaceChildren(...fresh.cloneNode(true).childNodes);
    old.parentElement.querySelector(".news")?.remove();
  };
  if (!held.length || (!added.length && !rows.size)) return show();
  for (const row of held) {
    const now = rows.get(row.dataset.key);
    if (now) renew(row, now);
    else row.classList.add("gone");
  }
  if (added.length) offer(old, added.length, show);
}

function offer(list, count, show) {
  list.parentElement.querySelector(".news")?.remove();
  const text = list.dataset.liveList.replace("{n}", count);
  const news = document.createElement("p");
  news.className = "news note";
  const button = document.createElement("button");
  button.className = "btn";
  button.textContent = list.dataset.liveShow;
  button.addEventListener("click", show);
  news.append(text, " ", button);
  list.before(news);
  announce(text);
}

function announce(text) {
  const place = document.querySelector("[data-announce]");
  if (place.textContent !== text) place.textContent = text;
}

function apply(page) {
  for (const part of document.querySelectorAll("[data-live-part]")) {
    const fresh = page.querySelector(`[data-live-part="${part.dataset.livePart}"]`);
    if (fresh) renew(part, fresh);
  }
  for (const list of document.querySelectorAll("[data-live-list]")) {
    const fresh = page.querySelector("[data-live-list]");
    if (fresh) renewList(list, fresh);
  }
  document.dispatchEvent(new CustomEvent("merata:changed", { detail: page }));
  tick();
}

async function ask(address, known = "") {
  const answer = await fetch(address, { cache: "no-store", headers: known ? { "If-None-Match": known, "X-Merata-Poll": "1" } : {} });
  if (answer.status === 304) return null;
  if (!answer.ok) throw new Error(String(answer.status));
  etag = answer.headers.get("ETag") || "";
  return new DOMParser().parseFromString(await answer.text(), "text/html");
}

function tellOffline(is) {
  const block = document.querySelector("[data-offline]");
  if (block) block.hidden = !is;
}

async function poll() {
  if (document.hidden) return;
  try {
    const page = await ask(location.pathname + location.search, etag);
    fails = 0;
    tellOffline(false);
    if (page) apply(page);
  } catch {
    fails += 1;
    if (fails >= FAILS_BEFORE_TOLD) tellOffline(true);
  }
}

if (root.dataset.etag) {
  setInterval(poll, EVERY_MS);
  document.addEventListener("visibilitychange", () => performance.now() - opened > EVERY_MS && poll());
}
setInterval(tick, 1000);

// Keys ------------------------------------------------------------------------------------------------------------
const GO = { g: "/", p: "/peta", l: "/lokasi", r: "/rencana", s: "/status" };
let waiting = -Infinity; // when g was pressed
const kept = () => { try { return localStorage.getItem("tombol") !== "mati"; } catch { return true; } };
const keep = (on) => { try { localStorage.setItem("tombol", on ? "hidup" : "mati"); } catch { /* no storage, no memory */ } };

document.addEventListener("keydown", (event) => {
  const typing = event.target.closest?.("input, textarea, select, [contenteditable]");
  if (typing || event.ctrlKey || event.metaKey || event.altKey || !kept()) return;
  if (event.key === "/") {
    event.preventDefault();
    document.getElementById("cari").focus();
  } else if (event.key === "?") location.href = "/lainnya#tombol";
  else if (performance.now() - waiting < 1500 && GO[event.key]) location.href = GO[event.key];
  else if (event.key === "g") waiting = performance.now();
});

const keys = document.querySelector("[data-keys-switch]");
if (keys) {
  const button = keys.querySelector("button");
  const name = () => { button.textContent = kept() ? keys.dataset.on : keys.dataset.off; };
  keys.hidden = false;
  name();
  button.addEventListener("click", () => { keep(!kept()); name(); });
}

// Filters ---------------------------------------------------------------------------------------------------------
for (const form of document.querySelectorAll("form[data-filters]")) {
  for (const button of form.querySelectorAll("[data-no-script]")) button.hidden = true;
  for (const field of form.elements) {
    if (field.name !== "q") field.addEventListener("change", () => form.dispatchEvent(new CustomEvent("merata:filter", { bubbles: true, cancelable: true })) && form.requestSubmit());
  }
}
window.merata = { apply, ask };
root.dataset.script = "on";
