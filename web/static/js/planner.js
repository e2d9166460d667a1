// The planner's page is whole without this file. It adds: plans that compute while you choose, proofs when they come,
// locking and forbidding on the map, and zoom.
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

root?.addEventListener("click", (event) => {
  const act = event.target.closest("[data-what]");
  if (act && form) {
    event.preventDefault();
    return set(act.closest("[data-acts]").dataset.acts, act.dataset.what);
  }
  const at = event.target.closest("[data-map] [data-place], [data-map] path[data-code]");
  if (!at || !form) return;
  if (at.dataset.code && at.closest("a")) return; // the link opens the area
  pick(at.dataset.place || at.dataset.code, at.dataset.name || at.querySelector("title")?.textContent || at.dataset.code);
});

function pick(code, name) {
  const map = root.querySelector("[data-map]");
  map.querySelector(".picked")?.remove();
  const box = Object.assign(document.createElement("div"), { className: "picked" });
  box.dataset.acts = code;
  const row = Object.assign(document.createElement("p"), { className: "row" });
  for (const what of ["kunci", "larang", "lepas"]) {
    const button = Object.assign(document.createElement("button"), { type: "button", className: "btn", textContent: JSON.parse(map.dataset.words)[what] });
    button.dataset.what = what;
    button.addEventListener("click", () => setTimeout(() => box.remove()));
    row.append(button);
  }
  box.append(Object.assign(document.createElement("b"), { textContent: name }), row);
  map.append(box);
  box.querySelector("button").focus();
  box.addEventListener("keydown", (event) => event.key === "Escape" && box.remove());
}

// Row and mark are one ---------------------------------------------------------------------------------------------------
root?.addEventListener("mouseover", (event) => {
  const row = event.target.closest("tr[data-place]");
  const map = root.querySelector("[data-map] svg");
  map?.querySelector(".selr")?.remove();
  const mark = row && map?.querySelector(`.pt[data-place="${CSS.escape(row.dataset.place)}"] circle`);
  if (!mark) return;
  const ring = document.createElementNS("http://www.w3.org/2000/svg", "circle");
  for (const [name, value] of [["class", "selr"], ["cx", mark.getAttribute("cx")], ["cy", mark.getAttribute("cy")], ["r", "14"]]) ring.setAttribute(name, value);
  map.append(ring);
});

// Zoom --------------------------------------------------------------------------------------------------------------------
function zooming(map) {
  const svg = map.querySelector("svg");
  const whole = svg.viewBox.baseVal;
  const [width, height] = [whole.width, whole.height];
  let view = [0, 0, width, height];
  const draw = () => svg.setAttribute("viewBox", view.map((v) => v.toFixed(1)).join(" "));
  const zoom = (by, x = view[0] + view[2] / 2, y = view[1] + view[3] / 2) => {
    const scale = Math.min(1, Math.max(1 / 12, (view[2] / width) / by));
    const factor = (width * scale) / view[2];
    view = [x - (x - view[0]) * factor, y - (y - view[1]) * factor, width * scale, height * scale];
    if (scale === 1) view = [0, 0, width, height];
    draw();
  };
  const box = Object.assign(document.createElement("div"), { className: "zoom" });
  for (const [sign, label, by] of [["+", map.dataset.in, 1.6], ["−", map.dataset.out, 1 / 1.6]]) {
    const button = Object.assign(document.createElement("button"), { type: "button", textContent: sign });
    button.setAttribute("aria-label", label);
    button.addEventListener("click", () => zoom(by));
    box.append(button);
  }
  map.append(box);
  let from = null;
  svg.addEventListener("pointerdown", (event) => { if (view[2] < width) from = [event.clientX, event.clientY, ...view]; });
  svg.addEventListener("pointermove", (event) => {
    if (!from) return;
    const size = svg.getBoundingClientRect();
    const per = Math.max(view[2] / size.width, view[3] / size.height);
    view = [from[2] - (event.clientX - from[0]) * per, from[3] - (event.clientY - from[1]) * per, view[2], view[3]];
    draw();
  });
  for (const kind of ["pointerup", "pointerleave"]) svg.addEventListener(kind, () => { from = null; });
}
const drawn = root?.querySelector("[data-map]");
if (drawn) zooming(drawn);
document.documentElement.dataset.planner = "ready";
