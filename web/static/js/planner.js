// The planner's page is whole without this file. It adds: plans that compute while you choose, proofs when they come,
// and locking and forbidding from tables and map (planner-map.js).
const root = document.querySelector("[data-planner]");
const form = document.querySelector("[data-plan-form]");
const REST_MS = 250;
const ASK_MS = 1000;
const PROOF_TRIES = 90;
let asked = 0; // the newest question; older answers are dropped

const place = (name) => document.querySelector(`[data-live-part="${name}"]`);

function question() {
  const pairs = [...new FormData(form)].filter(([, value]) => value !== "");
  return new URLSearchParams(pairs);
}

// Plans --------------------------------------------------------------------------------------------------------------
async function compute() {
  const mine = ++asked;
  const query = question();
  root.toggleAttribute("data-busy", true);
  const slow = setTimeout(() => { const wait = place("result").querySelector("[data-wait]"); if (wait) wait.textContent = wait.dataset.wait; }, 400);
  history.replaceState(null, "", `${location.pathname}?${query}`);
  for (const link of document.querySelectorAll("a[data-own]")) carry(link, query);
  try {
    await show(query, mine);
    if (mine === asked && place("result").querySelector("[data-key]")) prove(query, mine);
  } catch {
    if (mine === asked) form.requestSubmit(); // the server's own page says what is wrong
  } finally {
    clearTimeout(slow);
    if (mine === asked) root.toggleAttribute("data-busy", false);
  }
}

// Links keep what is their own (a layer, a level, a radius) and take the rest of the question along.
function carry(link, query) {
  const own = new URL(link.href).searchParams;
  const next = new URLSearchParams(query);
  for (const name of link.dataset.own.split(" ")) {
    next.delete(name);
    if (own.has(name)) next.set(name, own.get(name));
  }
  link.href = `/rencana?${next}`;
}

async function show(query, mine) {
  const whole = query.get("peta") === "rencana"; // the colours of the map change with the plan
  const answer = await fetch(`${whole ? location.pathname : root.dataset.result}?${query}`, { headers: { Accept: "text/html" } });
  if (!answer.ok) throw new Error(String(answer.status));
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  if (mine !== asked) return;
  place("result").replaceChildren(...page.querySelector('[data-live-part="result"]').childNodes);
  announce();
  const picks = page.querySelector('[data-live-part="picks"]');
  if (picks) place("picks")?.replaceChildren(...[...picks.childNodes].map((node) => document.importNode(node, true)));
  const part = whole ? "[data-map] > svg" : "[data-marks]";
  const [fresh, old] = [page.querySelector(part), root.querySelector(whole ? part : `[data-map] ${part}`)];
  if (fresh && old) old.replaceChildren(...[...fresh.childNodes].map((node) => document.importNode(node, true)));
  if (whole) root.querySelector("[data-map] .legend")?.replaceWith(document.importNode(page.querySelector("[data-map] .legend"), true));
  document.querySelector("[data-after]")?.toggleAttribute("hidden", query.get("tingkat") === "desa");
}

// What a screen reader is told of a new plan: the figure and how far its proof has come, not the whole table.
function announce() {
  const told = [...place("result").querySelectorAll(".big, .proof span, .result > p:only-child")].map((part) => part.textContent.trim());
  const region = document.querySelector("[data-announce]");
  if (region) region.textContent = told.join(". ");
}

async function prove(query, mine) {
  for (let tries = 0; tries < PROOF_TRIES && mine === asked; tries += 1) {
    const answer = await fetch(`${root.dataset.planApi}/proof?${query}`, { cache: "no-store" });
    if (!answer.ok || mine !== asked) return;
    const told = await answer.json();
    if (tries === 0 && told.state !== "done") await show(query, mine); // "membuktikan …"
    if (told.state === "done" || told.state === "failed") return show(query, mine);
    await new Promise((done) => { setTimeout(done, ASK_MS); });
  }
}

let rest = 0;
const soon = () => { clearTimeout(rest); rest = setTimeout(compute, REST_MS); };

if (form) {
  for (const button of form.querySelectorAll("[data-no-script]")) button.hidden = true;
  const slider = form.querySelector("input[type=range]");
  slider?.addEventListener("input", () => slider.setAttribute("aria-valuetext", JSON.parse(slider.dataset.words)[Number(slider.value)]));
  slider?.addEventListener("change", compute);
  for (const box of form.querySelectorAll("input[type=checkbox]")) box.addEventListener("change", compute);
  const number = form.querySelector("#n, #anggaran");
  number?.addEventListener("input", soon);
  form.addEventListener("submit", (event) => { if (event.submitter || document.activeElement === number) { event.preventDefault(); compute(); } });
  stepper(form.querySelector("[data-stepper]"), number);
  const known = place("result").querySelector("[data-key]");
  if (known) prove(question(), ++asked);
  else compute();
}

function stepper(box, number) {
  if (!box) return;
  box.classList.remove("plain");
  for (const [sign, label, by] of [["−", box.dataset.less, -1], ["+", box.dataset.more, 1]]) {
    const button = Object.assign(document.createElement("button"), { type: "button", textContent: sign });
    button.setAttribute("aria-label", label);
    button.addEventListener("click", () => {
      const now = Number(number.value.replace(/\D/g, "")) || 0;
      number.value = String(Math.max(0, now + by * (now >= 50 ? 10 : now >= 10 ? 5 : 1)));
      soon();
    });
    if (by < 0) box.prepend(button); else box.append(button);
  }
}

// Locked, forbidden, free ----------------------------------------------------------------------------------------------
function set(code, what) {
  for (const field of form.querySelectorAll("[data-place-field]")) if (field.value === code) field.remove();
  if (what !== "lepas") {
    const field = Object.assign(document.createElement("input"), { type: "hidden", name: what, value: code });
    field.dataset.placeField = "";
    form.append(field);
  }
  compute();
}

let chosen = 0; // the newest click on the map
root?.addEventListener("click", (event) => {
  if (event.target.closest("[data-close]")) return event.target.closest(".picked").remove();
  const act = event.target.closest("[data-what]");
  if (act && form) {
    event.preventDefault();
    const code = act.closest("[data-acts]").dataset.acts;
    act.closest(".picked")?.remove();
    return set(code, act.dataset.what);
  }
});

// What a click on the map shows: asked of the server; where that fails the buttons alone.
root?.addEventListener("rencana:pilih", async (event) => {
  const { path, more, code, name, empty } = event.detail;
  const query = form ? question() : new URLSearchParams(location.search);
  for (const [key, value] of Object.entries(more)) query.set(key, value);
  const mine = ++chosen;
  let box = null;
  let is_empty = false;
  try {
    const answer = await fetch(`${path}?${query}`, { headers: { Accept: "text/html" } });
    is_empty = answer.status === 404;
    if (answer.ok) box = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector(".picked");
  } catch { /* the network is gone: the buttons remain */ }
  if (mine !== chosen) return;
  const map = root.querySelector("[data-map]");
  map.querySelector(".picked")?.remove();
  if (box) box = document.importNode(box, true);
  else {
    box = Object.assign(document.createElement("div"), { className: "picked" });
    box.append(Object.assign(document.createElement("b"), { textContent: is_empty || !code ? empty : name, tabIndex: -1 }));
  }
  map.append(box);
  (box.querySelector("[tabindex]") ?? box).focus({ preventScroll: true });
  box.scrollIntoView({ block: "nearest" }); // on a phone it stands under the map
  box.addEventListener("keydown", (key) => { if (key.key === "Escape") { box.remove(); map.querySelector("svg").focus({ preventScroll: true }); } });
});

// Row and mark are one ---------------------------------------------------------------------------------------------------
root?.addEventListener("mouseover", (event) => {
  const row = event.target.closest("tr[data-place]");
  const map = root.querySelector("[data-map] svg");
  map?.querySelector(".selr")?.remove();
  const mark = row && map?.querySelector(`.pt[data-place="${CSS.escape(row.dataset.place)}"]`);
  if (!mark) return;
  const ring = document.createElementNS("http://www.w3.org/2000/svg", "circle");
  for (const [name, value] of [["class", "selr"], ["r", "14"]]) ring.setAttribute(name, value);
  mark.append(ring);
});

document.documentElement.dataset.planner = "ready";
