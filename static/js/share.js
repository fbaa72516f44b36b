// Buttons that need a script: the device's own share sheet, copying, printing. They are hidden until here.
for (const button of document.querySelectorAll("[data-copy]")) {
  const field = document.getElementById(button.dataset.copy);
  const status = button.nextElementSibling;
  const say = (words) => {
    status.textContent = "";
    setTimeout(() => (status.textContent = words), 50); // so that the same words are read out again
  };
  button.hidden = false;
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(field.value);
      say(button.dataset.copied);
    } catch {
      field.select();
      say(button.dataset.selected);
    }
  });
}

for (const button of document.querySelectorAll("[data-share]")) {
  button.hidden = !navigator.share;
  button.addEventListener("click", () => {
    const { share: url, shareTitle: title, shareText: text } = button.dataset;
    navigator.share({ url, title, text }).catch(() => {}); // closing the sheet is no error
  });
}

for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => print());
}
