// Hides what does not match the words in the search field, and opens what a link leads into.
const field = document.getElementById("search");
const groups = [...document.querySelectorAll("details")];
const wasOpen = groups.map((group) => group.open);
field.addEventListener("input", () => {
  const words = field.value.toLowerCase().split(" ").filter((word) => word !== "");
  for (const item of document.querySelectorAll("[data-name]")) {
    item.hidden = !words.every((word) => item.dataset.name.includes(word));
  }
  const isEmpty = (part) => part.querySelector("[data-name]:not([hidden])") === null;
  document.querySelectorAll(".resource").forEach((part) => { part.hidden = isEmpty(part); });
  groups.forEach((group, i) => {
    group.hidden = isEmpty(group);
    group.open = words.length > 0 || wasOpen[i];
  });
});
const reveal = () => {
  const target = document.getElementById(location.hash.slice(1));
  if (target === null) return;
  for (let part = target; part !== null; part = part.parentElement) {
    if (part.tagName === "DETAILS") part.open = true;
  }
  target.scrollIntoView();
};
addEventListener("hashchange", reveal);
reveal();
