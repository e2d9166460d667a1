// The server's picture stays: axes, words, holes and limits. uPlot draws the lines anew with one cursor for all charts.
const TOP = 12 / 138;
const BOTTOM = 24 / 138;
const LINES = ["--line-a", "--line-b"];
let drawn = [];

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

function readout(figure, chart, data, slots) {
  const place = figure.querySelector(".last");
  const before = place.cloneNode(true);
  const figures = new Intl.NumberFormat(document.documentElement.lang, { maximumFractionDigits: chart.key === "traffic" || chart.key === "uptime" ? 2 : 0 });
  const clock = new Intl.DateTimeFormat(document.documentElement.lang, { timeZone: figure.parentElement.dataset.zone, day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });
  return (index) => {
    if (index == null) return place.replaceChildren(...before.cloneNode(true).childNodes);
    const told = data.slice(1).map((line) => (line[index] == null ? figure.parentElement.dataset.hole : figures.format(line[index])));
    const value = document.createElement("b");
    value.textContent = told.join(" / ");
    place.replaceChildren(value, ` ${clock.format(new Date(slots[index] * 1000))}`);
  };
}

function draw(figure, chart, slots) {
  const plot = figure.querySelector(".plot");
  const picture = plot.querySelector("svg");
  const box = plot.getBoundingClientRect();
  const data = [slots, ...chart.lines.map((line) => line.values)];
  const tell = readout(figure, chart, data, slots);
  const options = {
    width: Math.round(box.width),
    height: Math.round(box.height),
    padding: [box.height * TOP, 0, box.height * BOTTOM, 0],
    legend: { show: false },
    axes: [{ show: false }, { show: false }],
    scales: {
      x: { time: false, range: [slots[0], slots[slots.length - 1]] },
      y: { range: [Number(picture.dataset.low), Number(picture.dataset.high)] },
    },
    cursor: { sync: { key: "device" }, y: false, drag: { x: false, y: false }, points: { size: 7, width: 1.5 } },
    series: [{}, ...chart.lines.map((line, i) => ({
      stroke: colour(LINES[i]), width: i ? 1.6 : 1.75, dash: i ? [5, 3] : undefined, spanGaps: false, points: { show: false },
    }))],
    hooks: { setCursor: [(u) => tell(u.cursor.idx)] },
  };
  plot.classList.add("over");
  const chartOf = new window.uPlot(options, data, plot);
  chartOf.root.setAttribute("aria-hidden", "true");
  drawn.push(chartOf);
}

async function build() {
  const place = document.querySelector(".charts[data-charts]");
  if (!place || !window.uPlot) return;
  const answer = await fetch(place.dataset.charts);
  if (!answer.ok) return;
  const told = await answer.json();
  for (const chart of drawn) chart.destroy();
  drawn = [];
  for (const figure of place.querySelectorAll("[data-chart]")) {
    const chart = told.charts.find((c) => c.key === figure.dataset.chart);
    if (chart) draw(figure, chart, told.slots);
  }
  document.documentElement.dataset.charts = "ready";
}

function replace(page) {
  for (const figure of document.querySelectorAll("[data-chart]")) {
    const fresh = page.querySelector(`[data-chart="${figure.dataset.chart}"]`);
    if (fresh) figure.replaceChildren(...fresh.cloneNode(true).childNodes);
  }
}

let resting = 0;
const again = () => { clearTimeout(resting); resting = setTimeout(build, 200); };
document.addEventListener("merata:changed", (event) => { replace(event.detail); again(); });
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", again);
window.addEventListener("resize", again);
build();
