// Lets the browser ask before a page is left on which something was typed that is not saved yet.
// A form that came back from a POST was not saved, so what it holds counts as typed.
const forms = [...document.querySelectorAll("form[data-unsaved]")];
let unsaved = forms.some((form) => form.dataset.unsaved === "POST");

for (const form of forms) {
  form.addEventListener("input", () => {
    unsaved = true;
  });
  form.addEventListener("submit", () => {
    unsaved = false;
  });
}

window.addEventListener("beforeunload", (event) => {
  if (unsaved) event.preventDefault();
});
