// Asks the browser for a passkey, and lets the form carry its answer (W3C Web Authentication, level 3).
const form = document.querySelector("form[data-passkey]");
const note = form.querySelector("[role=alert]");

const toBytes = (text) =>
  Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (letter) => letter.charCodeAt(0));

const toText = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

const known = (list) => (list ?? []).map((one) => ({ ...one, id: toBytes(one.id) }));

async function ask() {
  const publicKey = JSON.parse(form.dataset.options);
  publicKey.challenge = toBytes(publicKey.challenge);
  if (form.dataset.passkey === "create") {
    publicKey.user.id = toBytes(publicKey.user.id);
    publicKey.excludeCredentials = known(publicKey.excludeCredentials);
    return navigator.credentials.create({ publicKey });
  }
  publicKey.allowCredentials = known(publicKey.allowCredentials);
  return navigator.credentials.get({ publicKey });
}

function written({ id, rawId, type, response }) {
  const answer = { clientDataJSON: toText(response.clientDataJSON) };
  for (const part of ["attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (response[part]) answer[part] = toText(response[part]);
  }
  if (response.getTransports) answer.transports = response.getTransports();
  return JSON.stringify({ id, rawId: toText(rawId), type, response: answer });
}

function say(words) {
  note.textContent = words;
  note.hidden = false;
}

async function go() {
  if (!window.PublicKeyCredential) {
    say(form.dataset.unable);
    return;
  }
  note.hidden = true;
  try {
    form.elements.credential.value = written(await ask());
    form.submit();
  } catch {
    say(form.dataset.cancelled);
  }
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  go();
});
go();
