// How many devices an expression means, while it is typed. The page asks itself; without script a button does.
const field = document.getElementById("f-where");
const form = field.form;
let waiting = 0;
let newest = 0;

async function count() {
  const mine = ++newest;
  const query = new URLSearchParams({ berkas: form.elements.berkas.value, sasaran: field.value });
  const answer = await fetch(`${location.pathname}?${query}`, { cache: "no-store" });
  if (!answer.ok || mine !== newest) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const told = page.querySelector("[data-meant]");
  if (told) document.querySelector("[data-meant]").replaceChildren(...told.childNodes);
}

field.addEventListener("input", () => {
  clearTimeout(waiting);
  waiting = setTimeout(() => count().catch(() => {}), 300); // the button still counts
});
document.querySelector("[autofocus]")?.focus();
