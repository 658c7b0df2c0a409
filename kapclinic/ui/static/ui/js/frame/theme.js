// Light or dark, as it was chosen on this device.

export function setTheme(theme) {
  if (theme) document.documentElement.dataset.theme = theme;
  else delete document.documentElement.dataset.theme;
  localStorage.setItem("kap.theme", theme);
}

setTheme(localStorage.getItem("kap.theme") ?? "");
