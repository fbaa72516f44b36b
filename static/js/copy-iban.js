// Copies an account number whole and without spaces, and says when only a part of it was copied by hand.
const numerals = new Intl.NumberFormat(document.documentElement.lang);
const bare = (text) => text.replace(/\s/g, "");

for (const line of document.querySelectorAll(".iban-line")) {
  const number = line.querySelector(".iban");
  const button = line.querySelector(".copy-iban");
  const status = line.querySelector("[role=status]");
  const whole = bare(number.textContent);
  const { whole: copiedWhole, part: copiedPart, failed } = line.dataset;

  number.addEventListener("copy", (event) => {
    const copied = bare(getSelection().toString());
    if (copied === whole) {
      event.clipboardData.setData("text/plain", whole);
      event.preventDefault();
      status.textContent = copiedWhole;
    } else if (copied && whole.includes(copied)) {
      status.textContent = copiedPart.replace("(part)", numerals.format(copied.length));
    }
  });

  button.addEventListener("click", async () => {
    status.textContent = ""; // so that the same words are read out again
    try {
      await navigator.clipboard.writeText(whole);
      status.textContent = copiedWhole;
    } catch {
      status.textContent = failed;
    }
  });
  button.hidden = !navigator.clipboard;
}
