// A download leaves the page as it is: some seconds after it began, the table of earlier hand-overs is asked for anew.
const AFTER_SECONDS = [1, 2, 4, 8, 16, 32, 64];
const before = document.querySelector("[data-before]");

async function renew() {
  const answer = await fetch(before.dataset.before);
  if (!answer.ok || answer.redirected) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  before.replaceChildren(...page.querySelector("[data-before]").childNodes);
}

document.querySelector("[data-hands-over]")?.addEventListener("submit", () => {
  for (const seconds of AFTER_SECONDS) setTimeout(() => renew().catch(() => {}), 1000 * seconds);
});
