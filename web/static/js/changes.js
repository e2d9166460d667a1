// A change under way: asks every few seconds, renews values in place, says how old its word is. The stop is asked in a dialog.
const here = document.querySelector("[data-change]");
const EVERY_MS = 1000 * Number(here.dataset.every);
const SILENT_S = 15;
let known = here.dataset.etag;
let heard = performance.now();

async function ask() {
  const address = location.pathname + location.search;
  const answer = await fetch(address, { cache: "no-store", headers: { "If-None-Match": known, "X-Merata-Poll": "1" } });
  if (answer.status !== 304 && !answer.ok) throw new Error(String(answer.status));
  heard = performance.now();
  if (answer.status === 304) return;
  known = answer.headers.get("ETag") || "";
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const anew = page.querySelector("[data-change]");
  if (!anew) return;
  // Parts that come or go (a bar where there were buttons): the page as a whole is another one.
  const parts = (from) => [...from.querySelectorAll("[data-live-part]")].map((part) => part.dataset.livePart).join();
  if (parts(page) !== parts(document) && !document.querySelector("dialog[open]")) return location.reload();
  window.merata.apply(page);
}

function age() {
  const place = document.querySelector("[data-live-age]");
  if (!place) return;
  const seconds = Math.floor((performance.now() - heard) / 1000);
  const words = JSON.parse(place.dataset.words);
  const [forms, n] = seconds < 60 ? [words.s, seconds] : [words.m, Math.floor(seconds / 60)];
  const silent = seconds > SILENT_S;
  const text = (silent ? place.dataset.silent : place.dataset.now).replace("{t}", forms[n === 1 ? 0 : 1].replace("{n}", n));
  if (place.textContent !== text) place.textContent = text;
  place.classList.toggle("silent", silent);
}

async function turn() {
  if (!document.hidden) await ask().catch(() => {}); // said by age()
  setTimeout(turn, EVERY_MS);
}

document.addEventListener("click", (event) => {
  const dialog = document.getElementById("henti");
  if (event.target.closest?.("[data-stop]") && dialog) {
    event.preventDefault();
    if (dialog.open) dialog.close();
    dialog.showModal();
  } else if (event.target.closest?.("[data-close]")) {
    event.preventDefault();
    dialog.close();
  }
});

setTimeout(turn, EVERY_MS);
setInterval(age, 1000);
age();
