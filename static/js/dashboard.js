// The dashboard's numbers move by themselves: asked for every few seconds while somebody looks.
const EVERY = 4000;
const board = document.querySelector("[data-numbers]");
const numerals = new Intl.NumberFormat(document.documentElement.lang);
let timer;

async function refresh() {
  const answer = await fetch(board.dataset.numbers, { headers: { Accept: "application/json" } });
  if (answer.redirected || [401, 403, 404].includes(answer.status)) return false; // signed out, or not ours any more
  if (answer.ok) {
    const numbers = await answer.json();
    for (const place of board.querySelectorAll("[data-number]")) {
      const text = numerals.format(numbers[place.dataset.number]);
      if (place.textContent !== text) place.textContent = text;
    }
  }
  return true;
}

async function turn() {
  clearTimeout(timer);
  if (document.hidden) return;
  const goes = await refresh().catch(() => true); // the network is away: try again
  board.querySelector("[data-live]").hidden = !goes;
  clearTimeout(timer);
  if (goes) timer = setTimeout(turn, EVERY);
}

if (board) {
  document.addEventListener("visibilitychange", turn);
  timer = setTimeout(turn, EVERY);
}
