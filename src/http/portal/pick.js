// One box for all boxes of a list.

document.addEventListener("change", (event) => {
  const form = event.target.closest("form[data-pick]");
  const all = form?.querySelector("[data-all]");
  if (!all || event.target.type !== "checkbox") {
    return;
  }
  const boxes = [...form.querySelectorAll("tbody input[type=checkbox]")];
  if (event.target === all) {
    for (const box of boxes) {
      box.checked = all.checked;
    }
  }
  const picked = boxes.filter((box) => box.checked).length;
  all.checked = picked === boxes.length;
  all.indeterminate = picked > 0 && picked < boxes.length;
});
