// What a screen reader hears: one polite region for what went well, one assertive for what must not wait.

function say(id, words) {
  const region = document.getElementById(id);
  region.textContent = "";
  setTimeout(() => {
    region.textContent = words;
  }, 50); // the same words twice are two announcements
}

export function announce(words) {
  say("polite", words);
}

export function alert(words) {
  say("assertive", words);
}
