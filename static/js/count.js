// Lets the count move while somebody watches: asks for it every few seconds, less often when nobody looks or the site
// does not answer, and no more once the petition has closed.
const EVERY = 5000;
const UNSEEN = 60000;
const LONGEST = 300000;
const MOVING = 900;
const TIMEOUT_MS = 10000;
const BETWEEN_WORDS = 30000;
const language = document.documentElement.lang;
const numbers = new Intl.NumberFormat(`${language}-u-nu-latn`, { useGrouping: "always" });
const plurals = new Intl.PluralRules(language);
const still = matchMedia("(prefers-reduced-motion: reduce)");
const counters = [...document.querySelectorAll("[data-count]")];
const status = document.querySelector("[data-count] [role=status]");
const { count: address, until, verified, words: forms } = counters[0].dataset;
const words = JSON.parse(forms);
let shown = Number(verified);
let failed = 0;
let asleep = 0;
let asking = false;
let toSay = 0;

const wordsFor = (number) => words[plurals.select(number)] ?? words.other;

function write(number) {
  for (const counter of counters) {
    counter.querySelector("strong").textContent = numbers.format(number);
    counter.querySelector("[data-words-of]").textContent = wordsFor(number);
  }
}

function move(from, to) {
  const begun = performance.now();
  const step = (now) => {
    if (shown !== to) return; // a newer number has taken over
    const done = still.matches || document.hidden ? 1 : Math.min(1, Math.max(0, now - begun) / MOVING);
    write(Math.round(from + (to - from) * done));
    if (done < 1) requestAnimationFrame(step);
  };
  step(begun);
}

// Read out politely: the newest number, and not each single one of many.
function say() {
  const wait = status.textContent ? BETWEEN_WORDS : 0;
  toSay ||= setTimeout(() => {
    toSay = 0;
    status.textContent = `${numbers.format(shown)} ${wordsFor(shown)}`;
  }, wait);
}

function show({ verified: now, goal }) {
  if (![now, goal].every(Number.isSafeInteger)) throw new Error("that is no count");
  if (now === shown) return;
  const before = shown;
  shown = now;
  move(before, now);
  for (const counter of counters) {
    const bar = counter.querySelector("progress");
    const next = counter.querySelector("[data-goal]");
    if (bar) Object.assign(bar, { max: goal, value: now });
    if (next) next.textContent = next.dataset.goal.replace("{goal}", numbers.format(goal));
    showGoals(counter, now);
  }
  say();
}

// While there are few, words stand for the bar, and for a zero.
function showGoals(counter, now) {
  const first = counter.querySelector("[data-few]");
  counter.querySelector(".count").hidden = Boolean(first) && !now;
  if (!first) return;
  const isFew = now < Number(first.dataset.few);
  first.hidden = !isFew;
  counter.querySelector("[data-goals]").hidden = isFew;
}

// One question at a time: of two answers the older one could come last.
async function ask() {
  if (asking || Date.now() >= Date.parse(until)) return;
  asking = true;
  try {
    // Asked anew each time, by its ETag: where nothing has changed the answer is empty.
    const answer = await fetch(address, { cache: "no-cache", signal: AbortSignal.timeout(TIMEOUT_MS) });
    if (!answer.ok) throw new Error(answer.status);
    show(await answer.json());
    failed = 0;
  } catch {
    failed += 1;
  }
  asking = false;
  clearTimeout(asleep);
  asleep = setTimeout(ask, document.hidden ? UNSEEN : Math.min(LONGEST, EVERY * 2 ** failed));
}

// Who comes back sees the newest number at once.
document.addEventListener("visibilitychange", () => {
  if (!document.hidden && !failed) ask();
});
asleep = setTimeout(ask, EVERY);
