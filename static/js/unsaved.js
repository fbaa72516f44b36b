// Lets the browser ask before a page is left on which something was typed that is not saved yet.
// A form that came back from a POST was not saved, so what it holds counts as typed.
const forms = [...document.querySelectorAll("form[data-unsaved]")];
const unsaved = new Set(forms.filter((form) => form.dataset.unsaved === "POST"));

for (const form of forms) {
  form.addEventListener("input", () => {
    unsaved.add(form);
  });
  form.addEventListener("submit", () => {
    unsaved.delete(form);
  });
}

window.addEventListener("beforeunload", (event) => {
  if (unsaved.size) event.preventDefault();
});
