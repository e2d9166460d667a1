// Without this file the two maps stand under each other. With it they lie on each other and a slider moves the edge.
const swipe = document.querySelector("[data-swipe]");
const [, over] = swipe.querySelectorAll(".map > svg");
const tools = swipe.querySelector("[data-swipe-tools]");
const slider = tools.querySelector("input");
const SVG = "http://www.w3.org/2000/svg";

const { x: left, width, height } = over.viewBox.baseVal;
const clip = document.createElementNS(SVG, "clipPath");
const hole = document.createElementNS(SVG, "rect");
const edge = document.createElementNS(SVG, "path");
clip.id = "geser-klip";
clip.append(hole);
const held = document.createElementNS(SVG, "g");
held.setAttribute("clip-path", "url(#geser-klip)");
const ground = document.createElementNS(SVG, "rect");
ground.setAttribute("class", "ground");
for (const [name, value] of [["x", left], ["width", width], ["height", height]]) { hole.setAttribute(name, value); ground.setAttribute(name, value); }
held.append(ground, ...over.childNodes);
edge.setAttribute("class", "edge");
over.append(clip, held, edge);

function move(to) {
  const at = left + (Math.min(100, Math.max(0, to)) / 100) * width;
  slider.value = String(to);
  slider.setAttribute("aria-valuetext", `A ${Math.round(to)} %, B ${Math.round(100 - to)} %`);
  hole.setAttribute("x", at);
  edge.setAttribute("d", `M${at} 0V${height}`);
}

slider.addEventListener("input", () => move(Number(slider.value)));
slider.addEventListener("keydown", (event) => {
  const by = { ArrowLeft: -10, ArrowRight: 10 }[event.key];
  if (by && event.shiftKey) { event.preventDefault(); move(Number(slider.value) + by); }
});
for (const button of tools.querySelectorAll("[data-to]")) button.addEventListener("click", () => move(Number(button.dataset.to)));
let dragging = false;
const drag = (event) => {
  const box = over.getBoundingClientRect();
  move(((event.clientX - box.left) / box.width) * 100);
};
over.addEventListener("pointerdown", (event) => { dragging = true; over.setPointerCapture(event.pointerId); drag(event); });
over.addEventListener("pointermove", (event) => dragging && drag(event));
over.addEventListener("pointerup", () => { dragging = false; });
swipe.dataset.on = "";
tools.hidden = false;
document.querySelector("[data-swipe-hint]").hidden = false;
move(50);
document.documentElement.dataset.planner = "ready";
