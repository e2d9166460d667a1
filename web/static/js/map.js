// The map of all sites: MapLibre where WebGL2 is, else the server's picture stays. The list beside it is the way in by keyboard.

const { apply, ask } = window.merata; // the page loads it first, under its versioned address
const place = document.querySelector(".map[data-map]");
const words = JSON.parse(place.dataset.words);
const root = document.documentElement;
const STATES = ["down", "degraded", "unknown", "maintenance", "up"];
const MARKS = { down: "down", degraded: "deg", unknown: "unk", maintenance: "mnt", up: "up" };
const SVG = "http://www.w3.org/2000/svg";
const NARROW = matchMedia("(max-width: 960px)");
const LAST_ZOOM = 15;
let map, gl, columns, popup, chosen;
const donuts = new Map();

const colour = (name) => getComputedStyle(root).getPropertyValue(name).trim();
const make = (name, attributes = {}, ...inside) => {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...inside);
  return made;
};

// Data -------------------------------------------------------------------------------------------------------------
const sums = (differences) => { let at = 0; return differences.map((d) => (at += d)); };

async function readColumns() {
  const told = await (await fetch(place.dataset.sites, { cache: "no-cache" })).json();
  return { ...told, lon: sums(told.lon).map((v) => v / told.scale), lat: sums(told.lat).map((v) => v / told.scale) };
}

function wanted() {
  const form = document.querySelector("[data-filters]");
  const kind = form.elements.jenis.selectedOptions[0]?.dataset.kind || "";
  const words = [...form.querySelectorAll("[name=status]")];
  const states = words.map((box, i) => (box.checked ? STATES[i] : "")).filter(Boolean);
  return { regency: form.elements.wilayah.value, kind, states };
}

function features() {
  const { regency, kind, states } = wanted();
  const made = [];
  for (let i = 0; i < columns.id.length; i += 1) {
    const state = columns.states[columns.state[i]];
    if (states.length && !states.includes(state)) continue;
    if (regency && columns.regencies[columns.regency[i]] !== regency) continue;
    if (kind && columns.kinds[columns.kind[i]] !== kind) continue;
    made.push({
      type: "Feature",
      properties: { i, s: Number(columns.state[i]) },
      geometry: { type: "Point", coordinates: [columns.lon[i], columns.lat[i]] },
    });
  }
  return { type: "FeatureCollection", features: made };
}

// Marks ------------------------------------------------------------------------------------------------------------
function drawMark(state) {
  const size = 40;
  const canvas = Object.assign(document.createElement("canvas"), { width: size, height: size });
  const pen = canvas.getContext("2d");
  const key = MARKS[state];
  pen.scale(size / 20, size / 20);
  pen.translate(1, 1);
  pen.beginPath();
  if (key === "down") pen.roundRect(0.5, 0.5, 17, 17, 2);
  else if (key === "deg") { pen.moveTo(9, 0.8); pen.lineTo(17.6, 16.6); pen.lineTo(0.4, 16.6); pen.closePath(); }
  else if (key === "mnt") { pen.moveTo(9, 0); pen.lineTo(18, 9); pen.lineTo(9, 18); pen.lineTo(0, 9); pen.closePath(); }
  else pen.arc(9, 9, key === "unk" ? 7.6 : 8, 0, 7);
  pen.fillStyle = key === "unk" ? colour("--bg") : colour(`--${key}`);
  pen.fill();
  if (key === "unk" || key === "deg") {
    pen.strokeStyle = colour(key === "unk" ? "--unk" : "--deg-edge");
    pen.lineWidth = key === "unk" ? 1.6 : 1;
    if (key === "unk") pen.setLineDash([2.6, 1.7]);
    pen.stroke();
  }
  pen.fillStyle = key === "unk" ? colour("--unk-text") : colour(`--on-${key}`);
  pen.font = `700 ${key === "deg" ? 9.5 : 11}px ${getComputedStyle(document.body).fontFamily}`;
  pen.textAlign = "center";
  pen.fillText(words.letter[state], 9, key === "deg" ? 15 : 12.9);
  return pen.getImageData(0, 0, size, size);
}

function donut(counts) {
  const total = counts.reduce((a, b) => a + b, 0);
  const r = total < 10 ? 9.5 : total < 30 ? 12 : 15;
  const around = 2 * Math.PI * r;
  const half = r + 9;
  const parts = [make("circle", { class: "hole", r: r + 3.5 })];
  const several = counts.filter(Boolean).length > 1;
  let at = 0;
  counts.forEach((count, i) => {
    if (!count) return;
    const share = (around * count) / total;
    parts.push(make("circle", {
      class: `ring a-${MARKS[STATES[i]]}`, r, transform: "rotate(-90)",
      "stroke-dasharray": `${Math.max(0.8, share - (several ? 1.2 : 0))} ${around}`, "stroke-dashoffset": -at,
    }));
    at += share;
  });
  const number = make("text", { class: "cnt", y: 4.5 });
  number.textContent = total;
  parts.push(number);
  const worst = counts.findIndex(Boolean);
  if (worst < 2) {
    const use = make("use", { href: `#s-${MARKS[STATES[worst]]}` });
    parts.push(make("svg", { class: "mark", x: r - 4.3, y: -r - 9, width: 12, height: 12 }, use));
  }
  const told = counts.map((n, i) => (n ? `${n} ${words.state[STATES[i]].toLowerCase()}` : "")).filter(Boolean).join(", ");
  const label = `${words.sites.replace("{n}", total)}: ${told}`;
  const title = make("title");
  title.textContent = label;
  return make("svg", { class: "donut clu", width: 2 * half, height: 2 * half, viewBox: `${-half} ${-half} ${2 * half} ${2 * half}`, role: "img", "aria-label": label }, title, ...parts);
}

function renewDonuts() {
  if (!map.isSourceLoaded("sites")) return;
  const seen = new Set();
  for (const feature of map.querySourceFeatures("sites")) {
    const told = feature.properties;
    if (!told.cluster) continue;
    const key = `${told.cluster_id}/${STATES.map((_, i) => told[`n${i}`]).join()}`;
    if (seen.has(key)) continue;
    seen.add(key);
    if (donuts.has(key)) continue;
    const element = donut(STATES.map((_, i) => told[`n${i}`]));
    const at = feature.geometry.coordinates;
    element.addEventListener("click", (event) => { event.stopPropagation(); open(told.cluster_id, at, told.point_count); });
    donuts.set(key, new gl.Marker({ element }).setLngLat(at).addTo(map));
  }
  for (const [key, marker] of donuts) {
    if (!seen.has(key)) { marker.remove(); donuts.delete(key); }
  }
}

// Opening ----------------------------------------------------------------------------------------------------------
async function open(cluster, at, count) {
  const source = map.getSource("sites");
  const zoom = await source.getClusterExpansionZoom(cluster);
  if (zoom <= LAST_ZOOM && map.getZoom() < LAST_ZOOM - 0.5) return map.easeTo({ center: at, zoom, duration: matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : 150 });
  const leaves = await source.getClusterLeaves(cluster, 10, 0);
  return tell(at, leaves.map((leaf) => columns.id[leaf.properties.i]), count - leaves.length);
}

async function tell(at, ids, more = 0) {
  popup?.remove();
  const box = document.createElement("div");
  box.className = "pop";
  popup = new gl.Popup({ maxWidth: "280px", focusAfterOpen: false }).setLngLat(at).setDOMContent(box).addTo(map);
  const wait = setTimeout(() => { box.textContent = words.wait; }, 400);
  const told = await Promise.all(ids.map(async (id) => (await fetch(`/api/v1/sites/${encodeURIComponent(id)}`)).json()));
  clearTimeout(wait);
  box.replaceChildren(...told.filter((t) => t.site).map(({ site }) => {
    const row = document.createElement("p");
    const link = Object.assign(document.createElement("a"), { href: `/lokasi/${encodeURIComponent(site.id)}`, textContent: site.name });
    const state = document.createElement("span");
    state.className = `st st-${MARKS[site.state]}`;
    state.append(make("svg", { class: "mark", "aria-hidden": "true" }, make("use", { href: `#s-${MARKS[site.state]}` })), words.state[site.state]);
    const where = document.createElement("span");
    where.className = "s2";
    where.textContent = `${site.district.name}, ${site.regency.name}`;
    row.append(link, document.createElement("br"), state, where);
    return row;
  }));
  if (more > 0) box.append(words.more.replace("{n}", more));
}

// The map ----------------------------------------------------------------------------------------------------------
const count = (i) => ["+", ["case", ["==", ["get", "s"], i], 1, 0]];

function style(outlines) {
  const equator = { type: "Feature", properties: {}, geometry: { type: "LineString", coordinates: [[60, 0], [180, 0]] } };
  return {
    version: 8,
    sources: {
      land: { type: "geojson", data: outlines },
      equator: { type: "geojson", data: equator },
      names: { type: "geojson", data: { type: "FeatureCollection", features: outlines.features.map(({ properties }) => ({ type: "Feature", properties, geometry: { type: "Point", coordinates: properties.label } })) } },
      sites: {
        type: "geojson", data: features(), cluster: true, clusterRadius: 38, clusterMaxZoom: LAST_ZOOM,
        clusterProperties: Object.fromEntries(STATES.map((_, i) => [`n${i}`, count(i)])),
      },
    },
    layers: [
      { id: "water", type: "background", paint: { "background-color": colour("--water") } },
      { id: "land", type: "fill", source: "land", paint: { "fill-color": colour("--land") } },
      { id: "border", type: "line", source: "land", paint: { "line-color": colour("--line-2"), "line-width": 0.8 } },
      { id: "equator", type: "line", source: "equator", paint: { "line-color": colour("--ink-3"), "line-width": 0.8, "line-dasharray": [2, 4] } },
      {
        id: "names", type: "symbol", source: "names",
        layout: { "text-field": ["get", "name"], "text-size": 13, "text-font": ["sans-serif"], "text-padding": 2, "text-variable-anchor": ["center", "top", "bottom", "left", "right"], "text-radial-offset": 1.4 },
        paint: { "text-color": colour("--ink"), "text-halo-color": colour("--bg"), "text-halo-width": 1.5 },
      },
      // Rings are drawn as elements; these stand in for them so that names keep off.
      { id: "rings", type: "symbol", source: "sites", filter: ["has", "point_count"], layout: { "icon-image": "s4", "icon-size": 1.6, "icon-allow-overlap": true }, paint: { "icon-opacity": 0 } },
      { id: "sites", type: "symbol", source: "sites", filter: ["!", ["has", "point_count"]], layout: { "icon-image": ["concat", "s", ["get", "s"]], "icon-allow-overlap": true, "symbol-sort-key": ["-", 0, ["get", "s"]], "icon-size": 0.9 } },
    ],
  };
}

function bounds(found) {
  const at = found.map((f) => f.geometry.coordinates);
  const xs = at.map((p) => p[0]);
  const ys = at.map((p) => p[1]);
  return [[Math.min(...xs) - 0.05, Math.min(...ys) - 0.05], [Math.max(...xs) + 0.05, Math.max(...ys) + 0.05]];
}

function zoomButtons() {
  const box = Object.assign(document.createElement("div"), { className: "zoom" });
  for (const [sign, label, step] of [["+", words.in, 1], ["−", words.out, -1]]) {
    const button = Object.assign(document.createElement("button"), { type: "button", textContent: sign });
    button.setAttribute("aria-label", label);
    button.addEventListener("click", () => map.easeTo({ zoom: map.getZoom() + step, duration: 0 }));
    box.append(button);
  }
  place.append(box);
}

function paint(id) {
  if (!map.hasImage(id)) map.addImage(id, drawMark(STATES[id.slice(1)]), { pixelRatio: 2 });
}

async function start() {
  if (map || (NARROW.matches && location.hash !== "#peta")) return;
  const probe = document.createElement("canvas").getContext("webgl2");
  if (!probe || !place.dataset.gl) { root.dataset.map = "svg"; return; }
  const [library, outlines, told] = await Promise.all([
    import(place.dataset.gl), fetch(place.dataset.outlines).then((r) => r.json()), readColumns(),
  ]);
  gl = library;
  columns = told;
  const finding = place.querySelector(":scope > svg").getAttribute("aria-label");
  const canvas = Object.assign(document.createElement("div"), { className: "gl-map" });
  place.querySelector(":scope > svg").after(canvas);
  const shown = features().features;
  const ground = outlines.features.flatMap((f) => f.geometry.coordinates.flat(2)).map((c) => ({ geometry: { coordinates: c } }));
  map = new gl.Map({
    container: canvas, style: style(outlines), attributionControl: false, fadeDuration: 0, maxZoom: LAST_ZOOM + 1,
    dragRotate: false, pitchWithRotate: false, touchPitch: false,
    bounds: bounds(wanted().regency && shown.length ? shown : ground.length ? ground : shown), fitBoundsOptions: { padding: 24 },
  });
  map.touchZoomRotate.disableRotation();
  map.getCanvas().setAttribute("aria-label", finding);
  map.setMissingStyleImageResolver(paint);
  map.on("render", renewDonuts);
  map.on("click", "sites", (event) => tell(event.features[0].geometry.coordinates, [columns.id[event.features[0].properties.i]]));
  map.on("mouseenter", "sites", (event) => { map.getCanvas().style.cursor = "pointer"; hot(columns.id[event.features[0].properties.i]); });
  map.on("mouseleave", "sites", () => { map.getCanvas().style.cursor = ""; hot(""); });
  map.once("idle", () => { place.querySelector(":scope > svg").remove(); root.dataset.map = "ready"; });
  map.addControl(new gl.ScaleControl({ maxWidth: 130 }), "bottom-right");
  zoomButtons();
}

// List and map are one selection -----------------------------------------------------------------------------------
function hot(id) {
  for (const row of document.querySelectorAll("[data-site]")) row.classList.toggle("hot", row.dataset.site === id);
}

function point(event) {
  const row = event.target.closest?.("[data-at]");
  chosen?.remove();
  if (!row || !map) return;
  const ring = make("svg", { class: "chosen", width: 30, height: 30, viewBox: "-15 -15 30 30", "aria-hidden": "true" }, make("circle", { class: "selr", r: 12 }));
  chosen = new gl.Marker({ element: ring }).setLngLat(row.dataset.at.split(",").map(Number)).addTo(map);
}

const list = document.querySelector("[data-list]");
list.addEventListener("mouseover", point);
list.addEventListener("focusin", point);
list.addEventListener("mouseleave", () => chosen?.remove());

document.addEventListener("merata:filter", async (event) => {
  event.preventDefault();
  const asked = new URLSearchParams([...new FormData(event.target)].filter(([, value]) => value));
  history.replaceState(null, "", asked.size ? `?${asked}` : location.pathname);
  const page = await ask(location.pathname + location.search).catch(() => null);
  if (!page) return event.target.submit();
  apply(page);
  if (!map) return location.reload();
  const shown = features();
  map.getSource("sites").setData(shown);
  if (wanted().regency && shown.features.length) map.fitBounds(bounds(shown.features), { padding: 40, duration: 0, maxZoom: 11 });
});

document.addEventListener("merata:changed", async () => {
  if (!map) return;
  columns = await readColumns();
  map.getSource("sites")?.setData(features());
});

function showing() {
  const onMap = location.hash === "#peta";
  for (const link of document.querySelectorAll("[data-show]")) {
    if ((link.dataset.show === "map") === onMap) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
  }
  begin();
}

const begin = () => start().then(() => map?.resize()).catch((error) => { root.dataset.map = "svg"; console.warn(words.failed, error); });
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => map && location.reload());
window.addEventListener("hashchange", showing);
showing();
