// Lets the bedside open again without a network. It keeps shells and files of ours, never an answer of the API.
"use strict";
const FILES = __FILES__;
const SHELLS = __SHELLS__;
const CACHE = `kap-${FILES.join().split("").reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) >>> 0, 7)}`;

self.addEventListener("install", (event) => {
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(FILES)).then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => {
  const old = (names) => Promise.all(names.filter((name) => name !== CACHE).map((name) => caches.delete(name)));
  event.waitUntil(caches.keys().then(old).then(() => self.clients.claim()));
});

// A bedside page is the same shell whichever session it names, so one copy serves them all.
function shellOf(url) {
  return url.pathname.startsWith("/bedside/sessions/") ? "/bedside/sessions/" : SHELLS.find((path) => path === url.pathname);
}

async function page(request, url) {
  const cache = await caches.open(CACHE);
  try {
    const fresh = await fetch(request);
    if (fresh.ok && !fresh.redirected) await cache.put(shellOf(url), fresh.clone());
    return fresh;
  } catch (lost) {
    const kept = await cache.match(shellOf(url));
    if (kept) return kept;
    throw lost;
  }
}

async function file(request) {
  return (await caches.match(request, { ignoreVary: true })) ?? fetch(request);
}

// The page that brings the worker in was loaded before it: it asks for its own shell to be kept.
self.addEventListener("message", (event) => {
  const url = new URL(event.data.keep, location.origin);
  if (shellOf(url)) event.waitUntil(page(new Request(url.pathname, { credentials: "same-origin" }), url));
});

self.addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  if (event.request.method !== "GET" || url.origin !== location.origin) return;
  if (event.request.mode === "navigate" && shellOf(url)) event.respondWith(page(event.request, url));
  else if (url.pathname.startsWith("/static/")) event.respondWith(file(event.request));
});
