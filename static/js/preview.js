// Shows beside the text how it will look, as the site itself renders it, shortly after each pause in typing.
const PAUSE = 300;
const shown = document.querySelector("[data-preview]");
const text = document.querySelector("textarea[name=body]");
const token = document.querySelector("input[name=csrf_token]");
let timer;
let asked;

async function show() {
  asked?.abort();
  asked = new AbortController();
  const body = new URLSearchParams({ body: text.value, csrf_token: token.value });
  try {
    const answer = await fetch(shown.dataset.preview, { method: "POST", body, signal: asked.signal });
    if (answer.ok && !answer.redirected) shown.innerHTML = await answer.text();
  } catch {
    // The next pause tries again; what was typed is in the form.
  }
}

if (shown && text && token) {
  document.querySelector("[data-needed-without-scripts]")?.setAttribute("hidden", "");
  text.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(show, PAUSE);
  });
  // What was typed before this script had come.
  if (text.value !== text.defaultValue) show();
}
