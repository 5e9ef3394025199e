/* Chooses the theme before the first paint; small and blocking on purpose. A choice in the cookie is already on <html>. */
(() => {
  const root = document.documentElement;
  if (root.dataset.theme) return;
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const more = matchMedia("(prefers-contrast: more)");
  const resolve = () => {
    root.dataset.theme = root.dataset.themeDefault || (more.matches ? "contrast" : dark.matches ? "dark" : "light");
  };
  resolve();
  dark.addEventListener("change", resolve);
  more.addEventListener("change", resolve);
})();
