// Before the page is drawn: the theme that was chosen here, else the system's.
(() => {
  const chosen = localStorage.getItem("smartbank-theme");
  const system = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  document.documentElement.dataset.theme = chosen || system;
})();
