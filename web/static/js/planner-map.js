// The planner's map is whole without this file. It adds zoom (buttons, wheel, keys, two fingers) and, zoomed in,
// hexagons of the part in view. A click on anything asks planner.js to show what is there ("rencana:pilih").
const map = document.querySelector("[data-map]");
const SVG = "http://www.w3.org/2000/svg";
const KM_A_DEGREE = 111.32;
const STEP = 1.6;
const FURTHEST = 64;
const HEXAGONS_FROM = 2; // times; before that the areas are the map
const CELL_PX = 9; // the finest hexagons at least this wide are shown
const TILES_A_TIME = 40;
const TILES_KEPT = 160;
const REST_MS = 160;
const SAVED = "rencana-lihat";

if (map) start(map);

function start(map) {
  const words = JSON.parse(map.dataset.words);
  const sides = JSON.parse(map.dataset.sides);
  const svg = map.querySelector("svg");
  const [width, height] = [svg.viewBox.baseVal.width, svg.viewBox.baseVal.height];
  const note = map.querySelector("[data-hex-note]");
  let view = [0, 0, width, height];
  let frame = 0;
  let rest = 0;
  let shown = null; // resolution of the hexagons that are shown
  let tiles = new Map();
  let pending = new Set(); // tiles on their way
  const hatch = document.querySelector("#hatch")?.cloneNode(true); // of the map alone: it keeps its size
  const hatching = hatch?.getAttribute("patternTransform") ?? "";
  if (hatch) { hatch.id = "hatch-map"; document.querySelector("#hatch").after(hatch); }
  let era = 0; // answers of an earlier one are dropped

  // The picture: where a place lies ----------------------------------------------------------------------------------
  const fitted = () => {
    const [west, north, scale, stretch] = svg.dataset.fit.split(",").map(Number);
    return { west, north, scale, stretch };
  };
  const toX = (to, lon) => (lon - to.west) * to.scale;
  const toY = (to, lat) => (to.north - lat) * to.scale * to.stretch;
  function place(event) {
    const to = fitted();
    const at = new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse());
    return { x: at.x, y: at.y, lon: to.west + at.x / to.scale, lat: to.north - at.y / to.scale / to.stretch };
  }
  const middle = () => {
    const box = svg.getBoundingClientRect();
    return { clientX: box.left + box.width / 2, clientY: box.top + box.height / 2 };
  };

  // Zoom -----------------------------------------------------------------------------------------------------------------
  const times = () => width / view[2];
  function draw() {
    cancelAnimationFrame(frame);
    frame = requestAnimationFrame(paint);
    clearTimeout(rest);
    rest = setTimeout(refresh, REST_MS);
  }
  function paint() {
    svg.setAttribute("viewBox", view.map((v) => v.toFixed(2)).join(" "));
    map.toggleAttribute("data-zoomed", times() > 1.01);
    keepSize();
    ruler();
    hatch?.setAttribute("patternTransform", `${hatching} scale(${1 / (svg.getScreenCTM()?.a || 1)})`);
  }
  // What is written keeps its size on the screen, a little larger where there is more room.
  function keepSize() {
    const by = (Math.min(1, 0.78 * Math.sqrt(times())) / (svg.getScreenCTM()?.a || 1)).toFixed(4);
    for (const mark of svg.querySelectorAll(".pt, .pick, .lab")) {
      mark.dataset.at ??= mark.getAttribute("transform");
      mark.setAttribute("transform", `${mark.dataset.at} scale(${by})`);
    }
  }
  function ruler() {
    const bar = svg.querySelector("[data-scalebar]");
    if (!bar) return;
    const [line, text] = bar.children;
    const perKm = (fitted().scale / KM_A_DEGREE) * times();
    const km = [200, 100, 50, 20, 10, 5, 2, 1, 0.5, 0.2].find((s) => s * perKm <= width / 6) ?? 0.1;
    const end = 20 + km * perKm;
    bar.setAttribute("transform", `translate(${view[0]} ${view[1]}) scale(${1 / times()})`);
    line.setAttribute("d", `M20 ${height - 14}v5H${end.toFixed(0)}v-5`);
    text.setAttribute("x", ((20 + end) / 2).toFixed(0));
    text.textContent = `${km.toLocaleString(document.documentElement.lang)} km`;
  }
  function zoom(by, x = view[0] + view[2] / 2, y = view[1] + view[3] / 2) {
    const scale = Math.min(1, Math.max(1 / FURTHEST, view[2] / width / by));
    const factor = (width * scale) / view[2];
    view = [x - (x - view[0]) * factor, y - (y - view[1]) * factor, width * scale, height * scale];
    hold();
  }
  function hold() {
    view[0] = Math.min(width - view[2], Math.max(0, view[0]));
    view[1] = Math.min(height - view[3], Math.max(0, view[1]));
    draw();
  }
  function whole() { view = [0, 0, width, height]; draw(); }

  const box = Object.assign(document.createElement("div"), { className: "zoom" });
  for (const [sign, label, act] of [["+", words.in, () => zoom(STEP)], ["−", words.out, () => zoom(1 / STEP)], ["⤢", words.whole, whole]]) {
    const button = Object.assign(document.createElement("button"), { type: "button", textContent: sign });
    button.setAttribute("aria-label", label);
    button.addEventListener("click", act);
    box.append(button);
  }
  map.append(box, Object.assign(document.createElement("i"), { className: "cross" }));

  svg.addEventListener("wheel", (event) => {
    if (event.deltaY > 0 && times() <= 1.01) return; // the page scrolls on
    event.preventDefault();
    const at = place(event);
    zoom(Math.exp(-Math.sign(event.deltaY) * Math.min(0.5, Math.abs(event.deltaY) / (event.deltaMode ? 6 : 240))), at.x, at.y);
  }, { passive: false });

  svg.tabIndex = 0;
  svg.addEventListener("keydown", (event) => {
    if (event.target !== svg || event.ctrlKey || event.metaKey || event.altKey) return;
    const by = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (by && times() > 1.01) { view[0] += by[0] * view[2] * 0.15; view[1] += by[1] * view[3] * 0.15; hold(); }
    else if (event.key === "+" || event.key === "=") zoom(STEP);
    else if (event.key === "-") zoom(1 / STEP);
    else if (event.key === "0" || event.key === "Home") whole();
    else if (event.key === "Enter") open(middle());
    else return;
    event.preventDefault();
    event.stopPropagation();
  });

  // One finger moves, two zoom; a press that moved is no click.
  const fingers = new Map();
  let moved = false;
  svg.addEventListener("pointerdown", (event) => { fingers.set(event.pointerId, [event.clientX, event.clientY]); moved = false; });
  svg.addEventListener("pointermove", (event) => {
    const was = fingers.get(event.pointerId);
    if (!was) return;
    const now = [event.clientX, event.clientY];
    const far = Math.hypot(now[0] - was[0], now[1] - was[1]);
    if (!moved && far < 5) return;
    moved = true;
    if (fingers.size === 2) {
      const other = [...fingers].find(([id]) => id !== event.pointerId)[1];
      const spread = (a) => Math.hypot(a[0] - other[0], a[1] - other[1]);
      const at = place({ clientX: (now[0] + other[0]) / 2, clientY: (now[1] + other[1]) / 2 });
      zoom(spread(now) / Math.max(1, spread(was)), at.x, at.y);
    } else if (times() > 1.01) {
      const per = 1 / svg.getScreenCTM().a;
      view[0] -= (now[0] - was[0]) * per;
      view[1] -= (now[1] - was[1]) * per;
      hold();
    }
    fingers.set(event.pointerId, now);
  });
  for (const kind of ["pointerup", "pointercancel", "pointerleave"]) svg.addEventListener(kind, (event) => fingers.delete(event.pointerId));
  svg.addEventListener("click", (event) => {
    if (moved) { event.preventDefault(); event.stopPropagation(); moved = false; return; }
    open(event);
  }, true);

  // What is there ------------------------------------------------------------------------------------------------------
  function open(event) {
    const on = event.target instanceof Element && event.target !== svg ? event.target : document.elementFromPoint(event.clientX, event.clientY);
    const mark = on?.closest("[data-map] [data-place]");
    const area = on?.closest("[data-map] path[data-code]");
    if (mark) return pick(event, `/rencana/tempat/${encodeURIComponent(mark.dataset.place)}`, { ringkas: "1" }, mark.dataset.place, mark.dataset.name);
    if (shown) {
      const at = place(event);
      return pick(event, "/rencana/sel", { lintang: at.lat.toFixed(6), bujur: at.lon.toFixed(6), halus: shown });
    }
    if (area?.closest("a")) { if (!event.type) location.assign(area.closest("a").href.baseVal); return; } // a click follows the link itself
    if (area) pick(event, `/rencana/tempat/${area.dataset.code}`, { ringkas: "1" }, area.dataset.code, area.querySelector("title")?.textContent);
  }
  function pick(event, path, more, code, name) {
    event.preventDefault?.(); // a key opens the middle: there is no click then
    event.stopPropagation?.();
    map.dispatchEvent(new CustomEvent("rencana:pilih", { bubbles: true, detail: { path, more, code, name, empty: words.empty } }));
  }

  // Hexagons -------------------------------------------------------------------------------------------------------------
  function resolution() {
    if (times() < HEXAGONS_FROM) return null;
    const pxPerKm = (fitted().scale / KM_A_DEGREE) * svg.getScreenCTM().a;
    return Object.keys(sides).map(Number).sort((a, b) => b - a).find((r) => across(r) * pxPerKm >= CELL_PX) ?? null;
  }
  const across = (r) => 0.9204 * 7 ** ((8 - r) / 2); // km, flat to flat, of a mean H3 cell
  function inView(r) {
    const [from, to, found] = [svg.getBoundingClientRect(), fitted(), []];
    const [a, b] = [place({ clientX: from.left, clientY: from.bottom }), place({ clientX: from.right, clientY: from.top })];
    const inside = (lon, lat) => toX(to, lon + sides[r]) >= 0 && toX(to, lon) <= width && toY(to, lat) >= 0 && toY(to, lat + sides[r]) <= height;
    for (let x = Math.floor(a.lon / sides[r]); x <= Math.floor(b.lon / sides[r]); x += 1) {
      for (let y = Math.floor(a.lat / sides[r]); y <= Math.floor(b.lat / sides[r]); y += 1) if (inside(x * sides[r], y * sides[r])) found.push(`${x}.${y}`);
    }
    return found;
  }
  async function refresh() {
    const r = resolution();
    if (r !== shown) fresh(r);
    if (r === null) return;
    const [mine, coming] = [era, pending];
    const wanted = inView(r).filter((key) => !tiles.has(key) && !coming.has(key));
    for (const key of wanted) coming.add(key);
    for (let k = 0; k < wanted.length; k += TILES_A_TIME) {
      const part = wanted.slice(k, k + TILES_A_TIME);
      const query = new URLSearchParams(location.search);
      query.set("halus", r);
      query.set("petak", part.join(","));
      try {
        const answer = await fetch(`${map.dataset.cellsApi}?${query}`);
        if (!answer.ok) throw new Error(String(answer.status));
        const told = await answer.json();
        if (mine !== era) return; // another size or another plan is shown by now
        for (const [key, tile] of Object.entries(told.tiles)) put(svg.querySelector("[data-cells]"), key, told.side, tile);
      } catch {
        if (mine === era && note) note.textContent = words.failed;
        return;
      } finally {
        for (const key of part) coming.delete(key);
      }
    }
    if (mine === era && !pending.size) map.dataset.cellsReady = String(r);
  }
  function fresh(r) {
    [tiles, pending, shown] = [new Map(), new Set(), r];
    era += 1;
    svg.querySelector("[data-cells]")?.replaceChildren();
    say();
  }
  function put(cells, key, side, tile) {
    const group = document.createElementNS(SVG, "g");
    const [column, row] = key.split(".").map(Number);
    const to = fitted();
    const ramp = svg.querySelector(".geo-d.d1, .geo-d.d2, .geo-d.d3, .geo-d.d4, .geo-d.d5") ? "d" : "k";
    const edge = [];
    for (let c = 0; c < tile.corners.length; c += 2) edge.push([tile.corners[c] * 1e-5 * to.scale, -tile.corners[c + 1] * 1e-5 * to.scale * to.stretch]);
    const shape = edge.map(([x, y], c) => { const [px, py] = edge[(c || edge.length) - 1]; return `l${(x - px).toFixed(2)} ${(y - py).toFixed(2)}`; }).slice(1).join("");
    const paths = ["", "", "", "", "", ""];
    for (let c = 0; c < tile.east.length; c += 1) {
      const x = toX(to, column * side + tile.east[c] * 1e-4) + edge[0][0];
      const y = toY(to, row * side + tile.north[c] * 1e-4) + edge[0][1];
      paths[tile.step[c]] += `M${x.toFixed(2)} ${y.toFixed(2)}${shape}z`;
    }
    paths.forEach((d, step) => {
      if (!d) return;
      const path = document.createElementNS(SVG, "path");
      path.setAttribute("class", `hex ${step === 0 ? "k" : ramp}${step}`);
      path.setAttribute("d", d);
      group.append(path);
    });
    tiles.set(key, group);
    cells.append(group);
    if (tiles.size > TILES_KEPT) { const [old, node] = tiles.entries().next().value; node.remove(); tiles.delete(old); }
  }
  function say() {
    map.toggleAttribute("data-hexagons", shown !== null);
    delete map.dataset.cellsReady;
    const told = shown === null ? words.areas : words.hexagons.replace("{km}", across(shown).toLocaleString(document.documentElement.lang, { maximumSignificantDigits: 2 }));
    if (note) { note.hidden = shown === null; note.textContent = told; }
    for (const title of map.querySelectorAll("[data-title]")) title.hidden = (title.dataset.title === "hexagons") !== (shown !== null);
    const region = document.querySelector("[data-announce]");
    if (region && times() > 1.01) region.textContent = told;
  }

  // New marks come at the size of the zoom; a new picture (another plan on the map) gets its hexagons again.
  new MutationObserver((changes) => {
    if (changes.some((c) => c.target === svg)) { fresh(null); refresh(); }
    if (changes.some((c) => c.target === svg || c.target.matches("[data-marks]"))) { keepSize(); ruler(); }
  }).observe(svg, { childList: true, subtree: true });
  new ResizeObserver(draw).observe(svg);

  // The same part is in view after another layer, level or radius was chosen.
  const area = () => new URLSearchParams(location.search).get("wilayah") ?? "";
  document.addEventListener("click", (event) => {
    if (times() > 1.01 && event.target.closest("a[data-own]")) sessionStorage.setItem(SAVED, JSON.stringify([area(), view]));
  });
  try {
    const [where, was] = JSON.parse(sessionStorage.getItem(SAVED) ?? "[]");
    if (where === area() && was?.length === 4 && was.every(Number.isFinite)) { view = was; hold(); }
    sessionStorage.removeItem(SAVED);
  } catch { /* a browser that keeps nothing begins with the whole map */ }
  for (const hint of document.querySelectorAll("[data-map-hint]")) hint.hidden = false;
  map.dataset.mapReady = "";
}
