// The service worker, where the browser allows one (HTTPS or this machine): only the bedside asks for it.

export async function keepShell() {
  if (!navigator.serviceWorker || document.documentElement.dataset.room !== "dim") return;
  try {
    await navigator.serviceWorker.register(address());
    const ready = await navigator.serviceWorker.ready;
    ready.active.postMessage({ keep: location.pathname });
  } catch {
    // Without it the page works; it only cannot be opened while there is no network.
  }
}

/** The one script address that this page may make (Trusted Types). */
function address() {
  const { trustedTypes } = /** @type {any} */ (window);
  if (!trustedTypes) return "/sw.js";
  return trustedTypes.createPolicy("kap-worker", { createScriptURL: () => "/sw.js" }).createScriptURL("");
}
