/** The shell, kept on the tablet: when the room's computer is away the panel still opens, says so, and has its STOP. */

const SHELF = "roomctl-shell";
const isShell = ({ pathname }) => pathname === "/" || pathname.startsWith("/static/");

self.addEventListener("install", (event) => event.waitUntil(caches.open(SHELF).then((shelf) => shelf.add("/")).then(() => self.skipWaiting())));
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

/** The network first, so that a new version is never held back; what is on the shelf when there is none. */
async function shell(request) {
  const shelf = await caches.open(SHELF);
  try {
    const answer = await fetch(request);
    if (answer.ok) await shelf.put(request, answer.clone());
    return answer;
  } catch (fault) {
    const kept = await shelf.match(request, { ignoreSearch: true });
    if (kept) return kept;
    throw fault;
  }
}

self.addEventListener("fetch", (event) => {
  const address = new URL(event.request.url);
  if (event.request.method !== "GET" || address.origin !== location.origin || !isShell(address)) return;
  event.respondWith(shell(event.request));
});
