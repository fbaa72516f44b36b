// Solves a proof of work (ALTCHA, version 1) before the form is sent, when the site asks for one.
// Whatever goes wrong, the form is sent without it, and its letter may take longer.
const ASKING = 5000;
const WORKING = 20000;
const AT_ONCE = 1000;
const form = document.querySelector("form[data-challenge]");
const buttons = [...form.querySelectorAll("[type=submit]")];
const status = form.querySelector("[data-working]");
const text = new TextEncoder();

async function solve({ algorithm, challenge, maxnumber, salt }) {
  const until = performance.now() + WORKING;
  const wanted = challenge.match(/../g).map((pair) => parseInt(pair, 16));
  for (let from = 0; from <= maxnumber && performance.now() < until; from += AT_ONCE) {
    const sums = Array.from({ length: AT_ONCE }, (_, at) =>
      crypto.subtle.digest(algorithm, text.encode(salt + (from + at))),
    );
    const found = (await Promise.all(sums)).findIndex((sum) => {
      const bytes = new Uint8Array(sum);
      return wanted.every((byte, at) => bytes[at] === byte);
    });
    if (found >= 0) return from + found;
    await new Promise((rest) => setTimeout(rest)); // or the page would stand still
  }
  throw new Error("not solved in time");
}

async function prove() {
  const answer = await fetch(form.dataset.challenge, { signal: AbortSignal.timeout(ASKING) });
  const asked = await answer.json();
  if (!asked.wanted) return;
  status.textContent = status.dataset.working;
  const { algorithm, challenge, salt, signature } = asked;
  const number = await solve(asked);
  const value = btoa(JSON.stringify({ algorithm, challenge, number, salt, signature }));
  form.append(Object.assign(document.createElement("input"), { type: "hidden", name: "altcha", value }));
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const { name, value } = event.submitter ?? {};
  for (const button of buttons) button.disabled = true;
  await prove().catch(() => {});
  if (name) form.append(Object.assign(document.createElement("input"), { type: "hidden", name, value }));
  form.submit();
});

// Who comes back finds the page as it was.
window.addEventListener("pageshow", () => {
  for (const button of buttons) button.disabled = false;
  status.textContent = "";
  for (const added of form.querySelectorAll("input[name=altcha], input[name=address]")) added.remove();
});
