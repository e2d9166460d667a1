// The end of a session, announced two minutes before. Another window may have been used, so the server is asked first.
const block = document.querySelector("[data-session-ends]");
const SOON_S = 120;

if (block) {
  const text = block.querySelector("p");
  const [stay, enter] = [block.querySelector("button"), block.querySelector("a")];
  let ends = performance.now() + 1000 * Number(block.dataset.sessionEnds);
  let asking = false;

  const left = () => Math.round((ends - performance.now()) / 1000);

  async function ask(address, options = {}) {
    const answer = await fetch(address, { cache: "no-store", ...options });
    const told = answer.ok ? (await answer.json()).ends_in_s : null;
    ends = performance.now() + 1000 * (told ?? 0);
  }

  function show() {
    const seconds = left();
    block.hidden = seconds > SOON_S;
    if (block.hidden) return;
    const over = seconds <= 0;
    // Said anew every half minute: a live region that counts seconds cannot be listened to.
    const words = over ? text.dataset.over : text.dataset.soon.replace("{n}", Math.ceil(seconds / 30) * 30);
    if (text.textContent !== words) text.textContent = words;
    stay.hidden = over;
    enter.hidden = !over;
  }

  async function look() {
    if (!asking && left() <= SOON_S && block.hidden) {
      asking = true;
      try { await ask("/masuk/sisa", { headers: { "X-Merata-Poll": "1" } }); } catch { /* shown as it was known */ }
      asking = false;
    }
    show();
  }

  stay.addEventListener("click", async () => {
    try { await ask("/masuk/lanjut", { method: "POST", headers: { "X-Merata-Form": block.dataset.token } }); } catch { /* stays shown */ }
    show();
  });
  setInterval(look, 1000);
}
